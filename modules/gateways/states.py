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
# what a provider remarks on a payment, the gravest first
REMARKS = {
    causes.DISPUTED: (lazy("disputed by the payer"), "bad"),
    "net_does_not_fit": (lazy("amount, fee and net do not fit"), "warn"),
    causes.MISCONFIGURED: (lazy("settings refused by the gateway"), "warn"),
    "not_credited": (lazy("not credited yet"), "warn"),
    "subject_to_clearing": (lazy("cheque, subject to clearing"), "warn"),
    "amount_of_the_link": (lazy("amount of the link: the gateway tells none"), "info"),
    "bad_check_digit": (lazy("wrong check digit"), "info"), "wrong_check_digit": (lazy("wrong check digit"), "info"),
    "new_card": (lazy("paid with a new card"), "info"), "unknown_channel": (lazy("unknown channel"), "mute")}
# on what grounds a request is believed, or not
VERDICTS = {
    "": "", "ok": lazy("authentic"), "unsigned_ipn": lazy("not signed: it only makes us ask"),
    "unsigned": lazy("not signed"), "not_judged": lazy("could not be judged"), "unreadable": lazy("cannot be read"),
    "missing_signature": lazy("without signature"), "malformed_signature": lazy("signature not written as it must be"),
    "missing_timestamp": lazy("without the moment of signing"), "missing_hash": lazy("signature without its hash"),
    "signature_mismatch": lazy("signed with another secret"), "bad_signature": lazy("signed with another secret"),
    "timestamp_out_of_tolerance": lazy("signed at another time"), "stale": lazy("signed at another time"),
    "missing_token": lazy("without the secret part of our address"), "bad_token": lazy("wrong token"),
    "wrong_token": lazy("wrong secret part of our address"), "address": lazy("from an address that is not allowed"),
    "other_merchant": lazy("for another merchant"), "test_notice": lazy("a test, where real ones are wanted"),
    "real_notice": lazy("a real one, where tests are wanted")}
CAUSES = {key: words for key, (words, _what) in causes.WORDS.items()}
