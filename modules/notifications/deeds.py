"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "notifications.correct_address": lazy("Address of a notice corrected"),
    "notifications.edit_mail_account": lazy("Mail server changed"),
    "notifications.edit_template": lazy("Text of a notice changed"),
    "notifications.go_live": lazy("Notices switched to production"),
    "notifications.rehearse": lazy("Notices back in rehearsal"),
    "notifications.send_again": lazy("Notice sent again"),
    "notifications.test_template": lazy("Test of a notice sent"),
}
