"""PagoMisCuentas' files: FAC (debts, 280 characters), COB (collections, 100), RECHAZADO (a FAC that was refused). Pure.

Source: the field tables and the questions and answers of PagoMisCuentas for companies.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, BinaryIO

from core.i18n import _
from modules.crm import holidays
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadFile, BadSetting
from modules.gateways.ports import ALL, NEW, Delivered
from modules.gateways.providers import banelco
from modules.gateways.records import Record, lines, plain
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Debt, Made, Problem, Reading, Reference

HEADER = Record("header", (("kind", 1, "=0"), ("network", 3, "=400"), ("company", 4, "n"), ("date", 8, "d!"),
                           ("rest", 84, "z")))
DETAIL = Record("payment", (
    ("kind", 1, "=5"), ("reference", 19, "a<"), ("invoice", 20, "a<"), ("due", 8, "d0"), ("currency", 1, "=0"),
    ("paid", 8, "d!"), ("amount", 11, "m2"), ("with_invoice", 1, "n"), ("credited", 8, "d!"), ("channel", 2, "a<"),
    ("control", 4, "n"), ("province", 3, "a<"), ("rest", 14, "z")))
TRAILER = Record("trailer", (
    ("kind", 1, "=9"), ("network", 3, "=400"), ("company", 4, "n"), ("date", 8, "d!"), ("count", 7, "n"),
    ("zeros", 7, "z"), ("total", 11, "m2"), ("more_zeros", 11, "z"), ("rest", 48, "z")))
CHANNELS = frozenset({"PC", "HB", "S1"})
# a file that is sent later is of the next banking day
CUT_OFF = dt.time(14, 30)
MOST_FILES, MOST_REASONS = 10, 20
REFUSED_NAME = re.compile(r"RECHAZADO_(FAC([0-9A-Z]{4})\.[0-9]{6}(?:\.[0-9]{1,2})?)", re.IGNORECASE)


# --- debts out -----------------------------------------------------------------------------------------------


class DebtFile:
    """`extra`: previous_reference (once, when the reference changed), screen (15), barcode (60)."""

    secrets: tuple[str, ...] = ()
    dates: int = 3

    def resend(self, access: Access) -> str:
        """Whether a file replaces the one before it is for the account to say."""
        return ALL if access.get("resend", "new_only") == "all" else NEW

    def keys(self, access: Access, debt: Debt) -> Iterator[tuple[str, Debt]]:
        """The network does not say whether a debt may come again: nothing forbids it here."""
        yield "", replace(debt, customer=_reference(debt.customer), invoice=_invoice(debt))

    def problem(self, access: Access, debt: Debt) -> str:
        try:
            _proved(debt)
        except BadDebt as error:
            return str(error)
        return ""

    def name(self, access: Access, made: Made) -> str:
        """FAC, sigla, sending date; the second file of a day ends with .01, the tenth with .09."""
        if made.number > MOST_FILES:
            raise BadDebt(_("PagoMisCuentas takes %(most)s files a day; this would be number %(number)s. Send it "
                            "tomorrow.", most=MOST_FILES, number=made.number))
        more = f".{made.number - 1:02d}" if made.number > 1 else ""
        return f"FAC{access.get('sigla') or company(access)}.{sending_date(made):%d%m%y}{more}"

    def write(self, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
        return banelco.write(file, "0", company(access), sending_date(made), _details(debts))


def company(access: Access) -> str:
    """The company's number, four digits."""
    found = str(access.need("empresa"))
    if not re.fullmatch("[0-9]{4}", found):
        raise BadSetting(_("The company's number at PagoMisCuentas has four digits; found: %(found)s.", found=found),
                         field="empresa")
    return found


def sending_date(made: Made) -> dt.date:
    """The day of the file; by the hour it is the next banking day. Without an hour it is the day that was said."""
    if made.time >= CUT_OFF:
        return holidays.after_business_days(made.date, 1, "AR")
    return made.date if made.time == dt.time(0) else holidays.next_business_day(made.date, "AR")


def _details(debts: Iterable[Debt]) -> Iterator[dict[str, Any]]:
    seen = Repeats()
    for debt in debts:
        values = _proved(debt)
        if seen.number(f"{values['reference']}|{values['invoice']}") > 1:
            raise BadDebt(_("Reference %(reference)s has invoice %(invoice)s twice in this file; every debt must have "
                            "its own.", reference=values["reference"], invoice=values["invoice"]), field="invoice")
        yield values


def _proved(debt: Debt) -> dict[str, Any]:
    """What stands in the record of a debt."""
    dues.check(debt, 3)
    ticket = plain(debt.concept)[:40]
    values = {"reference": _reference(debt.customer), "invoice": _invoice(debt), **banelco.dues(debt),
              "previous": _reference(str(debt.extra.get("previous_reference") or debt.customer)), "ticket": ticket,
              "screen": plain(str(debt.extra.get("screen") or ticket))[:15],
              "barcode": plain(str(debt.extra.get("barcode") or ""))}
    banelco.DETAIL.write(values)
    return values


