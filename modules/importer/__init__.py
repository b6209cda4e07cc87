"""Bringing customers, contracts, plans and opening balances in from a spreadsheet, with a closing proof."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Import"),
    depends=("contracts",),
    permissions=(
        ("importer.import_customers", _("Import customers from a spreadsheet"),
         _("Loads customers, contracts and balances from a spreadsheet, after a check.")),
    ),
    menu=(MenuItem(_("Import"), "importer.imports", "importer.import_customers", group="customers", order=90),),
)
