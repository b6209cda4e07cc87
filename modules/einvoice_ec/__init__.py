"""Electronic invoices for Ecuador: the SRI's off-line scheme, signed XML with clave de acceso."""

from core.i18n import lazy as _
from core.modules import Manifest

MANIFEST = Manifest(
    title=_("Electronic invoices: Ecuador"),
    about=_("Ecuador: facturas and notes signed and authorised by the SRI, certificates and points of emission."),
    depends=("einvoice", "contracts"),
    country="EC",
    permissions=(
        ("einvoice_ec.edit_settings", _("Change SRI settings and points of emission"),
         _("Changes fiscal profile, certificates and points of emission for the SRI.")),
    ),
)
