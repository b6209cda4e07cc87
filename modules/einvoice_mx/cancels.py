"""Cancelling what is no document of accounting, at the SAT through the PAC: begun, asked about, concluded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

from core import audit, clock, storage
from core.db import among, db, find
from core.errors import Rejected, Unavailable, Unknown
from core.jobs import enqueue, outside, retry_later
from modules.einvoice.answers import No, Verdict, Wait, Yes
from modules.einvoice.files import Kept
from modules.einvoice.ports import CancelOrder
from modules.einvoice_mx import access, schema
from modules.einvoice_mx.endpoints import REHEARSAL
from modules.einvoice_mx.models import Stampable
from modules.einvoice_mx.stamping import AWAY

CANCEL = "modules.einvoice_mx.jobs.cancel_paper"


def drop(model: type[Stampable], ids: Iterable[int]) -> list[int]:
    """Give up those of these rows that were certainly never stamped; their ids."""
    return _change(model, ids, ("pending", "rejected"), {"state": "cancelled", "next_try": None})


def begin(model: type[Stampable], paper: str, ids: Iterable[int], code: str, text: str) -> list[int]:
    """Have those of these rows cancelled that are stamped; their ids."""
    changed = _change(model, ids, ("authorized",), {
        "state": "cancelling", "cancel_code": code, "cancel_text": text[:300], "cancel_asked_at": clock.now(),
        "cancel_sent": False, "problems": []})
    for row_id in changed:
        enqueue(CANCEL, key=f"einvoice_mx.cancel:{paper}:{row_id}:{clock.now().timestamp()}", paper=paper,
                row_id=row_id)
    return changed


def _change(model: type[Stampable], ids: Iterable[int], before: tuple[str, ...], values: dict[str, Any]) -> list[int]:
    """Only rows whose state is one of these: others are being worked on. In the order of the ids given."""
    wanted = list(ids)
    changed = set(db.session.scalars(
        sa.update(model).where(among(model.id, wanted), model.state.in_(before)).values(**values)
        .returning(model.id).execution_options(synchronize_session=False)))
    db.session.expire_all()
    return [one for one in wanted if one in changed]


def order_of(row: Stampable, kind: str) -> CancelOrder:
    """What the wire gets to know."""
    asked = row.cancel_asked_at or clock.now()
    return CancelOrder(0, row.environment, row.series, kind, row.number, row.created_at.date(), row.uuid,
                       row.cancel_code, row.cancel_text, row.substitute, {"xml": row.xml},
                       {"cancellation": {"asked_at": asked.isoformat()}})


def cancel(model: type[Stampable], row_id: int, cancelled: Callable[[Any], None],
           refused: Callable[[Any], None]) -> None:
    """Ask for it, then ask the SAT until it says what became of it. For jobs; commits."""
    row = find(model, row_id)
    if row.state != "cancelling":
        return
    kind = str(schema.parse(row.xml.encode()).get("TipoDeComprobante"))
    order, wire, was_sent = order_of(row, kind), access.connect(row.environment), row.cancel_sent
    wait = 1 if row.environment == REHEARSAL else AWAY
    find(model, row_id).cancel_sent = True
    try:
        with outside():
            answer: Verdict = (wire.cancelled(order) if was_sent else None) or wire.cancel(order)
    except Rejected as refusal:
        answer = No([{"code": refusal.code, "message": refusal.message}])
    except Unavailable as error:
        find(model, row_id).cancel_sent = was_sent
        db.session.commit()
        retry_later(error.retry_after or wait, error.message)
    except Unknown as error:
        retry_later(wait, error.message)
    _conclude(find(model, row_id), answer, cancelled, refused)


def _conclude(row: Any, answer: Verdict, cancelled: Callable[[Any], None], refused: Callable[[Any], None]) -> None:
    if isinstance(answer, Wait):
        db.session.commit()
        retry_later(answer.seconds, answer.text)
    elif isinstance(answer, Yes):
        row.state = "cancelled"
        row.proof_file_id = _kept(answer.files)
        db.session.flush()
        audit.record("einvoice_mx.cancel_paper", row, {"number": str(row), "code": row.cancel_code}, row.cancel_text)
        cancelled(row)
    else:
        row.state, row.problems, row.cancel_sent = "authorized", answer.problems, False
        db.session.flush()
        refused(row)


def _kept(files: Iterable[Kept]) -> int | None:
    """The proof of a cancelling, as a stored file."""
    found = [(one.content, one.name, one.media_type) for one in files]
    return storage.store_many(found[:1])[0] if found else None
