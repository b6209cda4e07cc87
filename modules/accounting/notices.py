"""The notices of accounting: a document is ready, a payment was received or taken back."""

from core.i18n import lazy as _
from modules.notifications.ports import kind

_DOCUMENT = {
    "document": _("Name and number of the document"), "total": _("Total of the document"),
    "amount": _("What is to be paid"), "due_date": _("Until when"), "period": _("Billed period"),
    "balance": _("What the customer owes in all; empty where it is this document alone"),
    "second_due": _("Second due date with its amount; empty where there is none"),
    "ways_to_pay": _("Bank data and payment codes"),
    "replaces": _("Number of the document that the authority refused after it was sent; empty where there is none"),
}
_SAMPLE = {"document": "Factura B 0003-00000119", "total": "$12.100,00", "amount": "$12.100,00",
           "due_date": "10/11/2026", "period": "01/11/2026 al 30/11/2026", "balance": "$15.100,00",
           "second_due": "20/11/2026: $12.463,00", "ways_to_pay": "Transferencia bancaria: alias RCW.PAGOS",
           "reason": "Corte del servicio", "replaces": ""}

INVOICE_READY = kind(
    "accounting.invoice_ready", _("Invoice"), _DOCUMENT, sample=_SAMPLE,
    subject={"es": "{{ document }}: {{ amount ~ ' hasta el ' ~ due_date if due_date else total }}",
             "en": "{{ document }}: {{ amount ~ ' until ' ~ due_date if due_date else total }}"},
    body={"es": """Hola, {{ customer_name }}:

{% if due_date %}Le enviamos su factura. Debe pagar {{ amount }} hasta el {{ due_date }}.
{% if second_due %}Después, y hasta el {{ second_due }}.
{% endif %}{% else %}Le enviamos su factura por {{ total }}. No hay nada que pagar.
{% endif %}


{% if balance %}Con lo que estaba pendiente, su saldo es de {{ balance }}.

{% endif %}
{% if due_date and ways_to_pay %}Cómo pagar:
{{ ways_to_pay }}

{% endif %}El comprobante {{ document }} va adjunto{% if period %} (período {{ period }}){% endif %}.
{% if replaces %}
Reemplaza a {{ replaces }}, que la administración tributaria no aceptó: por favor, descártelo.
{% endif %}

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}""",
          "en": """Hello {{ customer_name }},

{% if due_date %}Here is your invoice. Please pay {{ amount }} until {{ due_date }}.
{% if second_due %}After that, and until {{ second_due }}.
{% endif %}{% else %}Here is your invoice of {{ total }}. There is nothing to pay.
{% endif %}


{% if balance %}With what was outstanding, you owe {{ balance }}.

{% endif %}
{% if due_date and ways_to_pay %}How to pay:
{{ ways_to_pay }}

{% endif %}{{ document }} is attached{% if period %} (period {{ period }}){% endif %}.
{% if replaces %}
It replaces {{ replaces }}, which the tax authority did not accept: please discard that one.
{% endif %}

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}"""})

CREDIT_NOTE_READY = kind(
    "accounting.credit_note_ready", _("Credit note"),
    {"document": _DOCUMENT["document"], "total": _DOCUMENT["total"], "reason": _("Why it was issued"),
     "replaces": _DOCUMENT["replaces"]}, sample=_SAMPLE,
    subject={"es": "{{ document }}: {{ total }} a su favor", "en": "{{ document }}: {{ total }} in your favour"},
    body={"es": """Hola, {{ customer_name }}:

Emitimos a su favor una nota de crédito por {{ total }}.{% if reason %} Motivo: {{ reason }}.{% endif %}

El comprobante {{ document }} va adjunto.
{% if replaces %}
Reemplaza a {{ replaces }}, que la administración tributaria no aceptó: por favor, descártelo.
{% endif %}
{{ company_name }}""",
          "en": """Hello {{ customer_name }},

We issued a credit note of {{ total }} in your favour.{% if reason %} Reason: {{ reason }}.{% endif %}

{{ document }} is attached.
{% if replaces %}
It replaces {{ replaces }}, which the tax authority did not accept: please discard that one.
{% endif %}
{{ company_name }}"""})

