"""Settlement and release reports (reference 1.9): CSV by header names, a row at a time.

The columns are the account's choice, their signs and decimals the installation's. What decides is the sum of a row:
gross = fee + taxes + net, to the cent; a row that does not add up is a problem.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import Settled
from modules.gateways.providers.mercadopago.mapping import moment
from modules.gateways.providers.mercadopago.sites import site_of
from modules.gateways.shapes import ZERO, Control, Problem, Reference

LONGEST_LINE = 256 * 1024
_AMOUNT = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")
SETTLEMENT = ("SOURCE_ID", "TRANSACTION_TYPE", "TRANSACTION_AMOUNT", "FEE_AMOUNT", "SETTLEMENT_NET_AMOUNT")
RELEASE = ("SOURCE_ID", "RECORD_TYPE", "DESCRIPTION", "NET_CREDIT_AMOUNT", "NET_DEBIT_AMOUNT", "GROSS_AMOUNT",
           "MP_FEE_AMOUNT")
KINDS = {"SETTLEMENT": "payment", "REFUND": "refund", "CHARGEBACK": "chargeback", "DISPUTE": "chargeback",
         "WITHDRAWAL": "payout", "WITHDRAWAL_CANCEL": "payout", "PAYOUT": "payout",
         "payment": "payment", "refund": "refund", "chargeback": "chargeback", "dispute": "chargeback",
         "mediation": "chargeback", "payout": "payout", "withdrawal": "payout", "withdrawal_cancel": "payout"}
# fees beside the main one, counted where only with them a row adds up
MORE_FEES = ("MKP_FEE_AMOUNT", "FINANCING_FEE_AMOUNT", "SHIPPING_FEE_AMOUNT", "COUPON_AMOUNT")
OPENING, CLOSING = "initial_available_balance", "available_balance"


class MercadoPagoStatement:
    """What Mercado Pago says that it collected, kept, took back and paid out."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Settled | Problem | Control]:
        """Rows in order, the Control last: count and sum of the nets. BadFile where it is not whole or not ours."""
        lines = _Lines(file)
        rows = _rows(lines)
        first = next(rows, None)
        if first is None:
            raise BadFile(_("This file is empty."), 1)
        report = _report(first[1], access)
        for number, values in rows:
            yield from report.take(number, values)
        if report.line == 1 and not lines.ended:
            raise BadFile(_("The file ends within its heading: it was cut off. Download it again."), 1, code="cut_off")
        yield report.control()


