"""Routers that obey: what each connection should be, brought onto routers, read back, compared and told."""

from core.i18n import lazy as _
from core.modules import Manifest

MANIFEST = Manifest(
    title=_("Network"),
    about=_("Cuts and restores on routers, speeds of plans, and what of it is not as it should be."),
    depends=("contracts",),
)
