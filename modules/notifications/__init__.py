"""Notices to customers: kinds with editable templates, channels, one log of what was sent and what was answered."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Notices"),
    about=_("Notices to customers by mail, with their texts and the record of what was sent."),
    depends=("crm",),
    permissions=(
        ("notifications.view_messages", _("See the notices sent"),
         _("Opens the outbox: what was sent to whom, when, and what bounced.")),
        ("notifications.send_messages", _("Send notices again and correct addresses"),
         _("Sends a notice once more, and corrects the address it goes to.")),
        ("notifications.edit_templates", _("Edit the texts of notices"),
         _("Changes subject and text of every kind of notice.")),
        ("notifications.edit_mail_account", _("Set the mail server"),
         _("Sets the server and the password with which the company sends mail.")),
    ),
    menu=(
        MenuItem(_("Outbox"), "notifications.outbox", "notifications.view_messages", group="notices", order=10),
        MenuItem(_("Texts of notices"), "notifications.templates", "notifications.edit_templates", group="notices",
                 order=20),
        MenuItem(_("Mail server"), "notifications.mail_account", "notifications.edit_mail_account",
                 group="settings", order=40,
                 about=_("Through which server notices leave, with a test; from rehearsal to customers.")),
    ),
)
