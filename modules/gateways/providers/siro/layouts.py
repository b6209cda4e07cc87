"""SIRO's records beside the Banelco ones: the debt file "link" and the three forms of the rendition.

Source: manual v5.2 (03.25). Its printed positions of the rendition are wrong by one from 36 to 123; the lengths, the
channel at 124–126 and the convenio at 92–101 are right, and so are these tables.
"""

from __future__ import annotations

from modules.gateways.records import Record

LINK_HEADER = Record("header", (("kind", 13, "=HRFACTURACION"), ("company", 3, "b"), ("date", 6, "d6!"),
                                ("lot", 5, "=00001"), ("rest", 104, "b")))
LINK_DETAIL = Record("debt", (
    ("five", 5, "n"), ("fixed", 3, "=001"), ("cpe", 19, "n"), ("due_1", 6, "d6!"), ("amount_1", 12, "m2"),
    ("due_2", 6, "d6"), ("amount_2", 12, "m2"), ("due_3", 6, "d6"), ("amount_3", 12, "m2"), ("text", 50, "a<")))
LINK_TRAILER = Record("trailer", (("kind", 13, "=TRFACTURACION"), ("count", 8, "n"), ("total_1", 18, "m2"),
                                  ("total_2", 18, "m2"), ("total_3", 18, "m2"), ("rest", 56, "b")))

_DAYS = (("paid", 8, "d!"), ("credited", 8, "d!"), ("due", 8, "d!"))
_EXTENDED = (*_DAYS, ("amount", 11, "m2"), ("user", 8, "n"), ("concept", 1, "n"), ("barcode", 59, "a<"),
             ("invoice", 20, "a<"), ("channel", 3, "a<"), ("code", 3, "a<"), ("text", 20, "a<"),
             ("instalments", 2, "a<"), ("card", 15, "a<"), ("filler", 60, "."))
EXTENDED = Record("extended", _EXTENDED)
UNIFIED = Record("unified", (*_EXTENDED, ("payment", 10, "n"), ("result", 36, "a<"), ("reference", 100, "a<"),
                             ("customer", 15, "a<"), ("terminal", 10, "."), ("reserved", 79, ".")))
# older; it names no invoice
ALTERNATE = Record("alternate", (*_DAYS, ("amount", 7, "m2"), ("user", 8, "n"), ("concept", 1, "n"),
                                 ("barcode", 56, "a<"), ("channel", 3, "a<")))
# by name: the record, and where its last part that must stand there begins to be whole
RENDITIONS = {"extended": (EXTENDED, 125), "unified": (UNIFIED, 236), "alternate": (ALTERNATE, 98)}
