"""The collection file "888ENTES" of the counters' network, as public examples show it. Pure.

Off by default: it was seen in three public readers of one example, and no network confirmed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.providers.cobrodigital import mapping
from modules.gateways.records import Record, lines
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Problem, Reading, Reference

DETAIL = Record("payment", (
    ("kind", 5, "=DATOS"), ("p6", 35, "."), ("transaction", 8, "a<"), ("p49", 10, "."), ("identifier", 19, "a<"),
    ("amount", 11, "m2"), ("p89", 76, "."), ("barcode", 29, "a<"), ("p194", 31, "."), ("paid", 6, "d6!"),
    ("p231", 17, "."), ("means", 2, "a<"), ("p250", 30, ".")))
TRAILER = Record("trailer", (("kind", 7, "=TRAILER"), ("lines", 8, "n"), ("total", 13, "m2"), ("count", 8, "n")))
MEANS = {"00": "cash", "90": "debit", "99": "credit"}


class PaymentFile:
    """HEADER, DATOS …, TRAILER; the trailer counts all lines and the payments."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        if access.settings and not access.get("entes", False):
            raise BadFile(_("Files of collections are switched off for this account: they are not confirmed by the "
                            "network. Switch “888ENTES” on to read them."), code="off")
        numbered = lines(file)
        number, first = next(numbered, (1, ""))
        if not first.startswith("HEADER"):
            raise BadFile(_("Line %(line)s: this file must begin with HEADER.", line=number), number, code="header")
        count, total, seen, ended = 0, ZERO, Repeats(), None
        for number, text in numbered:
            if ended is not None:
                if text:
                    raise BadFile(_("Line %(line)s stands after the trailer; nothing may follow it.", line=number),
                                  number, code="order")
            elif text.startswith("TRAILER"):
                ended = _control(text, number, count, total)
            else:
                values = DETAIL.read(text, number)
                count, total = count + 1, total + values["amount"]
                yield _reading(values, number, seen)
        if ended is None:
            raise BadFile(_("The file ends after line %(line)s without its trailer: it was cut. Ask for it again.",
                            line=number), number, code="cut")
        yield ended


def _control(text: str, number: int, count: int, total: Decimal) -> Control:
    found = TRAILER.read(text[:TRAILER.length], number)
    for name, told, counted in ((_("lines"), int(found["lines"]), count + 2), (_("count"), int(found["count"]), count),
                                (_("total"), found["total"], total)):
        if told != counted:
            raise BadFile(_("Line %(line)s (trailer): its %(name)s is %(told)s, the file's is %(counted)s. Ask for the "
                            "file again.", line=number, name=name, told=told, counted=counted), number,
                          code="control")
    return Control(count, total, None, {"file": "888ENTES"})


def _reading(values: Mapping[str, Any], number: int, seen: Repeats) -> Reading:
    barcode, means = values["barcode"], MEANS.get(values["means"])
    identity = f"{values['paid']:%Y%m%d}-{values['transaction']}-{barcode}-{int(values['amount'].scaleb(2))}"
    place = seen.number(identity)
    remarks = ("unknown_channel",) * (means is None) + ("wrong_check_digit",) * (not mapping.is_barcode(barcode))
    return Reading(identity if place == 1 else f"{identity}-{place}", "approved", values["amount"], "ARS",
                   values["paid"], channel=means or values["means"], reference=Reference("", "", barcode),
                   remarks=remarks, line=number, raw={"identifier": values["identifier"]})