def _reference(text: str) -> str:
    """The code by which the subscriber pays: never shortened, a shorter one could be somebody else's."""
    found = plain(text).strip()
    if not 1 <= len(found) <= 19:
        raise BadDebt(_("A reference at PagoMisCuentas has 1 to 19 letters and digits; found: %(found)s.", found=text),
                      field="customer")
    return found


def _invoice(debt: Debt) -> str:
    return plain(debt.invoice)[:20].rstrip()


# --- payments in ---------------------------------------------------------------------------------------------


class PaymentFile:
    """COB: header, payments, trailer; every day of it is the day of its name."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        numbered = lines(file)
        number, first = next(numbered, (1, ""))
        header = HEADER.read(first, number)
        _check_company(access, header["company"], number)
        count, total, seen, ended = 0, ZERO, Repeats(), None
        for number, text in numbered:
            if ended is not None:
                _nothing_more(text, number)
            elif text.startswith("9"):
                ended = _check_trailer(text, number, header, count, total)
            else:
                values = _payment(text, number, header)
                count, total = count + 1, total + values["amount"]
                yield _reading(values, number, header["date"], seen)
        if ended is None:
            raise BadFile(_("The file ends after line %(line)s without its trailer: it was cut. Ask for it again.",
                            line=number), number, code="cut")
        yield ended


def _check_company(access: Access, theirs: str, number: int) -> None:
    ours = str(access.get("empresa"))
    if ours and ours != theirs:
        raise BadFile(_("Line %(line)s: this file is of company %(theirs)s; this account is %(ours)s. Import it into "
                        "the account that it belongs to.", line=number, theirs=theirs, ours=ours), number,
                      code="other_company")


def _nothing_more(text: str, number: int) -> None:
    if text:
        raise BadFile(_("Line %(line)s stands after the trailer; nothing may follow it.", line=number), number,
                      code="order")


def _check_trailer(text: str, number: int, header: Mapping[str, Any], count: int, total: Decimal) -> Control:
    found = TRAILER.read(text, number)
    for name, told, counted in ((_("company"), found["company"], header["company"]),
                                (_("date"), found["date"], header["date"]), (_("count"), int(found["count"]), count),
                                (_("total"), found["total"], total)):
        if told != counted:
            raise BadFile(_("Line %(line)s (trailer): its %(name)s is %(told)s, the file's is %(counted)s. Ask for the "
                            "file again.", line=number, name=name, told=told, counted=counted), number,
                          code="control")
    return Control(count, total, header["date"], {"company": header["company"]})


def _payment(text: str, number: int, header: Mapping[str, Any]) -> dict[str, Any]:
    values = DETAIL.read(text, number)
    if values["with_invoice"] not in ("1", "2"):
        raise BadFile(_("Line %(line)s, position 69: found “%(found)s”, expected 1 (without invoice) or 2.",
                        line=number, found=values["with_invoice"]), number, code="field")
    if values["credited"] != header["date"]:
        raise BadFile(_("Line %(line)s is credited on %(found)s, the file is of %(expected)s. Ask for the file again.",
                        line=number, found=values["credited"].isoformat(), expected=header["date"].isoformat()),
                      number, code="control")
    return values


def _reading(values: Mapping[str, Any], number: int, day: dt.date, seen: Repeats) -> Reading:
    identity = (f"{day:%Y%m%d}-{values['reference']}-{values['invoice']}-{values['paid']:%Y%m%d}-{values['control']}-"
                f"{int(values['amount'].scaleb(2))}")
    place = seen.number(identity)
    return Reading(
        identity if place == 1 else f"{identity}-{place}", "approved", values["amount"], "ARS", values["paid"],
        values["credited"], channel=values["channel"], reference=Reference(values["reference"], values["invoice"]),
        remarks=() if values["channel"] in CHANNELS else ("unknown_channel",), line=number,
        raw={"province": values["province"], "control": values["control"]})


# --- files that were refused ---------------------------------------------------------------------------------


class DebtAnswer:
    """RECHAZADO_FAC…: the whole file was refused; its debts count as not sent."""

    def read(self, file: BinaryIO, name: str, access: Access) -> tuple[str, Delivered]:
        found = REFUSED_NAME.fullmatch(name)
        if found is None:
            raise BadFile(_("An answer of PagoMisCuentas is called RECHAZADO_FAC…; found: %(name)s.", name=name[:80]),
                          code="name")
        ours = {str(access.get(key)).upper() for key in ("sigla", "empresa")} - {""}
        if ours and found[2].upper() not in ours:
            raise BadFile(_("This answer is for %(theirs)s, not for this account.", theirs=found[2]),
                          code="other_company")
        # the refused file itself may follow its reasons
        reasons = [text.strip()[:300] for _number, text in lines(file) if text.strip() and len(text) != 280]
        return found[1].upper(), Delivered("refused", 0, None, tuple(reasons[:MOST_REASONS]))
