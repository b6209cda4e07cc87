"""What a gateway tells becomes a row per identity: new ones are made, known ones follow what is told later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import among, db, insert_new, lock
from core.scope import current_company_id
from modules.gateways import accounts, causes, day_files, naming
from modules.gateways.access import PRODUCTION
from modules.gateways.models import Account, Transaction
from modules.gateways.shapes import Reading

ZERO = Decimal("0.00")
# words that bear out money in the books; what denies it, or does not know, keeps nothing there
SAYS_PAID = ("approved", "reversed")


def note(account: Account, readings: Iterable[Reading], file_id: int | None = None,
         listed: bool = False) -> tuple[list[Transaction], int]:
    """The rows of what was told, held, in the order of their ids; and how many of them are new.

    `listed`: it is the network's own list of a day, as a file of it is.
    """
    told = _newest(readings)
    if not told:
        return [], 0
    held = listed or file_id is not None
    if naming.may_differ(account, told):
        _one_at_a_time(account)
    names = naming.names(account, told, held)
    new = _insert(account, told, names, file_id)
    rows = _locked(account, {names.of(one) for one in told})
    pairs = [(rows[name], one) for one in told if (name := names.of(one)) in rows]
    naming.keep(account, pairs, names, held)
    real = accounts.environment_of(account) == PRODUCTION
    no_money = accounts.is_test(account)
    for row, one in pairs:
        # nobody told of it yet, or not that it was paid, or what was told was taken back with its file
        if not row.status or (row.payment_id is None and row.status not in SAYS_PAID and one.status in SAYS_PAID):
            row.file_id, row.line = file_id, one.line
        if not held and one.status in SAYS_PAID:
            row.told_at = row.told_at or clock.now()
        _follow(row, one)
        if no_money or (real and not one.live):
            _note_test(row)
    if held:
        day_files.keep([row for row, one in pairs if one.status in SAYS_PAID], file_id)
    db.session.flush()
    return list(rows.values()), new


def _one_at_a_time(account: Account) -> None:
    """Who else tells of this account waits until the end of this transaction.

    Which payment a name means is read before it is written: two who read at once would both take what a page told, or
    make two payments of it. Rows that only point to the account (a notice that comes in) do not wait.
    """
    db.session.execute(sa.select(Account.id).where(Account.id == account.id).with_for_update(key_share=True))


def _newest(readings: Iterable[Reading]) -> list[Reading]:
    """One reading per identity: the later one, where the gateway tells when it changed, else the last one."""
    found: dict[str, Reading] = {}
    for one in readings:
        before = found.get(one.external_id)
        if before is None or _is_later(one.updated_at, before.updated_at):
            found[one.external_id] = one
    return list(found.values())


def _is_later(now: dt.datetime | None, before: dt.datetime | None) -> bool:
    return now is None or before is None or now >= before


def _insert(account: Account, told: Sequence[Reading], names: naming.Names, file_id: int | None) -> int:
    rows = [_row(account, one, file_id) for one in told if one.external_id not in names.found and not _is_nothing(one)]
    return insert_new(Transaction.__table__, rows, unique=("account_id", "external_id"))


def _is_nothing(one: Reading) -> bool:
    """A taking back that came to nothing is of interest only where it was told of before."""
    return bool(one.reverses) and one.status == "rejected"


def _row(account: Account, one: Reading, file_id: int | None) -> dict[str, Any]:
    return {"company_id": current_company_id(), "account_id": account.id, "external_id": one.external_id,
            "kind": "reversal" if one.status == "reversed" or one.reverses else "payment", "status": "",
            "state": "noted", "cause": "", "attention": "", "amount": one.amount, "currency": one.currency,
            "channel": "", "customer_code": "", "invoice_code": "", "barcode": "", "attempt_code": "", "payer": {},
            "reverses": one.reverses, "reason": "", "remarks": [], "raw": {}, "fee_booked": ZERO,
            "withheld_booked": ZERO, "bookings": 0, "file_id": file_id, "line": one.line, "seen_at": clock.now(),
            "note": ""}


def _locked(account: Account, names: Iterable[str]) -> dict[str, Transaction]:
    rows = db.session.scalars(lock(
        sa.select(Transaction).where(Transaction.account_id == account.id, among(Transaction.external_id, names))
        .order_by(Transaction.id)).execution_options(populate_existing=True))
    return {row.external_id: row for row in rows}


def _follow(row: Transaction, one: Reading) -> None:
    """Take over what the gateway says now, unless it said something later already."""
    if row.status and not _is_later(one.updated_at, row.gateway_changed_at):
        return
    _watch_dispute(row, one)
    row.remarks = list(one.remarks)
    if row.state == "booked" and row.kind == "payment" and _contradicts(row, one):
        row.attention = causes.more_urgent(row.attention, causes.CONTRADICTED)
        return
    row.status, row.amount, row.currency = one.status, one.amount, one.currency
    row.paid_on, row.credited_on = one.paid_at or row.paid_on, one.credited_at or row.credited_on
    row.fee = one.fee if one.fee is not None else row.fee
    row.withheld = one.withheld if one.withheld is not None else row.withheld
    row.channel, row.reason = one.channel[:40] or row.channel, one.reason[:300]
    row.customer_code = one.reference.customer[:80] or row.customer_code
    row.invoice_code = one.reference.invoice[:80] or row.invoice_code
    row.barcode = one.reference.barcode[:120] or row.barcode
    row.attempt_code = one.reference.attempt[:80] or row.attempt_code
    row.payer, row.raw = dict(one.payer), dict(one.raw)
    row.reverses = one.reverses or row.reverses
    row.gateway_changed_at = one.updated_at or row.gateway_changed_at


def _watch_dispute(row: Transaction, one: Reading) -> None:
    """A dispute that begins asks for a person; once he has looked, it does not ask again while it goes on."""
    if causes.DISPUTED in one.remarks and causes.DISPUTED not in (row.remarks or ()):
        row.attention = causes.DISPUTED
    elif causes.DISPUTED not in one.remarks and row.attention == causes.DISPUTED:
        row.attention = ""


def _note_test(row: Transaction) -> None:
    """No money came: it is shown, and never booked by itself."""
    if row.state in ("noted", "waiting"):
        row.state, row.cause = "waiting", causes.TEST_PAYMENT


def _contradicts(row: Transaction, one: Reading) -> bool:
    """Whether money that is in the books is said to be another amount, or none at all."""
    return (one.amount, one.currency) != (row.amount, row.currency) or one.status not in ("approved", "unknown")
