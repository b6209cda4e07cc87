"""Legal documents: the state machine of every electronic invoice, whatever the country and its authority."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Electronic invoices"),
    about=_("Legal documents and their states, whatever the country."),
    depends=("accounting",),
    permissions=(
        ("einvoice.view_documents", _("See electronic documents"),
         _("Opens the documents sent to the tax authority, with its answers.")),
        ("einvoice.send_documents", _("Mend refused documents and send them again"),
         _("Corrects what the authority refused, and sends it again.")),
        ("einvoice.abandon_documents", _("Give refused documents up"),
         _("Gives up a refused document for good; its number is not used.")),
        ("einvoice.cancel_documents", _("Cancel documents at the tax authority"),
         _("Cancels authorised documents where the country allows it; their invoices are annulled.")),
        ("einvoice.manage_sequences", _("Let stopped sequences go on"),
         _("Lets a series of numbers go on that was stopped because an answer was lost.")),
        ("einvoice.enable", _("Enable electronic invoices"),
         _("Goes through the set-up with the tax authority, from the certificate to production.")),
    ),
    menu=(
        MenuItem(_("Electronic documents"), "einvoice.documents", "einvoice.view_documents", group="documents",
                 order=20),
        MenuItem(_("Refused documents"), "einvoice.refused", "einvoice.view_documents", group="documents", order=30),
        MenuItem(_("Enable electronic invoices"), "einvoice.enable", "einvoice.enable", group="settings", order=40,
                 about=_("Keys, certificates and points of sale, step by step; from rehearsal to real invoices.")),
    ),
)
