"""The states of a notice in words for staff."""

from core.i18n import lazy

# state: (words, tone)
STATE_WORDS = {
    "queued": (lazy("waiting"), "warn"), "sending": (lazy("being sent"), "info"), "sent": (lazy("sent"), "ok"),
    "bounced": (lazy("came back"), "bad"), "failed": (lazy("not sent"), "bad"),
    "unknown": (lazy("perhaps sent"), "warn"),
    "suppressed": (lazy("address not written to"), "mute"), "no_address": (lazy("no address"), "mute"),
}
GROUP_WORDS = {"waiting": lazy("Waiting"), "sent": lazy("Sent"), "returned": lazy("Came back"),
               "problem": lazy("With a problem"), "no_address": lazy("No address"), "test": lazy("Tests")}
