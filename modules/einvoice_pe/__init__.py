"""Electronic invoices for Peru: facturas, boletas and notes through Nubefact to SUNAT."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Electronic invoices: Peru"),
    about=_("Peru: facturas, boletas and notes to SUNAT through Nubefact, with detracción and annulment."),
    depends=("einvoice", "contracts"),
    country="PE",
    permissions=(
        ("einvoice_pe.edit_settings", _("Change SUNAT and Nubefact settings and series"),
         _("Changes fiscal profile, series, routes and tokens of Nubefact.")),
    ),
    menu=(
        MenuItem(_("Detracciones"), "einvoice_pe.detracciones", "accounting.view_documents", group="documents",
                 order=34),
    ),
)
