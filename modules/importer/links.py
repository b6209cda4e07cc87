"""What of a file went where: read and written for many keys at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db, write_rows
from core.scope import current_company_id
from modules.importer.models import ImportLink

_BATCH = 500


@dataclass(frozen=True)
class Link:
    """Where something went at a former import, and a hash of what it was then."""

    target_id: int
    digest: str


def find(kind: str, keys: Iterable[str]) -> dict[str, Link]:
    """The links of these keys, in batches."""
    found: dict[str, Link] = {}
    for batch in batches(keys):
        rows = db.session.execute(
            sa.select(ImportLink.source_key, ImportLink.target_id, ImportLink.digest)
            .where(ImportLink.kind == kind, ImportLink.source_key.in_(batch)))
        found.update({row.source_key: Link(row.target_id, row.digest) for row in rows})
    return found


def of_targets(kind: str, target_ids: Sequence[int]) -> dict[str, Link]:
    """The links that lead to these, by key."""
    found: dict[str, Link] = {}
    for start in range(0, len(target_ids), _BATCH):
        rows = db.session.execute(
            sa.select(ImportLink.source_key, ImportLink.target_id, ImportLink.digest)
            .where(ImportLink.kind == kind, ImportLink.target_id.in_(target_ids[start:start + _BATCH])))
        found.update({row.source_key: Link(row.target_id, row.digest) for row in rows})
    return found


def write(kind: str, rows: Iterable[tuple[str, int, str]]) -> None:
    """Remember (key, target, digest); a key that is taken breaks the transaction, so nothing is loaded twice."""
    company_id, moment = current_company_id(), clock.now()
    write_rows(ImportLink.__table__, [
        {"company_id": company_id, "kind": kind, "source_key": key, "target_id": target_id, "digest": digest,
         "created_at": moment} for key, target_id, digest in rows])


def change(kind: str, rows: Iterable[tuple[str, str]]) -> None:
    """Remember (key, digest): what was loaded last."""
    table: Any = ImportLink.__table__
    values = [{"wanted": key, "now": digest, "company": current_company_id()} for key, digest in rows]
    if values:
        db.session.connection().execute(
            sa.update(table).where(table.c.company_id == sa.bindparam("company"), table.c.kind == kind,
                                   table.c.source_key == sa.bindparam("wanted"))
            .values(digest=sa.bindparam("now")), values)


def batches(values: Iterable[Any], size: int = _BATCH) -> Iterator[Sequence[Any]]:
    """The different values, in parts that a statement can hold."""
    once = list(dict.fromkeys(values))
    for start in range(0, len(once), size):
        yield once[start:start + size]
