"""Legal documents: the state machine of every electronic invoice, whatever the country and its authority."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Electronic invoices"),
    depends=("accounting",),
    permissions=(
        ("einvoice.view_documents", _("See electronic documents")),
        ("einvoice.send_documents", _("Mend refused documents and send them again")),
        ("einvoice.abandon_documents", _("Give refused documents up")),
        ("einvoice.manage_sequences", _("Let stopped sequences go on")),
        ("einvoice.enable", _("Enable electronic invoices")),
    ),
    menu=(
        MenuItem(_("Electronic documents"), "einvoice.documents", "einvoice.view_documents", group="documents",
                 order=20),
        MenuItem(_("Refused documents"), "einvoice.refused", "einvoice.view_documents", group="documents", order=30),
        MenuItem(_("Enable electronic invoices"), "einvoice.enable", "einvoice.enable", group="settings", order=40),
    ),
)
