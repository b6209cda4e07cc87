"""The audit: who did what and when, in a chain of hashes that shows a missing or altered record.

Services call `record`; the hash is computed just before the commit, under the lock of the chain's head,
so that long transactions do not make others wait.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask
from sqlalchemy import event

from core import clock, scope
from core.db import db, dump_json, insert_new, lock
from core.models import AuditHead, AuditRecord, User

HEAD = 1


def record(action: str, obj: Any = None, changes: dict[str, Any] | None = None, reason: str = "") -> AuditRecord:
    """Write that the person in scope did `action` ("accounting.reverse_payment") to `obj`."""
    entry = AuditRecord(
        company_id=scope.company_id_or_none(), user_id=scope.current_user_id(), at=clock.now(), action=action,
        object_type=getattr(obj, "__tablename__", ""), object_id=getattr(obj, "id", None),
        label=str(obj)[:200] if obj is not None else "", changes=_plain(changes or {}), reason=(reason or "")[:500],
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
    db.session.add(entry)
    db.session.info["audited"] = True
    return entry


def authors(table: str, ids: Iterable[int]) -> dict[int, str]:
    """Who recorded first something on each of these rows of a table, as people are named; with one select."""
    rows = db.session.execute(
        sa.select(AuditRecord.object_id, User).join(User, User.id == AuditRecord.user_id)
        .where(AuditRecord.object_type == table, AuditRecord.object_id.in_(sorted(set(ids))))
        .order_by(AuditRecord.id.desc()))
    return {int(object_id or 0): str(user) for object_id, user in rows}


def count_since(action: str, obj: Any, since: dt.datetime) -> int:
    """How often `action` was done to this row since then: for limits that hold whatever process is asked."""
    return int(db.session.scalar(
        sa.select(sa.func.count()).select_from(AuditRecord)
        .where(AuditRecord.object_type == obj.__tablename__, AuditRecord.object_id == obj.id,
               AuditRecord.action == action, AuditRecord.at > since)) or 0)


def init_app(app: Flask) -> None:
    """Chain the records of each transaction just before it commits."""
    if not event.contains(db.session, "before_commit", _chain):
        event.listen(db.session, "before_commit", _chain)


def _plain(changes: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(dump_json(changes)))


def _chain(session: Any) -> None:
    if not session.info.pop("audited", False):
        return
    session.flush()
    fresh = list(session.scalars(sa.select(AuditRecord).where(AuditRecord.position.is_(None)).order_by(AuditRecord.id)))
    if not fresh:
        return
    insert_new(AuditHead.__table__, [{"id": HEAD, "position": 0, "hash": ""}], ("id",))  # type: ignore[arg-type]
    head = session.scalars(lock(sa.select(AuditHead).where(AuditHead.id == HEAD))
                           .execution_options(populate_existing=True)).one()
    for entry in fresh:
        head.position += 1
        entry.position = head.position
        entry.hash = head.hash = digest(head.hash, entry)
    session.flush()


def digest(previous: str, entry: AuditRecord) -> str:
    """SHA-256 over the former hash and everything that the record says."""
    parts = [previous, entry.position, entry.company_id, entry.at.isoformat(), entry.user_id, entry.action,
             entry.object_type, entry.object_id, entry.label, _sorted_json(entry.changes), entry.reason]
    return hashlib.sha256("\x1f".join("" if part is None else str(part) for part in parts).encode()).hexdigest()


def _sorted_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def verify() -> tuple[int, int | None]:
    """(records read, position of the first broken one or None), in constant memory."""
    previous, expected = "", 0
    rows = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.position.is_not(None))
                              .order_by(AuditRecord.position).execution_options(yield_per=1000))
    for entry in rows:
        expected += 1
        if entry.position != expected or entry.hash != digest(previous, entry):
            return expected, expected
        previous = entry.hash
    head = db.session.get(AuditHead, HEAD, populate_existing=True)
    if head is not None and (head.position, head.hash) != (expected, previous):
        return expected, expected + 1
    return expected, None
