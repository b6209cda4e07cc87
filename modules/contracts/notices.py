"""The notices of contracts: a price that is going to change."""

from core.i18n import lazy as _
from modules.notifications.ports import kind

PRICE_CHANGE = kind(
    "contracts.price_change", _("New price"),
    {"plan": _("Name of the plan"), "contract": _("Number of the contract"), "before": _("Price until then"),
     "after": _("New price"), "valid_from": _("From when")},
    sample={"plan": "Hogar 50", "contract": "000119", "before": "$10.000,00", "after": "$10.800,00",
            "valid_from": "01/01/2027"},
    subject={"es": "Nuevo precio de {{ plan }} desde el {{ valid_from }}",
             "en": "New price of {{ plan }} from {{ valid_from }}"},
    body={"es": """Hola, {{ customer_name }}:

Le avisamos que desde el {{ valid_from }} su servicio {{ plan }} tendrá un nuevo precio: {{ after }}.
Hasta entonces sigue siendo de {{ before }} (contrato {{ contract }}).

Si tiene alguna pregunta, respóndanos este mensaje.

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}""",
          "en": """Hello {{ customer_name }},

From {{ valid_from }} on your service {{ plan }} has a new price: {{ after }}.
Until then it stays {{ before }} (contract {{ contract }}).

If you have a question, just answer this message.

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}"""})