@dataclass
class Report:
    """A report as it is read: its columns, and what its rows come to."""

    access: Access
    columns: tuple[str, ...]
    release: bool
    count: int = 0
    net: Decimal = ZERO
    # money set aside for a while and given back: no payment, but part of the balance
    reserved: Decimal = ZERO
    balances: dict[str, Decimal] = field(default_factory=dict)
    line: int = 1

    def take(self, number: int, values: list[str]) -> Iterator[Settled | Problem]:
        """One row: a movement, a problem, or nothing for what only frames the others."""
        self.line = number
        if not any(one.strip() for one in values):
            return
        if len(values) != len(self.columns):
            raise BadFile(_("Line %(line)s has %(found)s columns, and the heading has %(expected)s: the file was cut "
                            "off or changed. Download it again.", line=number, found=len(values),
                            expected=len(self.columns)), number, code="columns")
        if CLOSING in self.balances:
            raise BadFile(_("Line %(line)s comes after the closing balance: these are several files in one.",
                            line=number), number, code="after_end")
        row = dict(zip(self.columns, (one.strip() for one in values), strict=True))
        self._ours(number, row)
        yield from self._release(number, row) if self.release else self._settlement(number, row)

    def _ours(self, number: int, row: Mapping[str, str]) -> None:
        site, told = site_of(self.access), row.get("SITE", "").upper()
        if site is not None and told and told != site.code:
            raise BadFile(_("Line %(line)s is of an account in %(found)s, and this account is in %(expected)s.",
                            line=number, found=told, expected=site.code), number, code="other_account")

    def _settlement(self, number: int, row: Mapping[str, str]) -> Iterator[Settled | Problem]:
        kind = KINDS.get(row["TRANSACTION_TYPE"].upper())
        if kind is None:
            yield _unknown(number, row["TRANSACTION_TYPE"])
            return
        net = _amount(number, row, "SETTLEMENT_NET_AMOUNT")
        yield self._settled(number, row, kind, _amount(number, row, "TRANSACTION_AMOUNT"), "FEE_AMOUNT", net,
                            self._day(number, row, "SETTLEMENT_DATE") or self._day(number, row, "TRANSACTION_DATE"),
                            self._day(number, row, "MONEY_RELEASE_DATE"))

    def _release(self, number: int, row: Mapping[str, str]) -> Iterator[Settled | Problem]:
        record, what = row["RECORD_TYPE"].lower(), row["DESCRIPTION"].lower()
        net = _amount(number, row, "NET_CREDIT_AMOUNT") - _amount(number, row, "NET_DEBIT_AMOUNT")
        if record in (OPENING, CLOSING):
            self.balances[record] = net
        elif record == "release" and what.startswith("reserve_for_"):
            self.reserved += net
        elif record == "release":
            if what not in KINDS:
                self.reserved += net
                yield _unknown(number, row["DESCRIPTION"])
                return
            day = self._day(number, row, "DATE")
            yield self._settled(number, row, KINDS[what], _amount(number, row, "GROSS_AMOUNT"), "MP_FEE_AMOUNT", net,
                                self._day(number, row, "TRANSACTION_APPROVAL_DATE") or day, day)
        elif record != "total":
            yield _unknown(number, row["RECORD_TYPE"])

    def _settled(self, number: int, row: Mapping[str, str], kind: str, gross: Decimal, fee_column: str, net: Decimal,
                 settled_on: dt.date | None, released_on: dt.date | None) -> Settled | Problem:
        self.count, self.net = self.count + 1, self.net + net
        main, taxes = _amount(number, row, fee_column), _amount(number, row, "TAXES_AMOUNT")
        more = sum((_amount(number, row, name) for name in MORE_FEES), ZERO)
        for fee in (main, main + more):
            for sign in (1, -1):  # some exports write what is kept as a cost, some as a movement
                if gross == sign * (fee + taxes) + net:
                    return Settled(
                        row["SOURCE_ID"], kind, gross, sign * fee + ZERO, sign * taxes + ZERO, net,
                        row.get("SETTLEMENT_CURRENCY") or row.get("TRANSACTION_CURRENCY") or self.access.currency,
                        settled_on, released_on, Reference(attempt=row.get("EXTERNAL_REFERENCE", "")), number)
        return Problem(number, "sum", _("Line %(line)s does not add up: %(gross)s is not %(fee)s fee, %(taxes)s taxes "
                                        "and %(net)s net.", line=number, gross=gross, fee=main, taxes=taxes, net=net))

    def _day(self, number: int, row: Mapping[str, str], column: str) -> dt.date | None:
        text = row.get(column, "")
        found = moment(text)
        if found is not None:
            return self.access.day(found)
        if re.match(r"\d{4}-\d{2}-\d{2}$", text):
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                pass
        if text:
            raise _bad(number, column, text, _("a date like 2026-11-09T10:04:58.000-04:00"))
        return None

    def control(self) -> Control:
        """What the rows come to. A release report has an opening balance, and must then end with the closing one."""
        if OPENING in self.balances and CLOSING not in self.balances:
            raise BadFile(_("The file ends without its closing balance: it was cut off. Download it again."),
                          self.line, code="cut_off")
        if len(self.balances) == 2:
            wanted = self.balances[CLOSING] - self.balances[OPENING]
            if wanted != self.net + self.reserved:
                raise BadFile(_("The movements come to %(found)s, and the balances differ by %(expected)s: rows are "
                                "missing or changed. Download it again.", found=self.net + self.reserved,
                                expected=wanted), self.line, code="balance")
        facts = {"report": "release" if self.release else "settlement", "reserved": str(self.reserved)}
        return Control(self.count, self.net, facts=facts)


