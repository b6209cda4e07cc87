"""The notice of this module: a receipt of payment was stamped."""

from core.i18n import lazy as _
from modules.notifications.ports import kind

RECEIPT_STAMPED = kind(
    "einvoice_mx.receipt_stamped", _("Receipt of payment (CFDI)"),
    {"receipt": _("Series and number of the receipt"), "uuid": _("UUID of the receipt"),
     "date": _("Date of the payment"), "amount": _("What was received")},
    sample={"receipt": "P 42", "uuid": "ABCDEF01-2345-4789-8ABC-DEF012345678", "date": "09/11/2026",
            "amount": "$500.00"},
    subject={"es": "Recibo de pago {{ receipt }} (CFDI)", "en": "Receipt of payment {{ receipt }} (CFDI)"},
    body={"es": """Hola, {{ customer_name }}:

Le enviamos el recibo electrónico de pago (CFDI con complemento de pago) de su pago de {{ amount }} del {{ date }}.

Serie y folio: {{ receipt }}
Folio fiscal: {{ uuid }}

El PDF y el XML van adjuntos. Guarde el XML: es el comprobante fiscal.

{{ company_name }}""",
          "en": """Hello {{ customer_name }},

Here is the electronic receipt (CFDI with the complement of payments) of your payment of {{ amount }} of {{ date }}.

Series and number: {{ receipt }}
UUID: {{ uuid }}

PDF and XML are attached. Keep the XML: it is the fiscal document.

{{ company_name }}"""})
