"""Stamping what is no document of accounting (receipts of payment, global invoices), a batch at a time.

A row is sealed and committed before it is sent. What was sent is only ever sent again as the same bytes, by which the
PAC knows it; it gets a new date and seal only where it is certain that nobody stamped it. The caller holds the lease of
table and environment, so that no row is sealed by two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock, jobs, storage
from core.db import db, lock
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from core.scope import current_company, current_company_id
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.services import ensure_sequences
from modules.einvoice_mx import access, catalogs, schema, seal
from modules.einvoice_mx.client import Stamped, Timbre
from modules.einvoice_mx.endpoints import REHEARSAL
from modules.einvoice_mx.models import Stampable
from modules.einvoice_mx.wire import LATE, OF_THE_DOCUMENT, RECOVERY, SKEW, MexicanWire

# sealed and sent together; one transaction before and one after
BATCH = 50
ON_THE_WAY = ("pending", "sending")
# seconds until the next try: the PAC is away; a person must look at the account first; nobody knows any more
AWAY, STANDING, LOST = 60, 900, 86400


@dataclass(frozen=True)
class Row:
    """A row as the wire needs it, without an ORM object; `attempts` counts the one that is made now."""

    id: int
    state: str
    attempts: int
    xml: str

    @property
    def is_first(self) -> bool:
        """Whether these bytes were certainly never sent before."""
        return self.attempts == 1


def take_numbers(model: type[Stampable], environment: str, series: str, kind: str, count: int) -> list[int]:
    """The next folios of a series; it stays locked until the transaction ends, so that there are no gaps."""
    place = (environment, series, kind)
    sequence_id = ensure_sequences("MX", {place})[place]
    row = db.session.scalars(lock(sa.select(Numbering).where(Numbering.id == sequence_id))
                             .execution_options(populate_existing=True)).one()
    # what was numbered before there was a row for it
    used = db.session.scalar(sa.select(sa.func.max(model.number)).where(
        model.environment == environment, model.series == series)) or 0
    first = max(row.last_number, used) + 1
    row.last_number = first + count - 1
    db.session.flush()
    return list(range(first, first + count))


def work(model: type[Stampable], environment: str, keep: Callable[[], None],
         stamped: Callable[[Sequence[int]], None]) -> None:
    """Stamp what is due, batch after batch; `stamped(ids)` is called in the transaction that records them.

    Unavailable where the PAC is away, or does not serve this issuer: what waits is kept.
    """
    while rows := _due(model, environment):
        wire = access.connect(environment)
        claimed = _claim(model, rows, wire)
        keep()
        with jobs.outside():
            answers = _send(wire, claimed)
        done = _record(model, list(zip(claimed, answers, strict=True)))
        stamped(done)
        jobs.checkpoint()
        _rest(environment, answers)


def next_due(model: type[Stampable], environment: str) -> dt.datetime | None:
    """When the first of those is due that wait for a time."""
    return db.session.scalar(sa.select(sa.func.min(model.next_try)).where(
        model.environment == environment, model.state.in_(ON_THE_WAY), model.next_try > clock.now()))


def is_left(model: type[Stampable], environment: str) -> bool:
    """Whether something is due."""
    return bool(_due(model, environment, 1))


def _due(model: type[Stampable], environment: str, limit: int = BATCH) -> list[Row]:
    found = db.session.execute(
        sa.select(model.id, model.state, model.attempts, model.xml)
        .where(model.environment == environment, model.state.in_(ON_THE_WAY),
               sa.or_(model.next_try.is_(None), model.next_try <= clock.now()))
        .order_by(model.id).limit(limit)).all()
    return [Row(*row) for row in found]


# --- sealing and sending -------------------------------------------------------------------------------


def _claim(model: type[Stampable], rows: Sequence[Row], wire: MexicanWire) -> list[Row]:
    """Date and seal what waits; from the commit on it may have been sent."""
    made = [replace(row, attempts=row.attempts + 1, xml=_sealed(row.xml, wire) if row.state == "pending" else row.xml)
            for row in rows]
    table: Any = model.__table__
    statement = (sa.update(table).where(table.c.id == sa.bindparam("row_id"), table.c.state == sa.bindparam("before"))
                 .values(state="sending", xml=sa.bindparam("new_xml"), attempts=sa.bindparam("count"), next_try=None))
    changed = db.session.connection().execute(statement, [
        {"row_id": row.id, "before": before.state, "new_xml": row.xml, "count": row.attempts}
        for before, row in zip(rows, made, strict=True)])
    if changed.rowcount != len(rows):
        db.session.rollback()
        raise Unavailable(_("Another process changed these documents."), retry_after=1)
    db.session.expire_all()
    return made


def _sealed(xml: str, wire: MexicanWire) -> str:
    document = schema.parse(xml.encode())
    local = (clock.now() - SKEW).astimezone(ZoneInfo(current_company().timezone))
    document.set("Fecha", local.strftime("%Y-%m-%dT%H:%M:%S"))
    seal.seal(document, wire.csd)
    return schema.text(document)


def _send(wire: MexicanWire, rows: Sequence[Row]) -> list[Any]:
    """What came of each, several at once; each thread has what logs and words need."""
    with ThreadPoolExecutor(wire.width) as pool:
        return list(pool.map(lambda pair: pair[0].run(_outcome, wire, pair[1]),
                             [(copy_context(), row) for row in rows]))


def _outcome(wire: MexicanWire, row: Row) -> Timbre | Rejected | Unavailable | Unknown:
    """The timbre, or the error as a value, so that one lost answer does not lose the others."""
    try:
        return wire.pac.stamp(row.xml.encode())
    except (Rejected, Unavailable, Unknown) as error:
        return error


# --- recording -----------------------------------------------------------------------------------------


def _record(model: type[Stampable], pairs: Sequence[tuple[Row, Any]]) -> list[int]:
    """Write what became of each; the ids of those that are stamped now."""
    done = [(row, one) for row, one in pairs if isinstance(one, Timbre)]
    files = storage.store_many([(one.xml, f"{one.uuid}.xml", "application/xml") for _row, one in done])
    _write(model, [{"row_id": row.id, "state": "authorized", "uuid": timbre.uuid, "stamped_xml": timbre.xml.decode(),
                    "problems": [], "next_try": None, "attempts": row.attempts, "xml_file_id": file_id}
                   for (row, timbre), file_id in zip(done, files, strict=True)])
    _write(model, [_undecided(row, one) for row, one in pairs if not isinstance(one, Timbre)])
    return [row.id for row, _timbre in done]


def _undecided(row: Row, error: Any) -> dict[str, Any]:
    """What a row is that was not stamped: refused, waiting with its bytes, or to be sealed anew."""
    said = [{"code": str(getattr(error, "code", "") or ""), "message": str(error)}]
    state, attempts, wait = "sending", row.attempts, 0.0
    if isinstance(error, Stamped):
        wait = RECOVERY[min(row.attempts, len(RECOVERY)) - 1]
    elif isinstance(error, Rejected):
        state, attempts, wait = _refused(row, error)
        if state == "sending" and error.code == LATE:
            said = [{"code": LATE, "message": _(
                "It is no longer known whether this was stamped: more than 72 hours have passed. Look for it at the "
                "PAC or at the SAT, by its series and number, and upload its XML here.")}]
    elif isinstance(error, Unavailable) and row.is_first:
        state, attempts = "pending", 0
    return {"row_id": row.id, "state": state, "problems": said, "attempts": attempts,
            "next_try": clock.now() + dt.timedelta(seconds=wait) if wait else None}


def _refused(row: Row, refusal: Rejected) -> tuple[str, int, float]:
    """(state, attempts, seconds to wait). Of the document: a person; of its date or the issuer: again, where it is
    certain that the bytes were not stamped before."""
    known = catalogs.refusals().get(refusal.code)
    if known is not None and known.group in OF_THE_DOCUMENT:
        return "rejected", row.attempts, 0
    if row.is_first:
        return "pending", 0, 0 if refusal.code == LATE else STANDING
    return "sending", row.attempts, LOST if refusal.code == LATE else STANDING


def _write(model: type[Stampable], changes: Sequence[dict[str, Any]]) -> None:
    if not changes:
        return
    table: Any = model.__table__
    names = [name for name in changes[0] if name != "row_id"]
    values: Any = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    statement = (sa.update(table).where(table.c.id == sa.bindparam("row_id"), table.c.state == "sending",
                                        table.c.company_id == current_company_id()).values(**values))
    db.session.connection().execute(statement, [
        {"row_id": one["row_id"], **{f"new_{name}": one[name] for name in names}} for one in changes])
    db.session.expire_all()


def _rest(environment: str, answers: Sequence[Any]) -> None:
    """Leave the PAC in peace for a while where it is away, or where a person must settle the account first."""
    away = next((one for one in answers if isinstance(one, Unavailable | Unknown)), None)
    if away is not None:
        raise Unavailable(away.message, retry_after=1 if environment == REHEARSAL else AWAY)
    if answers and all(isinstance(one, Rejected) and not isinstance(one, Stamped) and _is_standing(one)
                       for one in answers):
        raise Unavailable(answers[0].message, retry_after=STANDING)


def _is_standing(refusal: Rejected) -> bool:
    known = catalogs.refusals().get(refusal.code)
    return refusal.code != LATE and (known is None or known.group not in OF_THE_DOCUMENT)
