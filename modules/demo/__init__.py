"""A made-up provider per country: to look at, to learn with, to measure with. `abona demo load`, `abona demo run`."""

from core.i18n import lazy as _
from core.modules import Manifest

MANIFEST = Manifest(
    title=_("Demonstration"),
    about=_("A made-up provider to look at and to learn with; loaded by command only."),
    depends=("arrears", "einvoice", "gateways", "networking"),
)
