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
ENVIRONMENTS = {"rehearsal": (lazy("rehearsal"), "warn"), "testing": (lazy("the gateway's tests"), "warn"),
                "production": (lazy("in production"), "ok")}
KINDS = {"payment": lazy("payment"), "reversal": lazy("taken back")}
NOTICES = {"waiting": (lazy("waits"), "warn"), "done": (lazy("done"), "ok"), "ignored": (lazy("nothing to do"), "mute"),
           "refused": (lazy("not authentic"), "bad"), "failed": (lazy("failed"), "bad")}
DIRECTIONS = {"in": lazy("came in"), "out": lazy("went out")}
FILES = {"proving": (lazy("being read"), "info"), "refused": (lazy("refused"), "bad"),
         "importing": (lazy("being imported"), "info"), "imported": (lazy("imported"), "ok"),
         "undone": (lazy("taken back"), "mute"), "making": (lazy("being made"), "info"),
         "empty": (lazy("nothing to ask for"), "mute"), "made": (lazy("made, not sent"), "warn"),
         "sending": (lazy("being sent"), "info"), "sent": (lazy("sent"), "ok"), "taken": (lazy("taken"), "ok"),
         "unknown": (lazy("not known whether it arrived"), "bad"), "withdrawn": (lazy("withdrawn"), "mute")}
SETTLEMENTS = {"payment": lazy("payment"), "refund": lazy("given back"), "chargeback": lazy("chargeback"),
               "payout": lazy("paid out")}
BANK_LINES = {"waiting": (lazy("nobody knows yet"), "warn"), "payment": (lazy("a customer's payment"), "ok"),
              "payout": (lazy("a gateway's payout"), "ok"), "other": (lazy("another matter"), "mute"),
              "spent": (lazy("money that went out"), "mute")}
WORDS = causes.WORDS
# why a document is not in a file of debts -> what to do about it
LEFT_OUT = {"overdue": lazy("overdue"), "minimum": lazy("too small"), "payer_code": lazy("payment code taken"),
            "not_taken": lazy("not as the gateway wants it"), "no_key": lazy("no number left")}
CURES = {"overdue": lazy("Let the plan give overdue debts more days, or collect them in another way."),
         "minimum": lazy("Nothing: it goes along when more is owed. Or lower the minimum of the plan."),
         "payer_code": lazy("Open the customer, “Payment codes”, and give another one."),
         "not_taken": lazy("Mend the customer's data or payment code as the reason says; the next file holds it."),
         "no_key": lazy("Withdraw files that were never sent, or ask the gateway.")}
# payments beside the network's own file of their day
DAY_FILES = {"missing": lazy("missing there"), "no_file": lazy("file did not come"),
             "only_there": lazy("told by the file only")}
CAUSES = {key: words for key, (words, _what) in causes.WORDS.items()}
