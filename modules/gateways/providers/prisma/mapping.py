"""Files of automatic debits out: DEBLIQC, DEBLIQD, DEBLIMC, and First Data's. Pure.

The number of a card stands in the file and nowhere else: messages show its last four digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.ports import UNANSWERED
from modules.gateways.providers.banelco import put
from modules.gateways.providers.prisma import layouts
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Debt, Made

CARDS, FIRST_DATA = ("DEBLIQC", "DEBLIQD", "DEBLIMC"), "firstdata_debito"


class DebtFile:
    """`extra`: card (16 digits), first (true on the first debit of that card). Debited on the first due date."""

    secrets: tuple[str, ...] = ("card",)
    dates: int = 1

    def resend(self, access: Access) -> str:
        """Nobody is debited twice: a debit goes out again when its rejection came."""
        return UNANSWERED

    def keys(self, access: Access, debt: Debt) -> Iterator[tuple[str, Debt]]:
        """A debit that was refused is presented again under its reference: nothing forbids it."""
        yield "", replace(debt, customer=_identifier(debt).lstrip("0"), invoice=_reference(access, debt))

    def problem(self, access: Access, debt: Debt) -> str:
        try:
            _check(access, debt)
            _record(access).write(_values(access, debt))
        except BadDebt as error:
            return str(error)
        return ""

    def name(self, access: Access, made: Made) -> str:
        return f"{kind(access)}.txt"

    def write(self, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
        if kind(access) == FIRST_DATA:
            return _write_first_data(file, access, debts, made)
        head = {"file": kind(access), "establishment": establishment(access), "date": made.date,
                "time": f"{made.time:%H%M}"}
        put(file, layouts.SENT_HEADER.write(head))
        count, total = 0, ZERO
        for debt in _checked(access, debts):
            put(file, layouts.SENT_DETAIL.write(_values(access, debt)))
            count, total = count + 1, total + debt.amount
        put(file, layouts.SENT_TRAILER.write({**head, "count": count, "total": total}))
        return Control(count, total, made.date)


def kind(access: Access) -> str:
    """Which file the account's contract is for."""
    found = str(access.need("tipo"))
    if found not in (*CARDS, FIRST_DATA):
        raise BadSetting(_("A file of card debits is one of %(known)s; found: %(found)s.",
                           known=", ".join((*CARDS, FIRST_DATA)), found=found), field="tipo")
    return found


def establishment(access: Access) -> str:
    """The acquirer's number of the company: ten digits, eight at First Data."""
    found, width = str(access.need("establecimiento")), 8 if access.get("tipo") == FIRST_DATA else 10
    if not re.fullmatch(f"[0-9]{{{width}}}", found):
        raise BadSetting(_("The establishment has %(width)s digits; found: %(found)s.", width=width, found=found),
                         field="establecimiento")
    return found


def card(debt: Debt) -> str:
    """The number of the card; what is wrong with it is told without it."""
    found = str(debt.extra.get("card") or "")
    if not found:
        raise BadDebt(_("To debit customer %(customer)s you must first note his card on his page, under Payment codes.",
                        customer=debt.customer), field="card")
    if not re.fullmatch("[0-9]{16}", found):
        raise BadDebt(_("To debit customer %(customer)s you must give a card of 16 digits; found: %(count)s characters "
                        "that end with %(last)s.", customer=debt.customer, count=len(found),
                        last=found[-4:] if len(found) > 8 else "-"), field="card")
    return found


def _check(access: Access, debt: Debt) -> None:
    dues.check(debt, 3)
    card(debt)
    _identifier(debt)
    _reference(access, debt)


def _checked(access: Access, debts: Iterable[Debt]) -> Iterator[Debt]:
    seen = Repeats()
    for debt in debts:
        _check(access, debt)
        if seen.number(f"{debt.extra['card']}|{_reference(access, debt)}") > 1:
            raise BadDebt(_("The card that ends with %(last)s has reference %(reference)s twice in this file; the "
                            "answer could not tell them apart.", last=card(debt)[-4:],
                            reference=_reference(access, debt)), field="invoice")
        yield debt


def _identifier(debt: Debt) -> str:
    if not re.fullmatch("[0-9]{1,15}", debt.customer):
        raise BadDebt(_("Card debits know customers by at most 15 digits; found: %(found)s.", found=debt.customer),
                      field="customer")
    return debt.customer.zfill(15)


def _reference(access: Access, debt: Debt) -> str:
    """The invoice's digits, the last eight (First Data: twelve): the answer names the debit by them."""
    width = 12 if access.get("tipo") == FIRST_DATA else 8
    digits = "".join(sign for sign in debt.invoice if sign.isascii() and sign.isdigit())
    if not digits:
        raise BadDebt(_("A card debit needs an invoice with digits as reference; found: %(found)s.",
                        found=debt.invoice or "-"), field="invoice")
    return digits[-width:].zfill(width)


def _record(access: Access) -> Any:
    return layouts.FD_SENT_DETAIL if kind(access) == FIRST_DATA else layouts.SENT_DETAIL


def _values(access: Access, debt: Debt) -> dict[str, Any]:
    first = debt.due[0]
    return {"merchant": establishment(access), "card": card(debt), "reference": _reference(access, debt),
            "due": first.date, "amount": first.amount, "identifier": _identifier(debt),
            "first": "E" if debt.extra.get("first") else "", "period": f"{first.date:%m/%y}"}


def _write_first_data(file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
    """Count and total stand in the header: the debts are walked through twice."""
    count, total = 0, ZERO
    for debt in debts:
        count, total = count + 1, total + debt.amount
    put(file, layouts.FD_SENT_HEADER.write({"merchant": establishment(access), "date": made.date, "count": count,
                                            "total": total}))
    written = 0
    for debt in _checked(access, debts):
        put(file, layouts.FD_SENT_DETAIL.write(_values(access, debt)))
        written += 1
    if written != count:
        raise BadDebt(_("The debts of this file changed while it was made. Make it again."))
    return Control(count, total, made.date)
