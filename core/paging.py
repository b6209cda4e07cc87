"""Pages by key instead of OFFSET: page 4,000 costs what page 1 costs, and rows do not shift while one reads."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import request, url_for

from core.db import Scaled, UTCDateTime, db


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the addresses of its neighbours (None: there is none)."""

    rows: list[Any]
    previous_url: str | None
    next_url: str | None

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def paginate(statement: sa.Select, keys: Sequence[Any], *, desc: bool = False, size: int = 50,
             scalars: bool = True) -> Page:
    """One page of `statement`, ordered by `keys` (columns of the entity, the last one unique).

    The place comes from ?after= or ?before= of the request; nonsense there means the first page.
    With `scalars=False` rows are tuples that must hold the keys under their names.
    """
    after, before = _place("after", keys), _place("before", keys)
    backwards = before is not None and after is None
    place = before if backwards else after
    if place is not None:
        statement = statement.where(beyond(keys, place, smaller=desc != backwards))
    ordered = statement.order_by(None).order_by(*[key.desc() if desc != backwards else key.asc() for key in keys])
    result = db.session.execute(ordered.limit(size + 1))
    found = list(result.scalars().unique() if scalars else result)
    more, rows = len(found) > size, found[:size]
    if backwards:
        rows.reverse()
    has_previous, has_next = (more, True) if backwards else (place is not None, more)
    return Page(rows, _url("before", keys, rows[0]) if rows and has_previous else None,
                _url("after", keys, rows[-1]) if rows and has_next else None)


def beyond(keys: Sequence[Any], place: Sequence[Any], smaller: bool) -> Any:
    """The rows after (or before) a place, compared as a row: an index over the keys serves it at any depth."""
    here = sa.tuple_(*[sa.bindparam(None, value, type_=key.type) for key, value in zip(keys, place, strict=True)])
    return sa.tuple_(*keys) < here if smaller else sa.tuple_(*keys) > here


def steps(keys: Sequence[Any], place: Sequence[Any], smaller: bool) -> list[Any]:
    """The same rows as `beyond` in parts, nearest first: those equal in all keys but the last, and so on.

    SQLite uses an index for the first column of a comparison of rows only: of a day with 20,000 invoices it would
    read all of them.
    """
    values = [sa.bindparam(None, value, type_=key.type) for key, value in zip(keys, place, strict=True)]
    found = []
    for last in reversed(range(len(keys))):
        equal = [key == value for key, value in zip(keys[:last], values[:last], strict=True)]
        found.append(sa.and_(*equal, keys[last] < values[last] if smaller else keys[last] > values[last]))
    return found


def _url(name: str, keys: Sequence[Any], row: Any) -> str:
    values = pack_keys([getattr(row, key.key) for key in keys])
    token = base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")
    values_of: dict[str, Any] = {key: many for key, many in request.args.to_dict(flat=False).items()
                                 if key not in {"after", "before"} and not key.startswith("_")}
    values_of |= {**(request.view_args or {}), name: token}
    return url_for(request.endpoint or "core.home", **values_of)


def _place(name: str, keys: Sequence[Any]) -> list[Any] | None:
    token = request.args.get(name)
    if not token:
        return None
    try:
        packed = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        return None
    return unpack_keys(packed, keys)


def pack_keys(values: Sequence[Any]) -> list[Any]:
    """The keys of a row as JSON."""
    return [_pack(value) for value in values]


def unpack_keys(packed: Any, keys: Sequence[Any]) -> list[Any] | None:
    """The keys that `pack_keys` packed; None for anything that does not fit the columns."""
    try:
        values = [_unpack(value) for value in packed] if isinstance(packed, list) else []
    except (ValueError, TypeError, KeyError, StopIteration):
        return None
    fits = len(values) == len(keys) and all(_fits(value, key.type) for value, key in zip(values, keys, strict=True))
    return values if fits else None


def _fits(value: Any, kind: Any) -> bool:
    """Whether the database will take the value for this column: what is in an address may be anything."""
    wanted = {UTCDateTime: dt.datetime, Scaled: Decimal, sa.Date: dt.date, sa.String: str, sa.Integer: int}
    python = next((python for column, python in wanted.items() if isinstance(kind, column)), None)
    if isinstance(kind, Scaled) and isinstance(value, Decimal):
        places = kind.places
        return value.is_finite() and abs(value) < 2**63 // 10**places and value == round(value, places)
    small = not isinstance(value, int) or abs(value) < 2**63
    return python is not None and isinstance(value, python) and small


def _pack(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return {"t": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    return value


def _unpack(value: Any) -> Any:
    if not isinstance(value, dict):
        if not isinstance(value, (str, int)):
            raise TypeError(value)
        return value
    kind, text = next(iter(value.items()))
    reader = {"t": dt.datetime.fromisoformat, "d": dt.date.fromisoformat, "n": _decimal}[kind]
    return reader(text)  # type: ignore[operator]


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise ValueError(text) from None
