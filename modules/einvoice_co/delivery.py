"""Who mails a document to the customer, and with which PDF (reference 2.2, `adjuntos`). Pure.

The Factory HKA: 0 mails XML and its own PDF, 10 the XML alone; with 1 and 11 the mail waits for CargarAdjuntos, which
brings our PDF beside its own or instead of it. Siigo mails its own PDF, or nothing.
"""

from __future__ import annotations

from core.i18n import lazy

THEIRS, BARE, OURS, BOTH, NONE = "theirs", "bare", "ours", "both", "none"
CHOICES = (
    (THEIRS, lazy("The provider, with its own PDF")),
    (BARE, lazy("The provider, without a PDF (The Factory HKA)")),
    (OURS, lazy("The provider, with our PDF (The Factory HKA)")),
    (BOTH, lazy("The provider, with its own PDF and ours (The Factory HKA)")),
    (NONE, lazy("Only this program, in its own notice")))
_ADJUNTOS = {THEIRS: "0", BARE: "10", OURS: "11", BOTH: "1", NONE: "10"}
# where CargarAdjuntos is waited for
WAITING = ("1", "11")
# `tipo` of CargarAdjuntos: the print of the document itself, or something beside it [seen in four integrations]
PRINT, ANNEX = "1", "2"


def adjuntos(mailing: str, email: str) -> str:
    """What Enviar is told; without an address nothing is waited for, for nothing will be mailed."""
    found = _ADJUNTOS[mailing]
    if found in WAITING and not email:
        return {"1": "0", "11": "10"}[found]
    return found


def is_mailed(mailing: str) -> bool:
    """Whether the provider mails at all (`notificar`, mail.send)."""
    return mailing != NONE


def kind_of(adjuntos: str) -> str:
    """`tipo` of our PDF: the document's print where the provider makes none, else an annex."""
    return PRINT if adjuntos == "11" else ANNEX
