"""The direct debit file of 250 characters, sent and answered in the same layout. Pure.

Source: the manual of one bank and one integration. Numbers of accounts are shown by their last four digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, BinaryIO

from stdnum.ar import cbu

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadFile, BadSetting
from modules.gateways.ports import UNANSWERED
from modules.gateways.providers.banelco import put
from modules.gateways.records import Record, lines, plain
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Debt, Made, Problem, Reading, Reference

_BEGIN = (("kind", 1, "=D"), ("cuit", 11, "n"), ("form", 3, "=001"), ("service", 10, "a<"), ("due", 8, "d8r!"))
_MIDDLE = (("customer", 22, "a<"), ("original", 8, "d8r!"), ("reference", 15, "a<"), ("amount", 10, "m2"),
           ("currency", 2, "=80"))
SENT = Record("debit", (
    *_BEGIN, ("block_1", 8, "n"), ("zeros", 3, "z"), ("block_2", 14, "n"), *_MIDDLE, ("others", 36, "z"),
    ("new_id", 22, "b"), ("rejection", 3, "b"), ("order", 10, "b"), ("movement", 10, "b"), ("blank", 54, "b")))
ANSWERED = Record("debit", (
    *_BEGIN, ("account", 25, "."), *_MIDDLE, ("others", 36, "."), ("new_id", 22, "a<"), ("rejection", 3, "a<"),
    ("order", 10, "a<"), ("movement", 10, "a<"), ("blank", 54, ".")))
TRAILER = Record("trailer", (
    ("kind", 1, "=T"), ("count", 10, "n"), ("monetary", 7, "n"), ("other", 7, "n"), ("date", 8, "d8r!"),
    ("blank", 70, "b"), ("total", 10, "m2"), ("rest", 137, "b")))
LONG_NUMBER = re.compile(r"\d{8,}")


class DebtFile:
    """`extra`: cbu (22 digits). Debited on the first due date."""

    secrets: tuple[str, ...] = ("cbu",)
    dates: int = 1

    def resend(self, access: Access) -> str:
        """Nobody is debited twice: a debit goes out again when its rejection came."""
        return UNANSWERED

    def keys(self, access: Access, debt: Debt) -> Iterator[tuple[str, Debt]]:
        """A debit that was refused is presented again: nothing forbids it."""
        values = _values(access, debt)
        yield "", replace(debt, customer=values["customer"], invoice=values["reference"])

    def problem(self, access: Access, debt: Debt) -> str:
        try:
            SENT.write(_values(access, debt))
        except BadDebt as error:
            return str(error)
        return ""

    def name(self, access: Access, made: Made) -> str:
        """Our own: banks agree names with each company."""
        more = f"-{made.number}" if made.number > 1 else ""
        return f"DEBITOS-{cuit(access)}-{made.date:%Y%m%d}{more}.txt"

    def write(self, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
        count, total, seen = 0, ZERO, Repeats()
        for debt in debts:
            values = _values(access, debt)
            if seen.number(f"{values['customer']}|{values['reference']}") > 1:
                raise BadDebt(_("Customer %(customer)s has reference %(reference)s twice in this file; the answer "
                                "could not tell them apart.", customer=values["customer"],
                                reference=values["reference"]), field="invoice")
            put(file, SENT.write(values))
            count, total = count + 1, total + values["amount"]
        put(file, TRAILER.write({"count": count, "monetary": count, "other": 0, "date": made.date, "total": total}))
        return Control(count, total, made.date)


def cuit(access: Access) -> str:
    """The company's CUIT, eleven digits."""
    found = "".join(sign for sign in str(access.need("cuit")) if sign.isdigit())
    if len(found) != 11:
        raise BadSetting(_("A CUIT has eleven digits; found: %(found)s.", found=access.get("cuit")), field="cuit")
    return found


