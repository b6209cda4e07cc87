"""States of what gateways told, in words."""

from __future__ import annotations

from core.i18n import lazy
from modules.gateways import causes

TRANSACTIONS = {"noted": (lazy("nothing to book"), "mute"), "waiting": (lazy("waits for you"), "warn"),
                "booked": (lazy("booked"), "ok"), "set_aside": (lazy("set aside"), "mute")}
STATUSES = {"approved": lazy("paid"), "pending": lazy("pending"), "rejected": lazy("refused"),
            "expired": lazy("expired"), "error": lazy("error"),
            "reversed": lazy("taken back"), "mismatch": lazy("contradictory"),
            "unknown": lazy("not known"), "": lazy("not known")}
KINDS = {"payment": lazy("payment"), "reversal": lazy("taken back")}
NOTICES = {"waiting": (lazy("waits"), "warn"), "done": (lazy("done"), "ok"), "ignored": (lazy("nothing to do"), "mute"),
           "refused": (lazy("not authentic"), "bad"), "failed": (lazy("failed"), "bad")}
FILES = {"proving": (lazy("being read"), "info"), "refused": (lazy("refused"), "bad"),
         "importing": (lazy("being imported"), "info"), "imported": (lazy("imported"), "ok"),
         "undone": (lazy("taken back"), "mute"), "made": (lazy("made"), "info"), "sent": (lazy("sent"), "ok")}
WORDS = causes.WORDS
CAUSES = {key: words for key, (words, _what) in causes.WORDS.items()}
