"""Pago Fácil's collection files in two variants. Pure.

Source: the files of one provider. Its trailers are not described, so that a file cannot prove itself: count and sum are
told as a problem that a person confirms. `variante` A: a payment has three lines; B: one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile, BadSetting
from modules.gateways.records import Record, lines
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Problem, Reading, Reference

# only the positions that are known; lines may be longer
PAID = Record("payment", (("kind", 1, "=5"), ("p2", 63, "."), ("paid", 8, "d!")))
CODE = Record("code", (("kind", 1, "."), ("company", 4, "n"), ("customer", 8, "n")))
MEANS = Record("means", (("p1", 4, "."), ("means", 1, "a<"), ("p6", 80, "."), ("amount", 15, "m2")))
SINGLE = Record("payment", (("kind", 1, "."), ("paid", 8, "d8r!"), ("p10", 74, "."), ("customer", 8, "n"),
                            ("p92", 16, "."), ("amount", 10, "m2")))
CHANNELS = {"E": "cash", "P": "debit"}
HEADERS, TRAILERS = "13", "89"


class PaymentFile:
    """The last line begins with 9; without it the file was cut."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        variant = str(access.get("variante", "A"))
        if variant not in ("A", "B"):
            raise BadSetting(_("Pago Fácil's file is of variant A or B; found: %(found)s.", found=variant),
                             field="variante")
        count, total, number = 0, ZERO, 1
        rows = _framed(lines(file))
        for one in _triples(rows, access) if variant == "A" else _singles(rows):
            count, total, number = count + 1, total + one.amount, one.line or number
            yield one
        yield Problem(number, "not_proved", _("Pago Fácil's file does not say count and sum in a way that is known. "
                                              "Compare: %(count)s payments, %(total)s.", count=count, total=total))
        yield Control(count, total, None, {"variant": variant})


def _framed(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines between the header (1, perhaps 3) and the end (8, at last 9)."""
    number, ended, begun = 0, False, False
    for number, text in numbered:
        if not begun and not text.startswith("1"):
            raise BadFile(_("Line %(line)s: this file must begin with a line of kind 1.", line=number), number,
                          code="header")
        begun = True
        if ended and text:
            raise BadFile(_("Line %(line)s stands after the trailer; nothing may follow it.", line=number), number,
                          code="order")
        ended = ended or text.startswith("9")
        if not ended:
            yield number, text
    if not ended:
        raise BadFile(_("The file ends after line %(line)s without its trailer: it was cut. Ask for it again.",
                        line=max(number, 1)), max(number, 1), code="cut")


def _triples(rows: Iterator[tuple[int, str]], access: Access) -> Iterator[Reading]:
    seen = Repeats()
    for number, text in rows:
        if text[:1] in (*HEADERS, "8"):
            continue
        three = [text, *(_next(rows, number) for _place in range(2))]
        paid, code, means = (_known(record, one, number + place) for place, (record, one) in enumerate(
            zip((PAID, CODE, MEANS), three, strict=True)))
        ours = str(access.get("empresa"))
        if ours and code["company"] != ours:
            raise BadFile(_("Line %(line)s: this payment is of company %(theirs)s; this account is %(ours)s. Import "
                            "the file into the account that it belongs to.", line=number + 1, theirs=code["company"],
                            ours=ours), number + 1, code="other_company")
        yield _reading(three, number, seen, paid["paid"], code["customer"], means["amount"], means["means"])


def _next(rows: Iterator[tuple[int, str]], number: int) -> str:
    found = next(rows, None)
    if found is None:
        raise BadFile(_("Line %(line)s begins a payment of three lines that is not whole. Ask for the file again.",
                        line=number), number, code="cut")
    return found[1]


def _singles(rows: Iterator[tuple[int, str]]) -> Iterator[Reading]:
    seen = Repeats()
    for number, text in rows:
        if text.startswith("1") and number == 1:
            continue
        values = _known(SINGLE, text, number)
        yield _reading([text], number, seen, values["paid"], values["customer"], values["amount"], "")


def _known(record: Record, text: str, number: int) -> dict[str, Any]:
    """The part of the line that is known; a shorter one is refused."""
    return record.read(text[:record.length], number)


def _reading(whole: list[str], number: int, seen: Repeats, paid: Any, customer: str, amount: Decimal,
             means: str) -> Reading:
    """Known by all that its lines say, and by its place among equal ones."""
    key = hashlib.sha256("\n".join(whole).encode()).hexdigest()[:40]
    remarks = ("unknown_channel",) if means and means not in CHANNELS else ()
    return Reading(f"{key}-{seen.number(key)}", "approved" if amount else "rejected", amount, "ARS", paid,
                   channel=CHANNELS.get(means, means), reference=Reference(customer), remarks=remarks, line=number)
