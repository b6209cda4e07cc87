"""Routers that obey: what each connection should be, brought onto routers, read back, compared and told."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Network"),
    about=_("Cuts and restores on routers, speeds of plans, and what of it is not as it should be."),
    depends=("arrears",),
    permissions=(
        ("networking.view_network", _("See routers and connections"),
         _("Opens routers, connections, what waits there and what was written.")),
        ("networking.link_contracts", _("Link contracts with routers"),
         _("Says on which router a contract hangs, gives addresses, imports what is on a router.")),
        ("networking.work_routers", _("Work on routers"),
         _("Tries routers again, ticks off what was done by hand.")),
        ("networking.edit_routers", _("Set routers up"),
         _("Adds routers with their passwords, tests them, and lets them be changed.")),
    ),
    menu=(
        MenuItem(_("Routers"), "networking.routers", "networking.view_network", group="network", order=10),
        MenuItem(_("Connections"), "networking.connections", "networking.view_network", group="network", order=20),
        MenuItem(_("What was written"), "networking.changes", "networking.view_network", group="network", order=30),
    ),
)