def _report(header: list[str], access: Access) -> Report:
    columns = tuple(one.strip().upper() for one in header)
    release = "RECORD_TYPE" in columns
    missing = [name for name in (RELEASE if release else SETTLEMENT) if name not in columns]
    if missing:
        raise BadFile(_("Line 1 must name the columns of a Mercado Pago report; these are missing: %(names)s. Add them "
                        "to the report's columns in Mercado Pago's panel and make it again.",
                        names=", ".join(missing)), 1, code="columns")
    if len(set(columns)) != len(columns):
        raise BadFile(_("Line 1 names a column twice."), 1, code="columns")
    return Report(access, columns, release)


def _rows(lines: _Lines) -> Iterator[tuple[int, list[str]]]:
    """(number of its last line, values) of each row; the heading says by what columns are separated."""
    first = next(lines, "")
    if not first:
        return
    separator = ";" if first.count(";") > first.count(",") else ","

    def again() -> Iterator[str]:
        yield first
        yield from lines

    reader = csv.reader(again(), delimiter=separator, strict=True)
    try:
        for values in reader:
            yield lines.number, values
    except csv.Error:
        raise BadFile(_("Line %(line)s is not whole: a quotation mark is open or out of place. Download the file "
                        "again.", line=lines.number), lines.number, code="quotes") from None


class _Lines(Iterator[str]):
    """Lines as text, one at a time, with their ends; `ended`: the last one has its own."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.number, self.ended = file, 0, False

    def __next__(self) -> str:
        raw = self.file.readline(LONGEST_LINE)
        if not raw:
            raise StopIteration
        self.number, self.ended = self.number + 1, raw.endswith((b"\n", b"\r"))
        if len(raw) >= LONGEST_LINE and not raw.endswith(b"\n"):
            raise BadFile(_("Line %(line)s is longer than %(most)s characters: this is no file of this kind.",
                            line=self.number, most=LONGEST_LINE), self.number, code="length")
        try:
            text = raw.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise BadFile(_("Line %(line)s cannot be read as %(encoding)s. Ask for the file again.", line=self.number,
                            encoding="UTF-8"), self.number, code="encoding") from None
        if "\0" in text:
            raise BadFile(_("Line %(line)s holds signs that no text has. Download the file again.", line=self.number),
                          self.number, code="encoding")
        return text


def _amount(number: int, row: Mapping[str, str], column: str) -> Decimal:
    """An amount with point or comma; nothing is zero."""
    text = row.get(column, "")
    if not text:
        return ZERO
    plain = text
    if "," in text:
        whole, _comma, cents = text.rpartition(",")
        plain = f"{whole.replace('.', '')}.{cents}" if len(cents) in (1, 2) and "," not in whole else ""
    if not _AMOUNT.fullmatch(plain):
        raise _bad(number, column, text, _("an amount like 12100.00"))
    found = Decimal(plain)
    exact = found.quantize(Decimal("0.01"))
    if exact != found:
        raise _bad(number, column, text, _("an amount like 12100.00"))
    return exact


def _unknown(number: int, what: str) -> Problem:
    return Problem(number, "unknown_kind", _("Line %(line)s is a movement of a kind that is not known: %(kind)s.",
                                             line=number, kind=what[:60]))


def _bad(number: int, column: str, found: str, wanted: str) -> BadFile:
    return BadFile(_("Line %(line)s, %(column)s: found “%(found)s”, expected %(wanted)s.", line=number, column=column,
                     found=found[:60], wanted=wanted), number, code="field")
