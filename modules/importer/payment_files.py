"""Payments of a spreadsheet or of pasted lines: looked at first, then recorded; refused lines are given back.

Each line has a name of its own that the ledger takes once: its reference, else who, when and how much. So a file may be
loaded again, whole or in part, and nothing is recorded twice.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, jobs, storage
from core.db import among, db, find, write_rows
from core.errors import DomainError
from core.i18n import _, format_amount, format_date
from core.scope import current_company, current_company_id, current_user_id
from modules.accounting import bulk_payments
from modules.accounting.models import Payment
from modules.accounting.payments import Medium, PaymentData
from modules.crm import countries
from modules.crm.models import Customer
from modules.importer import handback, payment_lines, services
from modules.importer.models import ImportRefusal, ImportRun
from modules.importer.payment_lines import PaymentLine
from modules.importer.reader import Sheet, kind_of

SOURCE = "file"
CHUNK, SHOWN = 500, 20
LARGEST, MOST = 20 * 2**20, 50_000
ZERO = Decimal("0.00")


class Checked:
    """A line with what the books say of it."""

    __slots__ = ("customer", "data", "known", "line")

    def __init__(self, line: PaymentLine, customer: Any = None) -> None:
        self.line, self.customer = line, customer
        self.data: PaymentData | None = None
        # the receipt that says this payment already
        self.known = ""


# --- on screen ---------------------------------------------------------------------------------------------


def open_run(data: bytes, name: str, given: dict[str, Any]) -> ImportRun:
    """Keep a file and look at it; nothing is recorded. DomainError where it cannot be read."""
    if len(data) > LARGEST:
        raise DomainError(_("%(name)s cannot be read because it is larger than %(size)s MB.", name=name,
                            size=LARGEST // 2**20), field="file")
    sheet = payment_lines.read(data, name)
    if len(sheet.rows) > MOST:
        raise DomainError(_("%(name)s cannot be read because it has more than %(most)s lines; divide it.", name=name,
                            most=MOST), field="file")
    stored = storage.store(data, name[:200], services.MEDIA[kind_of(io.BytesIO(data), name)])
    run = ImportRun(company_id=current_company_id(), kind="payments", file_id=stored.id, user_id=current_user_id(),
                    state="checked", given=given)
    db.session.add(run)
    db.session.flush()
    _look(run, sheet)
    return run


def verdicts(data: bytes, given: Mapping[str, Any]) -> dict[int, str]:
    """Of each line of a small file by its number, why it would be refused, or ""; nothing is kept.

    What looks like the sum below a list is no line.
    """
    return {one.line.line: " ".join(one.line.problems)
            for one in _checked(given, payment_lines.read(data, "csv"))}


def look_again(run: ImportRun, given: dict[str, Any]) -> None:
    """Look at the file anew, with other answers or after something was mended in the books."""
    if run.state not in ("checked", "failed"):
        raise DomainError(_("This cannot be changed any more because the file was loaded."))
    run.given, run.state, run.error = given, "checked", ""
    _look(run, payment_lines.read(storage.read(run.file_id), run.file.name))


def confirm(run: ImportRun) -> None:
    """Record the payments in the background; the second time does nothing."""
    from modules.importer import jobs as work

    if run.state not in ("checked", "failed"):
        return
    run.state, run.error, run.done = "loading", "", 0
    jobs.enqueue(work.load_payments, run_id=run.id)


def _look(run: ImportRun, sheet: Sheet) -> None:
    """Keep what would happen: sums, the first lines, and the refused ones."""
    shown: list[dict[str, Any]] = []
    sums, refused = _Sums(), []
    for checked in _checked(run.given, sheet):
        sums.add(checked)
        if checked.line.problems:
            refused.append(checked.line)
        elif len(shown) < SHOWN:
            shown.append(_shown(checked))
    run.result, run.total = sums.result(), sums.good
    run.looks = {"headings": handback.headings_of(sheet), "lines": shown}
    _keep_refused(run, refused)


def _shown(one: Checked) -> dict[str, Any]:
    line = one.line
    return {"line": line.line, "customer": one.customer.name, "code": one.customer.code, "customer_id": one.customer.id,
            "date": format_date(line.day), "amount": f"{line.amount:.2f}", "method": line.method,
            "reference": line.reference, "known": one.known}


class _Sums:
    """What a file comes to."""

    def __init__(self) -> None:
        self.good = self.known = self.refused = 0
        self.total = self.refused_total = ZERO

    def add(self, one: Checked) -> None:
        if one.line.problems:
            self.refused += 1
            self.refused_total += one.line.amount or ZERO
        elif one.known:
            self.known += 1
        else:
            self.good += 1
            self.total += one.line.amount or ZERO

    def result(self) -> dict[str, Any]:
        return {"good": self.good, "known": self.known, "refused": self.refused, "total": f"{self.total:.2f}",
                "refused_total": f"{self.refused_total:.2f}"}


def _keep_refused(run: ImportRun, lines: Sequence[PaymentLine]) -> None:
    db.session.execute(sa.delete(ImportRefusal).where(ImportRefusal.run_id == run.id))
    write_rows(ImportRefusal.__table__, [
        {"company_id": run.company_id, "run_id": run.id, "line": one.line, "name": one.who[:200],
         "reason": " ".join(one.problems), "balance": "" if one.amount is None else f"{one.amount:.2f}",
         "cells": handback.as_json(one.cells)} for one in lines])


# --- what the books say ------------------------------------------------------------------------------------


def _checked(given: Mapping[str, Any], sheet: Sheet) -> Iterator[Checked]:
    """Every line, compared with customers, closed days and recorded payments, some hundred at a time."""
    company = current_company()
    seen: Counter[str] = Counter()
    days: dict[Any, str] = {}
    lines = payment_lines.understood(sheet, company.country, clock.today(company), given.get("method") or "transfer")
    for chunk in _chunks(lines):
        people = _people([one for one in chunk if one.who])
        found = [Checked(one, people.get((one.who, one.is_document))) for one in chunk]
        for one in found:
            _prepare(one, given, seen, days)
        _compare([one for one in found if one.data], bool(given.get("twins")))
        yield from found


def _chunks(lines: Iterator[PaymentLine]) -> Iterator[list[PaymentLine]]:
    chunk: list[PaymentLine] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _people(lines: Sequence[PaymentLine]) -> dict[tuple[str, bool], Any]:
    """The customer of each line by code, else by document; those that two customers have are left out and told."""
    compact = countries.get(current_company().country).compact
    numbers = {one.who: compact(one.who) for one in lines}
    columns = (Customer.id, Customer.name, Customer.code, Customer.tax_id)
    codes = {row.code: row for row in db.session.execute(
        sa.select(*columns).where(Customer.code.in_({one.who for one in lines if not one.is_document})))}
    holders: dict[str, list[Any]] = {}
    for row in db.session.execute(sa.select(*columns).where(Customer.tax_id.in_({*numbers.values()} - {""}))):
        holders.setdefault(row.tax_id, []).append(row)
    found: dict[tuple[str, bool], Any] = {}
    for one in lines:
        same = holders.get(numbers[one.who], [])
        person = None if one.is_document else codes.get(one.who)
        if person is None and len(same) == 1:
            person = same[0]
        elif person is None and same:
            one.problems.append(_("Several customers have the document %(number)s: write the code.", number=one.who))
        elif person is None:
            one.problems.append(_("No customer has the code or document %(number)s.", number=one.who))
        found[one.who, one.is_document] = person
    return found


def _prepare(one: Checked, given: Mapping[str, Any], seen: Counter[str], days: dict[Any, str]) -> None:
    """Make a payment of the line, where nothing is wrong with it."""
    line = one.line
    if line.problems or one.customer is None or line.amount is None or line.day is None:
        return
    withheld = line.method == "withholding"
    medium = Medium(line.amount, line.method, None if withheld else given.get("account"), line.reference)
    key = _key(line, one.customer.id)
    seen[key] += 1
    if line.reference and seen[key] > 1:
        line.problems.append(_("The reference %(reference)s of this customer is in the file twice.",
                               reference=line.reference))
        return
    data = PaymentData(one.customer.id, [medium], line.day, source=SOURCE, notes=line.notes,
                       external_id=key if line.reference else f"{key}:{seen[key]}")
    if line.day not in days:
        days[line.day] = bulk_payments.day_problem(line.day)
    problem = bulk_payments.problem(data) or days[line.day]
    if problem:
        line.problems.append(problem)
    else:
        one.data = data


def _key(line: PaymentLine, customer_id: int) -> str:
    """What makes the line itself: its reference, else when and how much."""
    if line.reference:
        return f"{customer_id}:{line.reference.casefold()}"[:110]
    return f"{customer_id}:{line.day}:{line.amount}"


def _compare(lines: Sequence[Checked], twins: bool) -> None:
    """Mark what was recorded before, from a file or by hand."""
    keys = {one.data.external_id: one for one in lines if one.data}
    for row in db.session.scalars(sa.select(Payment).where(
            Payment.source == SOURCE, Payment.external_id.in_(list(keys)))):
        one = keys[row.external_id]
        if row.amount == one.line.amount:
            one.known = str(row)
        else:
            one.line.problems.append(_(
                "The reference %(reference)s was recorded before with %(amount)s (receipt %(number)s).",
                reference=one.line.reference, number=str(row), amount=format_amount(row.amount, row.currency)))
    if not twins:
        _find_twins([one for one in lines if not one.known and not one.line.problems])


def _find_twins(lines: Sequence[Checked]) -> None:
    """What looks like a payment that was recorded by hand is not recorded unless somebody says so."""
    rows = db.session.scalars(sa.select(Payment).where(
        among(Payment.customer_id, {one.customer.id for one in lines}), Payment.state == "recorded",
        Payment.paid_on.in_({one.line.day for one in lines}), Payment.source != SOURCE))
    known: dict[Any, Payment] = {(row.customer_id, row.paid_on, row.amount): row for row in rows}
    for one in lines:
        twin = known.get((one.customer.id, one.line.day, one.line.amount))
        if twin is not None:
            one.line.problems.append(_(
                "Receipt %(number)s of the same day says the same amount. If this is other money, tick the box below "
                "and look again.", number=str(twin)))


# --- recording ---------------------------------------------------------------------------------------------


def load(run_id: int) -> None:
    """Record what can be recorded, a chunk in a transaction, and keep the rest with its reasons."""
    run = find(ImportRun, run_id)
    if run.state == "loaded":
        return
    sheet = payment_lines.read(storage.read(run.file_id), run.file.name)
    sums, refused, batch = _Sums(), [], []
    run.began_at = run.began_at or clock.now()
    for one in _checked(run.given, sheet):
        sums.add(one)
        if one.line.problems:
            refused.append(one.line)
        elif not one.known and one.data:
            batch.append(one.data)
        if len(batch) == CHUNK:
            _record(run_id, batch)
            batch = []
    _record(run_id, batch)
    run = find(ImportRun, run_id)
    run.result = sums.result() | {"recorded": run.done}
    run.state, run.finished_at, run.error = "loaded", clock.now(), ""
    _keep_refused(run, refused)


def _record(run_id: int, batch: list[PaymentData]) -> None:
    run = find(ImportRun, run_id)
    ids = bulk_payments.record_many(batch)
    if run.given.get("send"):
        bulk_payments.tell(ids)
    run.done += len(ids)
    jobs.checkpoint()
