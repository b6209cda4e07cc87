"""Bringing customers, contracts, plans and opening balances in from a spreadsheet, with a closing proof."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Import"),
    about=_("Customers, contracts and balances from a spreadsheet."),
    depends=("contracts",),
    permissions=(
        ("importer.import_customers", _("Import customers from a spreadsheet"),
         _("Loads customers, contracts and balances from a spreadsheet, after a check.")),
        ("importer.import_payments", _("Load payments from a spreadsheet"),
         _("Records the payments of a file or of pasted lines, after a check.")),
    ),
    menu=(
        MenuItem(_("Import"), "importer.imports", "importer.import_customers", group="customers", order=90),
        MenuItem(_("Payments from a spreadsheet"), "importer.payment_files_page", "importer.import_payments",
                 group="money", order=25),
    ),
)
