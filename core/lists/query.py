"""The statements of a list: a page by key, counts that stop, totals on demand, and all rows in constant memory.

A page is one statement: the ids of the page are found first, by filters and keys alone, and only those few rows are
joined to what the columns show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import paging
from core.db import among, db, is_postgresql
from core.lists.ask import Ask
from core.lists.cells import Money
from core.lists.declaration import Column, Line, List

# counting stops here: "more than 10,000"
COUNTED = 10_000
CHUNK = 5000
ORM_CHUNK = 500


@dataclass(frozen=True)
class Count:
    """How many rows; `more` where counting stopped at `number`."""

    number: int
    more: bool = False


@dataclass(frozen=True)
class Total:
    """The sum of an amount column, in one currency."""

    label: Any
    amount: Any
    currency: str | None
    column: Column


@dataclass(frozen=True, eq=False)
class Query:
    """The rows that an address asks for, limited further by `ids`, by `upto` (an id), and by `only` (a condition)."""

    ask: Ask
    ids: Sequence[int] | None = None
    upto: int | None = None
    only: Any = field(default=None)

    @property
    def spec(self) -> List:
        return self.ask.spec

    @cached_property
    def rows(self) -> sa.Select:
        """A select of the records that fit, unordered."""
        shown = self.spec
        statement = shown.select(**self.ask.given) if shown.select else sa.select(shown.entity)
        limits = [one.condition(value) for one, value in self.ask.filters]
        if self.ask.results is not None:
            limits.append(self.ask.results.condition(shown.id))
        if self.ask.errors:
            limits.append(sa.false())
        if self.ids is not None:
            limits.append(among(shown.id, self.ids))
        if self.upto is not None:
            limits.append(shown.id <= self.upto)
        return statement.where(*[one for one in [*limits, self.only] if one is not None])

    def of(self, *what: Any) -> sa.Select:
        """The rows that fit, as a select of something else."""
        return self.rows.order_by(None).with_only_columns(*what, maintain_column_froms=True)

    # --- pages ---------------------------------------------------------------------------------------

    def ordered(self, statement: sa.Select, keys: Sequence[Any] | None = None, backwards: bool = False) -> sa.Select:
        desc = self.ask.order.desc != backwards
        return statement.order_by(None).order_by(
            *[key.desc() if desc else key.asc() for key in keys or self.ask.keys])

    def page(self, columns: Sequence[Column]) -> tuple[list[Line], list[list[Any]], bool]:
        """(lines, their keys, whether there is more beyond them in the direction asked for) of the place asked for."""
        place, keys, size = self.ask.place, self.ask.keys, self.ask.size
        inner = self._ids_of_page()
        own = [inner.c[f"k{n}"] for n in range(len(keys))]
        statement = self._with_extras(columns, *own).join(inner, inner.c.row_id == self.spec.id)
        rows = list(db.session.execute(self.ordered(self.spec.related(statement), own, place.backwards)))
        more, rows = len(rows) > size, rows[:size]
        if place.backwards:
            rows.reverse()
        width = len(keys)
        names = self._names(columns)
        lines = [self._line(row[0], row[1 + width:], names) for row in rows]
        return lines, [list(row[1:1 + width]) for row in rows], more

    def _ids_of_page(self) -> sa.Subquery:
        """The ids and keys of the page asked for, and of one row more."""
        place, keys, size = self.ask.place, self.ask.keys, self.ask.size + 1
        found = self.of(self.spec.id.label("row_id"), *[key.label(f"k{n}") for n, key in enumerate(keys)])
        smaller = self.ask.order.desc != place.backwards

        def first(statement: sa.Select, by: Sequence[Any] | None = None) -> sa.Select:
            return self.ordered(statement, by, place.backwards).limit(size)

        if place.keys is None:
            return first(found).subquery("page")
        if is_postgresql():
            return first(found.where(paging.beyond(keys, place.keys, smaller))).subquery("page")
        parts = [sa.select(first(found.where(part)).subquery()) for part in paging.steps(keys, place.keys, smaller)]
        near = sa.union_all(*parts).subquery()
        return first(sa.select(near), [near.c[f"k{n}"] for n in range(len(keys))]).subquery("page")

    def lines(self, columns: Sequence[Column], limit: int) -> list[Line]:
        """The first rows: a sample."""
        keys = self.ask.keys
        inner = self.ordered(self.of(self.spec.id.label("row_id"))).limit(limit).subquery("page")
        statement = self._with_extras(columns).join(inner, inner.c.row_id == self.spec.id)
        found = db.session.execute(self.ordered(self.spec.related(statement), keys))
        names = self._names(columns)
        return [self._line(row[0], row[1:], names) for row in found]

    def _with_extras(self, columns: Sequence[Column], *more: Any) -> sa.Select:
        """A select of the record, of something more, and of the columns that are not its own attributes."""
        extras = [column.value.label(f"c_{column.key}") for column in self._foreign(columns)]
        return sa.select(self.spec.entity, *more, *extras).select_from(self.spec.entity).options(*self.spec.options)

    def _foreign(self, columns: Sequence[Column]) -> list[Column]:
        """The columns whose value the record itself does not hold."""
        return [column for column in columns
                if column.is_sql and getattr(column.value, "class_", None) is not self.spec.entity]

    def _names(self, columns: Sequence[Column]) -> list[str]:
        """Of the columns that stand beside the record in a row, in their order."""
        return [column.key for column in self._foreign(columns)]

    @staticmethod
    def _line(row: Any, extras: Sequence[Any], names: Sequence[str]) -> Line:
        return Line(row, dict(zip(names, extras, strict=True)))

    # --- counts --------------------------------------------------------------------------------------

    def count(self) -> Count:
        """How many, at most some more than `COUNTED`: the database stops counting there."""
        found = self._counted(self.of(self.spec.id).limit(COUNTED + 1))
        return Count(min(found, COUNTED), found > COUNTED)

    def exact(self) -> int:
        """How many, however long it takes."""
        return self._counted(self.of(self.spec.id))

    def _counted(self, statement: sa.Select) -> int:
        return db.session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0

    def newest(self) -> int:
        """The highest id that fits: what comes later does not belong to what was asked."""
        return db.session.scalar(self.of(sa.func.max(self.spec.id))) or 0

    def totals(self) -> tuple[int, list[Total]]:
        """The exact count, and the sums of the columns that are added up, by currency; one statement."""
        columns = [column for column in self.spec.columns if column.total is not False]
        currency = next((column.currency for column in columns if hasattr(column.currency, "key")), None)
        sums = [sa.func.sum(column.value if column.total is True else column.total).label(f"s{n}")
                for n, column in enumerate(columns)]
        statement = self.of(sa.func.count().label("rows"), *sums)
        if currency is not None:
            statement = statement.add_columns(currency.label("currency")).group_by(currency).order_by(currency)
        found = db.session.execute(statement).mappings().all()
        totals = [Total(column.label, row[f"s{n}"] or 0, _code(column, row), column)
                  for row in found for n, column in enumerate(columns) if row["rows"]]
        return sum(row["rows"] for row in found), totals

    # --- all rows ------------------------------------------------------------------------------------

    def chunk_of_ids(self, after: int, size: int) -> list[int]:
        """The next ids that fit, upwards: asked anew for each chunk, since an action may change what fits."""
        statement = self.of(self.spec.id).where(self.spec.id > after).order_by(None).order_by(self.spec.id)
        return list(db.session.scalars(statement.limit(size)))

    def values_of(self, *values: Any) -> sa.Select:
        """All rows in order, as a select of these expressions."""
        return self.ordered(self.spec.related(self.of(*values)))

    def all_values(self, columns: Sequence[Column], session: Session) -> Iterator[Sequence[Sequence[Any]]]:
        """The values of these columns in all rows, in order, some thousand rows at a time."""
        if all(column.is_sql for column in columns):
            statement = self.values_of(*[column.value.label(f"c{n}") for n, column in enumerate(columns)])
            # partitions() without a size would read everything at once
            yield from session.execute(statement, execution_options={"yield_per": CHUNK}).partitions(CHUNK)
        else:
            yield from self._through_records(columns, session)

    def _through_records(self, columns: Sequence[Column], session: Session) -> Iterator[Sequence[Sequence[Any]]]:
        """Chunk by chunk of ids, since the records of a chunk are loaded with what their functions touch."""
        names = self._names(columns)
        found = session.execute(self.values_of(self.spec.id), execution_options={"yield_per": CHUNK})
        for part in found.partitions(ORM_CHUNK):
            ids = [row[0] for row in part]
            statement = self.spec.related(self._with_extras(columns)).where(among(self.spec.id, ids))
            lines = {row[0].id: self._line(row[0], row[1:], names) for row in session.execute(statement)}
            yield [[lines[one].value(column) for column in columns] for one in ids if one in lines]
            session.expunge_all()


def _code(column: Column, row: Any) -> str | None:
    if isinstance(column.currency, str) or not isinstance(column.form, Money):
        return column.currency if isinstance(column.currency, str) else None
    return row.get("currency")
