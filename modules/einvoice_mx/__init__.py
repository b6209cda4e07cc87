"""Electronic invoices for Mexico: CFDI 4.0 sealed with the issuer's CSD, stamped by the PAC Facturación Moderna."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Electronic invoices: Mexico"),
    about=_("Mexico: CFDI 4.0 with payments and global invoices, stamped by Facturación Moderna for the SAT."),
    depends=("einvoice", "contracts"),
    country="MX",
    permissions=(
        ("einvoice_mx.edit_settings", _("Change the settings of CFDI"),
         _("Changes fiscal profile, digital seal (CSD) and the account at Facturación Moderna.")),
    ),
    menu=(
        MenuItem(_("Receipts of payment (CFDI)"), "einvoice_mx.payment_receipts", "einvoice.view_documents",
                 group="documents", order=35),
        MenuItem(_("Global invoices"), "einvoice_mx.global_invoices", "einvoice.view_documents",
                 group="documents", order=36),
    ),
)
