"""SIRO's debt files: "full", 280 characters, for all channels, and "link", 131 characters. Pure.

What SIRO takes only once is the payment code with the five digits of a debt: a changed debt goes under the next digit,
and the former one stays payable until its last day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.ports import NEW
from modules.gateways.providers import banelco
from modules.gateways.providers.siro import codes
from modules.gateways.providers.siro.layouts import LINK_DETAIL, LINK_HEADER, LINK_TRAILER
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Debt, Made

FORMS = ("full", "link")


class DebtFile:
    """`extra`: "concept" (a digit), "period" (MMYY), "invoice_id" (the 20 characters, where they are already fixed)."""

    secrets: tuple[str, ...] = ()
    dates: int = 3

    def resend(self, access: Access) -> str:
        """A second file adds to the first: what was sent comes back as an error."""
        return NEW

    def keys(self, access: Access, debt: Debt) -> Iterator[tuple[str, Debt]]:
        """Payment code and five digits: the debt's own, then its month under the other concepts, then free numbers."""
        nine = codes.customer(debt)
        for five in _fives(codes.five(debt)):
            bare = replace(debt, extra={**debt.extra, "concept": five[0], "period": five[1:], "invoice_id": ""})
            sent = codes.invoice_id(bare) if _form(access) == "full" else "0" * 15 + five
            yield codes.cpe(access, nine) + five, replace(bare, customer=nine, invoice=sent,
                                                          extra={**bare.extra, "invoice_id": sent})

    def problem(self, access: Access, debt: Debt) -> str:
        try:
            dues.check(debt, 3)
            codes.customer(debt)
            codes.five(debt)
            if _form(access) == "link":
                LINK_DETAIL.write(_link_values(access, debt))
            else:
                banelco.DETAIL.write(_full_values(access, debt))
        except BadDebt as error:
            return str(error)
        return ""

    def name(self, access: Access, made: Made) -> str:
        cuit = "".join(sign for sign in str(access.get("cuit_administrador", access.tax_id)) if sign.isdigit())
        more = f"-{made.number}" if made.number > 1 else ""
        return f"{cuit or 'SIRO'}.{made.date:%Y%m%d}{more}"

    def write(self, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
        checked = _checked(access, debts, made)
        if _form(access) == "link":
            return _write_link(file, access, checked, made)
        return banelco.write(file, "1", "0000", made.date, (_full_values(access, debt) for debt in checked))


def _form(access: Access) -> str:
    found = str(access.get("formato", "full"))
    if found not in FORMS:
        raise BadSetting(_("SIRO's debt file is full or link; found: %(found)s.", found=found), field="formato")
    return found


def _fives(first: str) -> Iterator[str]:
    """Ten concepts of the month; then numbers that are no month of any concept."""
    yield first
    yield from (f"{concept}{first[1:]}" for concept in range(10) if str(concept) != first[0])
    yield from (f"{number:05d}" for number in range(100_000) if not 1 <= number // 100 % 100 <= 12)


def _checked(access: Access, debts: Iterable[Debt], made: Made) -> Iterator[Debt]:
    """The debts, each one that SIRO would take."""
    seen = Repeats()
    for debt in debts:
        dues.check(debt, 3)
        key = codes.cpe(access, codes.customer(debt)) + codes.five(debt)
        if seen.number(key) > 1:
            raise BadDebt(_("SIRO takes a payment code with its five digits once; twice in this file: %(cpe)s with "
                            "%(five)s. Give one of the debts another concept.", cpe=key[:-5], five=key[-5:]),
                          field="extra")
        if debt.due[-1].date < made.date:
            raise BadDebt(_("SIRO takes no debt whose due dates are all past: customer %(customer)s, last %(last)s, "
                            "file of %(date)s.", customer=debt.customer, last=debt.due[-1].date.isoformat(),
                            date=made.date.isoformat()), field="due")
        yield debt


def _full_values(access: Access, debt: Debt) -> dict[str, Any]:
    cpe = codes.cpe(access, codes.customer(debt))
    return {"reference": cpe, "invoice": codes.invoice_id(debt), **banelco.dues(debt), "previous": cpe,
            "ticket": codes.ticket(access, debt), "screen": codes.issuer(access)}


def _link_values(access: Access, debt: Debt) -> dict[str, Any]:
    """Unused days and amounts are zeros here."""
    if debt.due[-1].amount.adjusted() > 8:  # the first of twelve digits stays zero
        raise BadDebt(_("An amount in this file is less than a thousand millions; found: %(found)s.",
                        found=f"{debt.due[-1].amount:f}"), field="due")
    pairs = {f"{name}_{place}": value for place, one in enumerate(debt.due, 1)
             for name, value in (("due", one.date), ("amount", one.amount))}
    return {"five": codes.five(debt), "cpe": codes.cpe(access, codes.customer(debt)), **pairs,
            "text": codes.ticket(access, debt)}


def _write_link(file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
    """The trailer counts itself and the header."""
    count, totals = 0, [ZERO, ZERO, ZERO]
    banelco.put(file, LINK_HEADER.write({"date": made.date}))
    for debt in debts:
        banelco.put(file, LINK_DETAIL.write(_link_values(access, debt)))
        count += 1
        for place, one in enumerate(debt.due):
            totals[place] += one.amount
    banelco.put(file, LINK_TRAILER.write({"count": count + 2, "total_1": totals[0], "total_2": totals[1],
                                          "total_3": totals[2]}))
    return Control(count, totals[0], made.date)