PAYMENT_RECEIVED = kind(
    "accounting.payment_received", _("Receipt of payment"),
    {"amount": _("What was received"), "date": _("Date of the payment"), "receipt": _("Number of the receipt"),
     "method": _("How it was paid"), "applied": _("The documents that it paid"),
     "balance": _("What the customer still owes; empty where nothing"),
     "credit": _("What is left in favour of the customer; empty where nothing")},
    sample={"amount": "$12.250,00", "date": "09/11/2026", "receipt": "42", "method": "Transferencia",
            "applied": "Factura B 0003-00000119", "balance": "", "credit": "$150,00"},
    subject={"es": "Recibimos su pago de {{ amount }}", "en": "We received your payment of {{ amount }}"},
    body={"es": """Hola, {{ customer_name }}:

Recibimos su pago de {{ amount }} del {{ date }} ({{ method }}). ¡Gracias!
{% if applied %}Se aplicó a: {{ applied }}.
{% endif %}
{% if balance %}Le queda un saldo por pagar de {{ balance }}.
{% elif credit %}Le quedan {{ credit }} a su favor para la próxima factura.
{% else %}Está al día.
{% endif %}


El recibo va adjunto.

{{ company_name }}""",
          "en": """Hello {{ customer_name }},

We received your payment of {{ amount }} of {{ date }} ({{ method }}). Thank you!
{% if applied %}It was applied to: {{ applied }}.
{% endif %}
{% if balance %}You still owe {{ balance }}.
{% elif credit %}{{ credit }} are left in your favour for the next invoice.
{% else %}You owe nothing.
{% endif %}


The receipt is attached.

{{ company_name }}"""})

PAYMENT_REVERSED = kind(
    "accounting.payment_reversed", _("Payment taken back"),
    {"amount": _("What was taken back"), "date": _("Date of the payment"), "reason": _("Why"),
     "balance": _("What the customer owes now")},
    sample={"amount": "$12.250,00", "date": "09/11/2026", "reason": "Cheque rechazado", "balance": "$12.100,00"},
    subject={"es": "Su pago de {{ amount }} fue anulado", "en": "Your payment of {{ amount }} was taken back"},
    body={"es": """Hola, {{ customer_name }}:

El pago de {{ amount }} del {{ date }} que figuraba en su cuenta fue anulado.
{% if reason %}Motivo: {{ reason }}.
{% endif %}

{% if balance %}Su saldo es ahora de {{ balance }}.{% endif %}


{{ company_name }}""",
          "en": """Hello {{ customer_name }},

The payment of {{ amount }} of {{ date }} in your account was taken back.
{% if reason %}Reason: {{ reason }}.
{% endif %}

{% if balance %}You now owe {{ balance }}.{% endif %}


{{ company_name }}"""})

STATEMENT = kind(
    "accounting.statement", _("Statement of account"),
    {"period": _("Period of the statement"), "date": _("Date of the statement"),
     "balance": _("What the customer owes now; empty where nothing"),
     "credit": _("What is in favour of the customer; empty where nothing")},
    sample={"period": "01/09/2026 al 30/11/2026", "date": "30/11/2026", "balance": "$12.100,00", "credit": ""},
    subject={"es": "Su estado de cuenta al {{ date }}", "en": "Your statement of account of {{ date }}"},
    body={"es": """Hola, {{ customer_name }}:

Le enviamos el estado de su cuenta ({{ period }}).
{% if balance %}Su saldo por pagar es de {{ balance }}.
{% elif credit %}Tiene {{ credit }} a su favor.
{% else %}Está al día.
{% endif %}


{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}""",
          "en": """Hello {{ customer_name }},

Here is the statement of your account ({{ period }}).
{% if balance %}You owe {{ balance }}.
{% elif credit %}{{ credit }} are in your favour.
{% else %}You owe nothing.
{% endif %}


{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}"""})
