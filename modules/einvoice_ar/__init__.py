"""Electronic invoices for Argentina: ARCA's web services WSAA, WSFEv1 and the register, documents with CAE."""

from core.i18n import lazy as _
from core.modules import Manifest

MANIFEST = Manifest(
    title=_("Electronic invoices: Argentina"),
    about=_("Argentina: documents with CAE from ARCA, certificates and points of sale."),
    depends=("einvoice", "contracts"),
    country="AR",
    permissions=(
        ("einvoice_ar.edit_settings", _("Change ARCA settings and points of sale"),
         _("Changes fiscal profile, certificates and points of sale at ARCA.")),
    ),
)
