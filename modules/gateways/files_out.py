"""Files of debts: numbered, made in chunks, made again byte for byte, sent or withdrawn.

A file is a row first. A job puts debts into it, a chunk per transaction, and goes on where a killed one stopped; then
it is written from its lines. What it was made from is kept, so the same bytes come out again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import IO, Any, BinaryIO, cast

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from core import audit, clock, storage
from core.db import among, db, lock, write_rows
from core.errors import DomainError
from core.i18n import _, format_date
from core.scope import current_company, current_company_id, current_user_id
from modules.accounting.models import Invoice
from modules.gateways import accounts, jsonform, picking, plans, ports
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.models import Account, DebtLine, File, FilePlan, FileProblem, PayerCode
from modules.gateways.picking import Chunk, Rules
from modules.gateways.shapes import Debt, Made

CHUNK = 1000
# what of an account decides how a debt is written
KEPT = ("issuer", "tax_id", "country", "currency", "zone")
# it is not, or not surely, at the gateway: taking it back frees the keys of its debts
NOT_SENT = ("making", "made", "refused")


def begin(account: Account, until: dt.date | None = None, *, reason: str = "") -> File:
    """A new file of the account's debts, of documents issued until that day (today); a job makes it.

    Refused while another is made, and while the payments of the former are not in where the plan says so, unless a
    `reason` is given.
    """
    if account.provider not in ports.debt_files:
        raise DomainError(_("%(account)s takes no debt files.", account=account.name))
    if missing := accounts.missing(account):
        raise DomainError(_("To make a debt file you must first fill in: %(names)s.",
                            names=", ".join(str(one.label) for one in missing)))
    plan = plans.of(account)
    if (why := plans.locked(account, plan)) and not reason.strip():
        raise DomainError(why, code="payments_outstanding")
    access, moment = accounts.access(account), clock.local(clock.now())
    made = File(account_id=account.id, direction="out", kind="debts", name="", sha256="", state="making",
                day=moment.date(), number=_next_number(account, moment.date()), created_by=current_user_id(),
                recipe=_recipe(account, access, plan, moment, until or moment.date()), reason=reason.strip()[:300])
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:
        raise DomainError(_("A debt file of %(account)s is being made already. Open it in the list of files.",
                            account=account.name), code="being_made") from None
    made.name = name_of(made)
    if why:
        audit.record("gateways.unlock_debt_file", made, {"locked": why[:200]}, reason)
    return made


def _next_number(account: Account, day: dt.date) -> int:
    last = db.session.scalar(sa.select(sa.func.max(File.number)).where(
        File.account_id == account.id, File.direction == "out", File.day == day))
    return (last or 0) + 1


def _recipe(account: Account, access: Access, plan: FilePlan, moment: dt.datetime, until: dt.date) -> dict[str, Any]:
    return {"settings": dict(account.settings), "time": f"{moment:%H:%M}", "until": until.isoformat(),
            **{name: getattr(access, name) for name in KEPT},
            "minimum": f"{plan.minimum:.2f}", "overdue_days": plan.overdue_days, "second_due": plan.second_due}


def access_of(row: File) -> Access:
    """The account as it was when the file was begun, with its secrets as they are."""
    kept = {name: row.recipe[name] for name in KEPT}
    return replace(accounts.access(row.account), **kept,
                   settings=accounts.settings_of(row.account.provider, row.recipe["settings"],
                                                 accounts.secrets_of(row.account)))


def made_of(row: File) -> Made:
    return Made(row.day or clock.today(), dt.time.fromisoformat(row.recipe["time"]), row.number)


def name_of(row: File) -> str:
    return port_of(row).name(access_of(row), made_of(row))[:200]


def port_of(row: File) -> ports.DebtFile:
    return ports.debt_files.get(row.account.provider)


# --- making --------------------------------------------------------------------------------------------------


def make(file_id: int, keep: Callable[[], None] | None = None) -> None:
    """Put the debts into a file that was begun, and write it. Commits after every chunk; `keep` holds the file."""
    keep = keep or db.session.commit
    row = _held(file_id)
    rules = _rules(row)
    while row.state == "making" and _add_chunk(row, rules):
        keep()
        row = _held(file_id)
    if row.state == "making":
        _finish(row)
    keep()


def _held(file_id: int) -> File:
    """The row as it is now, held: who withdraws it waits for the chunk."""
    return cast(File, db.session.scalars(lock(sa.select(File).where(File.id == file_id))
                                         .execution_options(populate_existing=True)).one())


def _rules(row: File) -> Rules:
    recipe = row.recipe
    return Rules(row.day or clock.today(), dt.date.fromisoformat(recipe["until"]), recipe["currency"],
                 Decimal(recipe["minimum"]), recipe["overdue_days"], recipe["second_due"])


def _add_chunk(row: File, rules: Rules) -> bool:
    """The next debts; False where there are no more documents."""
    chunk = picking.pick(row.account, access_of(row), port_of(row), rules, row.cursor, CHUNK)
    if not chunk.cursor:
        return False
    write_rows(DebtLine.__table__, _lines(row, chunk))
    _leave_out(row, chunk)
    row.done += len(chunk.picked)
    row.total += sum((one.debt.amount for one in chunk.picked), Decimal("0.00"))
    row.cursor = chunk.cursor
    return True


def _lines(row: File, chunk: Chunk) -> list[dict[str, Any]]:
    company_id, port = current_company_id(), port_of(row)
    return [{"company_id": company_id, "account_id": row.account_id, "file_id": row.id, "position": position,
             "invoice_id": one.invoice_id, "key": one.key or None, "customer_code": one.debt.customer[:80],
             "invoice_code": one.debt.invoice[:80], "amount": one.debt.amount, "open_amount": one.open_amount,
             "currency": one.debt.currency,
             "until": one.debt.due[-1].date, "refusal": "",
             "data": jsonform.debt_json(picking.without_secrets(port, one.debt))}
            for position, one in enumerate(chunk.picked, row.done + 1)]


def _leave_out(row: File, chunk: Chunk) -> None:
    if chunk.left_out:
        write_rows(FileProblem.__table__, [
            {"file_id": row.id, "line": 0, "code": code, "message": words, "invoice_id": invoice_id}
            for invoice_id, code, words in chunk.left_out])


def _finish(row: File) -> None:
    """Write it, and prove that it holds what its lines say."""
    if not row.done:
        row.state, row.ended_at = "empty", clock.now()
        return
    try:
        with storage.draft() as place:
            with place.open("wb") as file:
                control = _write(row, cast(BinaryIO, file))
            if (control.count, control.total) != (row.done, row.total):
                raise BadDebt(_("The file does not hold what was put into it. Make it again."))
            with place.open("rb") as file:
                row.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if not port_of(row).secrets:
                row.stored_id = storage.store_path(place, row.name, "application/octet-stream").id
    except BadDebt as error:
        row.state, row.error, row.ended_at = "refused", str(error)[:500], clock.now()
        _free_keys(row)
        return
    row.state, row.count, row.ended_at = "made", row.done, clock.now()
    audit.record("gateways.make_debt_file", row, {"name": row.name, "debts": row.count, "total": row.total})


def _write(row: File, file: BinaryIO) -> Any:
    return port_of(row).write(file, access_of(row), Lines(row), made_of(row))


@dataclass(frozen=True)
class Lines:
    """The debts of a file in its order, a page at a time: may be walked through more than once, and is not held."""

    file: File

    def __iter__(self) -> Iterator[Debt]:
        names, after = port_of(self.file).secrets, 0
        while rows := self._page(after):
            keys = self._secrets(rows) if names else {}
            for row in rows:
                debt = jsonform.debt_of(row.data)
                more = keys.get(row.customer_id, {})
                yield replace(debt, extra={**debt.extra, **{name: more.get(name, "") for name in names}})
            after = rows[-1].position

    def _page(self, after: int) -> list[Any]:
        return list(db.session.execute(
            sa.select(DebtLine.position, DebtLine.data, Invoice.customer_id)
            .join(Invoice, Invoice.id == DebtLine.invoice_id)
            .where(DebtLine.file_id == self.file.id, DebtLine.position > after)
            .order_by(DebtLine.position).limit(CHUNK)))

    def _secrets(self, rows: list[Any]) -> Mapping[int, Mapping[str, str]]:
        found = db.session.scalars(
            sa.select(PayerCode).where(PayerCode.account_id == self.file.account_id,
                                       among(PayerCode.customer_id, [row.customer_id for row in rows]))
            .options(undefer(PayerCode.keys)))
        return {one.customer_id: picking.secrets_of(one) for one in found}


def content(row: File) -> IO[bytes]:
    """The bytes of a file that was made: as they are stored, or made again and proved by their hash."""
    if row.state in ("making", "empty") or not row.sha256:
        raise DomainError(_("This file holds nothing that could be taken."))
    if row.stored is not None:
        return storage.backend().open(row.stored.sha256)
    made = again(row)
    digest = hashlib.file_digest(cast(Any, made), "sha256").hexdigest()
    made.seek(0)
    if digest != row.sha256:
        made.close()
        raise DomainError(_("This file cannot be made again as it was: a card or an account of its debts was changed. "
                            "Withdraw it and make a new one."), code="changed")
    return made


def again(row: File) -> IO[bytes]:
    """The file made again from its lines; what is large lies on the disk without a name, gone when it is closed."""
    made = tempfile.SpooledTemporaryFile(max_size=1 << 20)  # noqa: SIM115  the caller closes it
    _write(row, cast(BinaryIO, made))
    made.seek(0, io.SEEK_SET)
    return cast(IO[bytes], made)


# --- what becomes of it --------------------------------------------------------------------------------------


def sent_by_hand(row: File) -> None:
    """A person took it to the gateway."""
    must_be(row, ("made", "unknown"))
    mark_sent(row)
    audit.record("gateways.send_debt_file", row, {"name": row.name, "by": "hand"})


def mark_sent(row: File, remote: str = "") -> None:
    """It is at the gateway, under this number."""
    row.state, row.remote, row.sent_at, row.error = "sent", remote[:80], clock.now(), ""
    row.asked_at = clock.now() if remote else None
    if port_of(row).secrets:
        _debited(row)


def _debited(row: File) -> None:
    """A card that was presented once is no new one any more."""
    codes = db.session.scalars(
        sa.select(PayerCode).join(Invoice, Invoice.customer_id == PayerCode.customer_id)
        .join(DebtLine, DebtLine.invoice_id == Invoice.id)
        .where(DebtLine.file_id == row.id, PayerCode.account_id == row.account_id)).unique()
    for one in codes:
        if one.data.get("first"):
            one.data = {**one.data, "first": False}


def withdraw(row: File, reason: str) -> None:
    """It counts as not sent: its debts go into the next file. What a gateway takes only once stays used, if it was
    told of it.
    """
    held = _held(row.id)
    must_be(held, ("making", "made", "sent", "unknown", "taken", "refused"))
    if not reason.strip():
        raise DomainError(_("To withdraw a file you must say why."), field="reason")
    if held.state in NOT_SENT:
        _free_keys(held)
    held.state, held.reason, held.ended_at = "withdrawn", reason.strip()[:300], clock.now()
    held.asked_at = None
    audit.record("gateways.withdraw_debt_file", held, {"name": held.name}, reason)


def refuse(row: File, words: str) -> None:
    """The gateway took nothing of it: its debts count as not sent, and their keys are free."""
    row.state, row.error, row.asked_at, row.ended_at = "refused", words[:500], None, clock.now()
    _free_keys(row)


def _free_keys(row: File) -> None:
    db.session.execute(sa.update(DebtLine).where(DebtLine.file_id == row.id).values(key=None)
                       .execution_options(synchronize_session=False))


def must_be(row: File, states: tuple[str, ...]) -> None:
    if row.direction != "out" or row.state not in states:
        raise DomainError(_("This is not possible because the file is in another state by now. Look at it again."))


def last_of(account: Account, states: tuple[str, ...] = ("made", "sending", "sent", "unknown", "taken")) -> File | None:
    """The newest debt file of an account that was made."""
    return db.session.scalar(sa.select(File).where(
        File.account_id == account.id, File.direction == "out", File.kind == "debts", File.state.in_(states))
        .order_by(File.id.desc()).limit(1))


def left_out(row: File) -> list[tuple[str, str, int]]:
    """(code, words, how many) of documents that are not in the file, the most frequent first."""
    counted = sa.func.count()
    found = db.session.execute(
        sa.select(FileProblem.code, FileProblem.message, counted).where(FileProblem.file_id == row.id)
        .group_by(FileProblem.code, FileProblem.message).order_by(counted.desc(), FileProblem.message).limit(50))
    return [(one[0], one[1], one[2]) for one in found]


def told_of(row: File) -> str:
    """A file in words: its name and day."""
    return f"{row.name} ({format_date(row.day or clock.local(row.created_at, current_company()).date())})"
