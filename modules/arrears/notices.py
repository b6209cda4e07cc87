"""The notices of arrears: before and after the due dates, before the cut, cut, restored, promises and proofs."""

from core.i18n import lazy as _
from modules.notifications.ports import kind

_OWED = {"amount": _("What is owed"), "document": _("The document"), "due_date": _("When it is or was due"),
         "ways_to_pay": _("Ways to pay; empty where none is known")}
_SAMPLE = {"amount": "$12.100,00", "document": "Factura B 0003-00000119", "due_date": "10/11/2026",
           "ways_to_pay": "Pagar: https://pagos.example/pay/x", "cut_date": "25/11/2026", "contract": "000119",
           "until": "27/11/2026 10:00", "reason": "El comprobante es de otra cuenta."}
_WAYS_ES = """
{% if ways_to_pay %}
Cómo pagar:
{{ ways_to_pay }}
{% endif %}

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}"""
_WAYS_EN = """
{% if ways_to_pay %}
How to pay:
{{ ways_to_pay }}
{% endif %}

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}"""

REMINDER = kind(
    "arrears.reminder", _("Reminder before the due date"), _OWED, sample=_SAMPLE,
    subject={"es": "{{ document }} vence el {{ due_date }}", "en": "{{ document }} is due on {{ due_date }}"},
    body={"es": """Hola, {{ customer_name }}:

Le recordamos que {{ document }} vence el {{ due_date }}: {{ amount }}.
Si ya pagó, no tiene que hacer nada más.
""" + _WAYS_ES, "en": """Hello {{ customer_name }},

{{ document }} is due on {{ due_date }}: {{ amount }}.
If you have paid already you need do nothing more.
""" + _WAYS_EN})

OVERDUE = kind(
    "arrears.overdue", _("Notice after the due date"), _OWED, sample=_SAMPLE,
    subject={"es": "{{ document }} venció el {{ due_date }}", "en": "{{ document }} was due on {{ due_date }}"},
    body={"es": """Hola, {{ customer_name }}:

{{ document }} venció el {{ due_date }} y todavía figura sin pagar: {{ amount }}.
Si ya pagó, envíenos el comprobante y no tiene que hacer nada más.
""" + _WAYS_ES, "en": """Hello {{ customer_name }},

{{ document }} was due on {{ due_date }} and is not paid yet: {{ amount }}.
If you have paid already send us the proof; you need do nothing more.
""" + _WAYS_EN})

CUT_WARNING = kind(
    "arrears.cut_warning", _("Warning before the cut"),
    {**_OWED, "cut_date": _("The day of the cut"), "contract": _("Number of the contract")}, sample=_SAMPLE,
    subject={"es": "Su servicio se suspenderá el {{ cut_date }}",
             "en": "Your service will be cut on {{ cut_date }}"},
    body={"es": """Hola, {{ customer_name }}:

Debe {{ amount }}; lo más antiguo es {{ document }}, que venció el {{ due_date }}.
Si no recibimos el pago, el {{ cut_date }} se suspenderá el servicio del contrato {{ contract }}.
Si necesita unos días más, puede hacer una promesa de pago.
""" + _WAYS_ES, "en": """Hello {{ customer_name }},

You owe {{ amount }}; the oldest is {{ document }}, which was due on {{ due_date }}.
Where we do not receive the payment the service of contract {{ contract }} will be cut on {{ cut_date }}.
If you need some days more you can make a promise of payment.
""" + _WAYS_EN})

CUT = kind(
    "arrears.cut", _("Service cut"), {**_OWED, "contract": _("Number of the contract")}, sample=_SAMPLE,
    subject={"es": "Su servicio está suspendido por falta de pago", "en": "Your service is cut for lack of payment"},
    body={"es": """Hola, {{ customer_name }}:

Suspendimos el servicio del contrato {{ contract }} porque debe {{ amount }}.
Lo más antiguo es {{ document }}, que venció el {{ due_date }}.
Vuelve solo, en cuanto recibamos el pago, una promesa de pago o su comprobante.
""" + _WAYS_ES, "en": """Hello {{ customer_name }},

We cut the service of contract {{ contract }} because you owe {{ amount }}.
The oldest is {{ document }}, which was due on {{ due_date }}.
It comes back by itself as soon as we receive the payment, a promise of payment or your proof.
""" + _WAYS_EN})

RESTORED = kind(
    "arrears.restored", _("Service restored"), {"contract": _("Number of the contract")}, sample=_SAMPLE,
    subject={"es": "Su servicio está activo otra vez", "en": "Your service is on again"},
    body={"es": """Hola, {{ customer_name }}:

El servicio del contrato {{ contract }} está activo otra vez. ¡Gracias!

{{ company_name }}""", "en": """Hello {{ customer_name }},

The service of contract {{ contract }} is on again. Thank you!

{{ company_name }}"""})

PROMISE_MADE = kind(
    "arrears.promise_made", _("Promise of payment made"),
    {**_OWED, "contract": _("Number of the contract"), "until": _("Until when")}, sample=_SAMPLE,
    subject={"es": "Su promesa de pago, hasta el {{ until }}", "en": "Your promise of payment, until {{ until }}"},
    body={"es": """Hola, {{ customer_name }}:

Anotamos su promesa de pagar {{ amount }} hasta el {{ until }}.
Mientras tanto el servicio del contrato {{ contract }} está activo.
Si hasta entonces no recibimos el pago, se suspende otra vez.
""" + _WAYS_ES, "en": """Hello {{ customer_name }},

We noted your promise to pay {{ amount }} until {{ until }}. Until then the service of contract {{ contract }} is on.
Where we do not receive the payment by then it is cut again.
""" + _WAYS_EN})

PROMISE_BROKEN = kind(
    "arrears.promise_broken", _("Promise of payment not kept"),
    {**_OWED, "contract": _("Number of the contract"), "until": _("Until when")}, sample=_SAMPLE,
    subject={"es": "Su promesa de pago venció", "en": "The time of your promise of payment is over"},
    body={"es": """Hola, {{ customer_name }}:

El plazo de su promesa de pago terminó el {{ until }} y todavía debe {{ amount }}.
Por eso el servicio del contrato {{ contract }} se suspende otra vez.
Vuelve solo en cuanto recibamos el pago.
""" + _WAYS_ES, "en": """Hello {{ customer_name }},

The time of your promise of payment ended on {{ until }} and you still owe {{ amount }}.
That is why the service of contract {{ contract }} is cut again.
It comes back by itself as soon as we receive the payment.
""" + _WAYS_EN})

PROOF_REFUSED = kind(
    "arrears.proof_refused", _("Proof of payment refused"), {"reason": _("Why")}, sample=_SAMPLE,
    subject={"es": "No pudimos aceptar su comprobante de pago", "en": "We could not accept your proof of payment"},
    body={"es": """Hola, {{ customer_name }}:

Revisamos el comprobante de pago que nos envió y no pudimos aceptarlo.
Motivo: {{ reason }}

Si hay un error, respóndanos este mensaje y lo vemos.

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}""", "en": """Hello {{ customer_name }},

We looked at the proof of payment that you sent us and could not accept it.
Why: {{ reason }}

If this is a mistake just answer this message and we will look at it.

{{ company_name }}
{% if company_phone %}{{ company_phone }}
{% endif %}"""})
