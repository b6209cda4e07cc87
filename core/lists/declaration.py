"""What a list is made of: columns, filters, actions; a module declares it in `lists.py`, its views attach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from core.i18n import lazy, ngettext
from core.lists import cells
from core.lists.filters import Filter
from core.registry import Registry
from core.templating import number

NOTHING = lazy("Nothing here yet")
SIZES = (20, 50, 100, 200)
SIZE = 50


@dataclass(frozen=True, eq=False)
class Column:
    """One column. `value` is an SQL expression (a mapped attribute, an attribute of a table that `List.related` joins,
    a subquery), or a function of the row; with a function, exports go through the ORM and take ten times as long.

    `kind` is text, paper (a number of a paper, with its zeros), number, amount, date, moment or yes_no, by the type of
    the expression where it is left out; `words` turns codes into words or states ({code: words} or {code: (words, tone,
    icon)}, or a function that gives it).
    `sort` is True, or the keys of an index without nulls; the row's id is added. `show(line)` draws the cell,
    `text(value)` turns the value into words for screen and export; both in Python.
    """

    key: str
    label: Any
    value: Any = None
    kind: str = field(default="", kw_only=True)
    words: Any = field(default=None, kw_only=True)
    sort: Any = field(default=None, kw_only=True)
    show: Callable[[Line], Any] | None = field(default=None, kw_only=True)
    text: Callable[[Any], str] | None = field(default=None, kw_only=True)
    # shown without being chosen; can be chosen; goes into exports
    default: bool = field(default=True, kw_only=True)
    export: bool = field(default=True, kw_only=True)
    # the name of the row: it carries the link, and heads the card on a phone
    lead: bool = field(default=False, kw_only=True)
    # added up where totals are shown; an expression where what counts is not what the cell shows
    total: Any = field(default=False, kw_only=True)
    # of an amount: a code, an attribute of the row, or a function of the row; the company's where it is left out
    currency: Any = field(default=None, kw_only=True)
    # classes of the cell: "long" for texts of a sentence or more, "muted", "nowrap", "mono"
    css: str = field(default="", kw_only=True)

    @cached_property
    def is_sql(self) -> bool:
        """Whether the database can give the value by itself."""
        return hasattr(self.value, "__clause_element__") or isinstance(self.value, sa.ColumnElement)

    @cached_property
    def form(self) -> cells.Kind:
        """How the value is shown and written."""
        if self.words is not None:
            return cells.Words(self.words)
        if self.text is not None and not self.kind:
            return cells.KINDS["text"]()
        return cells.KINDS[self.kind]() if self.kind else cells.kind_of(self.value)

    @property
    def classes(self) -> str:
        return " ".join(part for part in (self.form.css, self.css, "lead" if self.lead else "") if part)

    @property
    def heading(self) -> tuple[Any, str]:
        """What `ui.table` takes as the head of this column."""
        return self.label, self.form.css

    def cell(self, line: Line) -> Any:
        """What stands in the cell."""
        if self.show is not None:
            return self.show(line)
        value = line.value(self)
        if self.text is not None:
            return "" if value is None else self.text(value)
        return self.form.html(value, line.currency(self))

    @property
    def sort_keys(self) -> tuple[Any, ...]:
        return (self.value,) if self.sort is True else tuple(self.sort or ())


class Line:
    """A row of a list: the record, and the values that came with it."""

    __slots__ = ("extras", "id", "row")

    def __init__(self, row: Any, extras: Mapping[str, Any]) -> None:
        self.row, self.extras, self.id = row, extras, row.id

    def value(self, column: Column) -> Any:
        """The value of a column in this row."""
        if column.key in self.extras:
            return self.extras[column.key]
        if column.value is None:
            return None
        return getattr(self.row, column.value.key) if column.is_sql else column.value(self.row)

    def cell(self, column: Column) -> Any:
        """What stands in the cell of a column."""
        return column.cell(self)

    def currency(self, column: Column) -> str | None:
        return currency_of(column.currency, self.row)


def currency_of(declared: Any, row: Any) -> str | None:
    """The currency that a column declares, of this row."""
    if declared is None or isinstance(declared, str):
        return declared
    return str(getattr(row, declared.key) if hasattr(declared, "key") else declared(row))


Refusals = Mapping[int, str]


@dataclass(frozen=True, eq=False)
class Action:
    """A verb for many rows, done in a job, a chunk in a transaction.

    `each(row_id, values)` does one row; a `DomainError` refuses it with its words, and the others go on.
    `apply(ids, values)` does a chunk set-wise instead and gives {id: reason} of those refused; where it raises, the
    chunk is halved until the guilty row stands alone. Either may give back what `undo` needs: `each` as its
    answer (text), `apply` as a `Done`. `undo(ids, notes)` puts a chunk back; notes are by id.
    `form` is a form class whose values (texts, numbers, yes or no) go to the action. `only` limits the action to rows
    that it makes sense for: the others are left out, and the confirmation says how many.
    """

    key: str
    label: Any
    permission: str
    each: Callable[[int, dict[str, Any]], Any] | None = field(default=None, kw_only=True)
    apply: Callable[[Sequence[int], dict[str, Any]], Done | Refusals | None] | None = field(default=None, kw_only=True)
    undo: Callable[[Sequence[int], Mapping[int, str]], Refusals | None] | None = field(default=None, kw_only=True)
    form: Any = field(default=None, kw_only=True)
    only: Any = field(default=None, kw_only=True)
    # what the confirmation says beside the count; a text or a function of the count
    warning: Any = field(default=None, kw_only=True)
    icon: str = field(default="play", kw_only=True)
    danger: bool = field(default=False, kw_only=True)
    chunk: int = field(default=200, kw_only=True)

    def __post_init__(self) -> None:
        if (self.each is None) == (self.apply is None):
            raise TypeError(f"action {self.key} needs `each` or `apply`")
        if self.key == "undo":
            raise TypeError("`undo` is what takes back a run: call the action otherwise")

    def say(self, count: int) -> str:
        return str(self.warning(count) if callable(self.warning) else self.warning or "")


@dataclass(frozen=True)
class Done:
    """What became of a chunk: who was refused and why, and what an undo must know of the others."""

    refused: Refusals = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Bundle:
    """Files of several kinds that the rows have, as one ZIP: the person ticks which.

    `parts()` gives {code: words}; `files(session, ids, parts)` gives (row id, name with folders, content) of a chunk of
    rows, row by row. It reads by that session only, and is asked again and again with the ids of the next rows.
    """

    label: Any
    parts: Callable[[], Mapping[str, Any]]
    files: Callable[[Any, Sequence[int], Sequence[str]], Iterable[tuple[int, str, bytes]]]
    # ticked beforehand
    usual: Sequence[str] = ()


@dataclass(frozen=True)
class Empty:
    """What an empty list says: what belongs here, and where to begin: (label, address)."""

    title: Any = NOTHING
    text: Any = ""
    icon: str = "inbox"
    begin: Callable[[], tuple[Any, str] | None] = field(default=lambda: None)


def _rows(count: int) -> str:
    return ngettext("%(num)s row", "%(num)s rows", count)


@dataclass(frozen=True, eq=False)
class List:
    """A list of the product; docs/ui.md shows one. `select` gives the rows that the person in scope may see, with
    the arguments of the address (`/customers/<int:customer_id>/invoices`); it must not read the request, since jobs
    call it too: the person is `lists.viewer()`. `related` adds outer joins that columns read from.
    """

    key: str
    title: Any
    entity: Any
    permission: str
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    select: Callable[..., sa.Select] | None = field(default=None, kw_only=True)
    related: Callable[[sa.Select], sa.Select] = field(default=lambda statement: statement, kw_only=True)
    # loader options for what functions of the row touch
    options: Sequence[Any] = field(default=(), kw_only=True)
    # key of a sortable column, or "id"; a minus puts the last first
    sort: str = field(default="-id", kw_only=True)
    link: Callable[[Any], str] | None = field(default=None, kw_only=True)
    actions: Sequence[Action] = field(default=(), kw_only=True)
    # to export; the same as `permission` where it is left out
    export_permission: str | None = field(default=None, kw_only=True)
    # SQL expression of the core_file.id of the row's PDF: then they can be zipped and merged
    file: Any = field(default=None, kw_only=True)
    bundle: Bundle | None = field(default=None, kw_only=True)
    empty: Empty = field(default=Empty(), kw_only=True)
    # in words of this list: lambda count: ngettext("%(num)s row", "%(num)s rows", count)
    count: Callable[[int], str] = field(default=_rows, kw_only=True)
    size: int = field(default=SIZE, kw_only=True)
    # steps above the title: function giving [(label, address)]
    crumbs: Callable[..., Iterable[tuple[Any, str]]] = field(default=lambda **given: (), kw_only=True)
    template: str = field(default="core/list.html", kw_only=True)

    @property
    def papers(self) -> tuple[str, ...]:
        """What its files can be put together as."""
        return (*(("pdf", "zip") if self.file is not None else ()), *(("bundle",) if self.bundle is not None else ()))

    def __post_init__(self) -> None:
        for kind, entries in (("column", self.columns), ("filter", self.filters), ("action", self.actions)):
            keys = [one.key for one in entries]
            if len(set(keys)) != len(keys):
                raise TypeError(f"list {self.key}: a {kind} is declared twice")
        for column in self.columns:
            if any(getattr(key, "nullable", None) for key in _plain(column.sort_keys)):
                raise TypeError(f"list {self.key}: {column.key} can be null, a key of a page cannot")
            if any(getattr(key, "class_", self.entity) is not self.entity for key in column.sort_keys):
                raise TypeError(f"list {self.key}: {column.key} is of another table: no index serves such an order")
        if self.sort.lstrip("-") not in {"id", *self.sortable}:
            raise TypeError(f"list {self.key}: it is sorted by {self.sort}, which is not sortable")

    @property
    def id(self) -> Any:
        return self.entity.id

    @cached_property
    def by_key(self) -> dict[str, Column]:
        return {column.key: column for column in self.columns}

    @cached_property
    def sortable(self) -> dict[str, Column]:
        return {column.key: column for column in self.columns if column.sort_keys}

    def action(self, key: str) -> Action | None:
        return next((one for one in self.actions if one.key == key), None)

    def filter(self, key: str) -> Filter | None:
        return next((one for one in self.filters if one.key == key), None)

    def exportable(self) -> list[Column]:
        return [column for column in self.columns if column.export and column.value is not None]

    def say(self, count: int) -> str:
        """"1.200 invoices", in the reader's language and with its thousands."""
        return self.count(count).replace(str(count), number(count), 1)


def _plain(keys: Iterable[Any]) -> list[Any]:
    """The table columns among sort keys."""
    found = [key.__clause_element__() if hasattr(key, "__clause_element__") else key for key in keys]
    return [key for key in found if isinstance(key, sa.Column)]


lists: Registry[List] = Registry("lists")
# key of a list -> endpoint of its page
endpoints: dict[str, str] = {}


def register(declared: List) -> List:
    """Make a list known, to workers too; declared twice under a key is refused."""
    found = lists.register(declared.key, declared)
    _add(found)
    return found


_more: dict[str, list[Filter]] = {}


def extend(key: str, *filters: Filter) -> None:
    """Filters that a module above gives to the list of one below, whichever of them is loaded first."""
    _more.setdefault(key, []).extend(filters)
    if (found := lists.find(key)) is not None:
        _add(found)


def _add(spec: List) -> None:
    own = {one.key: one for one in spec.filters}
    more = {one.key: one for one in _more.get(spec.key, ())}
    object.__setattr__(spec, "filters", tuple({**more, **own}[key] for key in {**own, **more}))  # else frozen

