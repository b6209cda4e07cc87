"""Records of the automatic debit: sent (100), answered (300; Visa debit 150), and First Data's (128).

Sources: the acquirer's description of the sent file; its guide of the answers, quoted in full by an integration; Visa
debit and First Data as two integrations each read them. In answers a card's number is no field: an error would show it.
"""

from __future__ import annotations

from modules.gateways.records import Record

_NAME, _WHEN = ("file", 8, "a<"), (("date", 8, "d!"), ("time", 4, "n"))
_FIXED, _OURS = ("fixed", 10, "=900000"), ("establishment", 10, "n")
_END = ("end", 1, "=*")

SENT_HEADER = Record("header", (("kind", 1, "=0"), _NAME, _OURS, _FIXED, *_WHEN, ("mark", 1, "=0"), ("blank", 57, "b"),
                                _END))
SENT_DETAIL = Record("debit", (
    ("kind", 1, "=1"), ("card", 16, "n"), ("blank", 3, "b"), ("reference", 8, "n"), ("due", 8, "d!"),
    ("movement", 4, "=0005"), ("amount", 15, "m2"), ("identifier", 15, "n"), ("first", 1, "a<"), ("blanks", 28, "b"),
    _END))
SENT_TRAILER = Record("trailer", (("kind", 1, "=9"), _NAME, _OURS, _FIXED, *_WHEN, ("count", 7, "n"),
                                  ("total", 15, "m2"), ("blank", 36, "b"), _END))

# in the answer the two fields after the name change places
HEADER = Record("header", (("kind", 1, "=0"), _NAME, _FIXED, _OURS, *_WHEN, ("more", 258, "."), _END))
DETAIL = Record("debit", (
    ("kind", 1, "=1"), ("bank", 3, "a<"), ("branch", 3, "a<"), ("batch", 4, "a<"), ("movement", 4, "n"),
    ("p16", 1, "."), _OURS, ("card", 16, "."), ("reference", 8, "n"), ("presented", 6, "d6r!"), ("p57", 6, "."),
    ("amount", 15, "m2"),
    ("instalment", 2, "a<"), ("p80", 15, "."), ("identifier", 15, "n"), ("first", 1, "a<"), ("account", 10, "a<"),
    ("p121", 9, "."), ("state", 1, "a<"), ("reason", 2, "a<"), ("text", 29, "a<"), ("reason_2", 2, "a<"),
    ("text_2", 29, "a<"), ("p193", 16, "."), ("new_card", 16, "."), ("answered", 6, "d6r"), ("paid", 6, "d6r"),
    ("portfolio", 2, "a<"), ("p239", 61, "."), _END))
TRAILER = Record("trailer", (("kind", 1, "=9"), ("as_header", 40, "."), ("count", 7, "n"), ("total", 15, "m2"),
                             ("more", 236, "."), _END))

# Visa debit: details as they were sent, with the answer behind; its header and trailer are not described anywhere
DEBIT_HEADER = Record("header", (("kind", 1, "=0"), _NAME, ("more", 141, ".")))
DEBIT_DETAIL = Record("debit", (
    ("kind", 1, "=1"), ("card", 16, "."), ("p18", 3, "."), ("reference", 8, "n"), ("due", 8, "d!"),
    ("movement", 4, "n"), ("amount", 15, "m2"), ("identifier", 15, "n"), ("first", 1, "a<"), ("p72", 29, "."),
    ("reason", 3, "a<"), ("text", 40, "a<"), ("p144", 7, ".")))
DEBIT_TRAILER = Record("trailer", (("kind", 1, "=9"), ("more", 40, "."), ("count", 7, "n"), ("total", 15, "m2"),
                                   ("rest", 87, ".")))

FD_SENT_HEADER = Record("header", (("merchant", 8, "n"), ("kind", 1, "=1"), ("date", 6, "d6r!"), ("count", 7, "n"),
                                   ("sign", 1, "=0"), ("total", 14, "m2"), ("blank", 91, "b")))
FD_SENT_DETAIL = Record("debit", (
    ("merchant", 8, "n"), ("kind", 1, "=2"), ("card", 16, "n"), ("reference", 12, "n"), ("instalment", 3, "=001"),
    ("plan", 3, "=999"), ("frequency", 2, "=01"), ("amount", 11, "m2"), ("period", 5, "a<"), ("blank", 1, "b"),
    ("due", 6, "d6r!"), ("blanks", 60, "b")))
# only these positions of the answer are known
FD_KNOWN = 65
FD_HEADER = Record("header", (("p1", 2, "."), ("kind", 1, "=1"), ("p4", 29, "."), ("count", 6, "n"), ("p39", 1, "."),
                              ("total", 12, "m2"), ("p52", 14, ".")))
FD_DETAIL = Record("debit", (("p1", 2, "."), ("kind", 1, "=2"), ("p4", 23, "."), ("reference", 12, "a<"),
                             ("p39", 2, "."), ("amount", 11, "m2"), ("p52", 7, "."), ("reason", 2, "n"),
                             ("period", 5, "a<")))