def _values(access: Access, debt: Debt) -> dict[str, Any]:
    dues.check(debt, 3)
    account, first = _cbu(debt), debt.due[0]
    customer, reference = plain(debt.customer).strip(), plain(debt.invoice).strip()
    if not 1 <= len(customer) <= 22:
        raise BadDebt(_("Direct debits know customers by 1 to 22 letters and digits; found: %(found)s.",
                        found=debt.customer), field="customer")
    return {"cuit": cuit(access), "service": str(access.need("servicio")), "due": first.date, "block_1": account[:8],
            "block_2": account[8:], "customer": customer, "original": first.date, "reference": reference[-15:].strip(),
            "amount": first.amount}


def _cbu(debt: Debt) -> str:
    """The account; what is wrong with it is told by its last four digits."""
    found = str(debt.extra.get("cbu") or "").replace(" ", "")
    if not found:
        raise BadDebt(_("To debit customer %(customer)s you must first note his CBU on his page, under Payment codes.",
                        customer=debt.customer), field="cbu")
    if not (found.isascii() and cbu.is_valid(found)):
        raise BadDebt(_("To debit customer %(customer)s you must give a CBU of 22 digits whose check digits are right; "
                        "found: %(count)s characters that end with %(last)s.", customer=debt.customer,
                        count=len(found), last=found[-4:] if len(found) > 8 else "-"), field="cbu")
    return found


class PaymentFile:
    """The bank's answer: what was debited, and what was rejected and why."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        count, total, seen, ended, number = 0, ZERO, Repeats(), None, 1
        for number, text in lines(file):
            if ended is not None:
                if text:
                    raise BadFile(_("Line %(line)s stands after the trailer; nothing may follow it.", line=number),
                                  number, code="order")
            elif text.startswith("T"):
                ended = _control(text, number, count, total)
            else:
                values = _read(text, number)
                _check_owner(access, values, number)
                count, total = count + 1, total + values["amount"]
                yield _reading(values, number, seen)
        if ended is None:
            raise BadFile(_("The file ends after line %(line)s without its trailer: it was cut. Ask for it again.",
                            line=number), number, code="cut")
        yield ended


def _read(text: str, number: int) -> dict[str, Any]:
    """Where a line is shifted, what is wrong in another field may be a part of the account's number."""
    try:
        return ANSWERED.read(text, number)
    except BadFile as error:
        raise BadFile(LONG_NUMBER.sub("…", str(error)), error.line, code=error.code) from None


def _check_owner(access: Access, values: Mapping[str, Any], number: int) -> None:
    ours = (cuit(access) if access.get("cuit") else "", str(access.get("servicio")))
    for mine, theirs in zip(ours, (values["cuit"], values["service"]), strict=True):
        if mine and mine != theirs:
            raise BadFile(_("Line %(line)s is of %(theirs)s; this account is %(ours)s. Import the file into the "
                            "account that it belongs to.", line=number, theirs=theirs, ours=mine), number,
                          code="other_company")


def _control(text: str, number: int, count: int, total: Decimal) -> Control:
    found = TRAILER.read(text, number)
    for name, told, counted in ((_("count"), int(found["monetary"]), count), (_("total"), found["total"], total)):
        if told != counted:
            raise BadFile(_("Line %(line)s (trailer): its %(name)s is %(told)s, the file's is %(counted)s. Ask for the "
                            "file again.", line=number, name=name, told=told, counted=counted), number,
                          code="control")
    return Control(count, total, found["date"])


def _reading(values: Mapping[str, Any], number: int, seen: Repeats) -> Reading:
    """Known by the bank's number of the movement, else by whose it is, when and how much."""
    rejection = values["rejection"]
    accepted = rejection.strip("0 ") == ""
    identity = (values["movement"].strip("0") and values["movement"]) or (
        f"{values['due']:%Y%m%d}-{values['customer']}-{values['reference']}-{int(values['amount'].scaleb(2))}")
    place = seen.number(identity)
    return Reading(
        identity if place == 1 else f"{identity}-{place}", "approved" if accepted else "rejected", values["amount"],
        "ARS", values["due"], channel="CBU", reference=Reference(values["customer"], values["reference"]),
        reason="" if accepted else rejection, line=number, raw={"order": values["order"]})
