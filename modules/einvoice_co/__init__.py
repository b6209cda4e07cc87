"""Electronic invoices for Colombia: through The Factory HKA or Siigo to the DIAN, documents with CUFE."""

from core.i18n import lazy as _
from core.modules import Manifest

MANIFEST = Manifest(
    title=_("Electronic invoices: Colombia"),
    about=_("Colombia: documents validated by the DIAN through The Factory HKA or Siigo, numbering resolutions."),
    depends=("einvoice", "contracts"),
    country="CO",
    permissions=(
        ("einvoice_co.edit_settings", _("Change DIAN settings and numbering resolutions"),
         _("Changes the fiscal profile, the provider's access and the numbering resolutions of the DIAN.")),
    ),
)
