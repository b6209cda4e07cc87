"""Arrears: who is warned, surcharged, cut, spared and restored, by which rule; promises and proofs of payment."""

from core.i18n import lazy as _
from core.modules import Manifest

MANIFEST = Manifest(
    title=_("Arrears and cut-off"),
    about=_("Who is warned, cut and restored, by which rule; promises and proofs of payment."),
    depends=("contracts",),
)
