"""What the address of a list asks for: filters, order, columns, size, place; and the addresses of its neighbours."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flask import url_for

from core import paging
from core.i18n import _
from core.lists import results
from core.lists.declaration import SIZES, Column, List
from core.lists.filters import BadFilter, Filter

# names of the address that belong to the page, not to what is listed
PLACE = ("after", "before")
PASSING = (*PLACE, "totals", "page")
OWN = ("sort", "cols", "size", "view", "of", *PASSING)
END = "end"


@dataclass(frozen=True)
class Order:
    """By which column (None: by id), and whether the last comes first."""

    column: Column | None
    desc: bool

    @property
    def code(self) -> str:
        return ("-" if self.desc else "") + (self.column.key if self.column else "id")


@dataclass(frozen=True)
class Place:
    """Where a page begins: beyond these keys, `backwards` towards the first row; no keys and backwards is the end.

    `before` is how many rows come before this place, for the words "51–100"; None where nobody knows.
    """

    keys: list[Any] | None = None
    backwards: bool = False
    before: int | None = 0


@dataclass(frozen=True)
class Chip:
    """A filter in words, with the address without it."""

    label: Any
    words: str
    url: str


@dataclass(frozen=True, eq=False)
class Ask:
    """The address of a list, understood. `args` is {name: [values]} without empty values, `given` the arguments of
    the list's `select`, `endpoint` and `route` the page that it is on. What is `fixed` the reader does not change.
    """

    spec: List
    args: Mapping[str, Sequence[str]]
    given: Mapping[str, Any] = field(default_factory=dict)
    endpoint: str = ""
    route: Mapping[str, Any] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    # whether the bare address opens a saved view
    opens_view: Callable[[], bool] = field(default=lambda: False)

    @classmethod
    def of(cls, shown: List, args: Mapping[str, Sequence[str]], given: Mapping[str, Any] | None = None,
           endpoint: str = "", **more: Any) -> Ask:
        """From the arguments as they came."""
        kept = {name: [one for one in values if one.strip()] for name, values in args.items()
                if not name.startswith("_")}
        args = {name: values for name, values in kept.items() if values}
        return cls(shown, args, dict(given or {}), endpoint, **{"route": dict(given or {}), **more})

    # --- filters -------------------------------------------------------------------------------------

    @cached_property
    def _read(self) -> tuple[dict[str, Any], dict[str, str]]:
        values, errors = {}, {}
        for one in self.spec.filters:
            try:
                found = one.read(self.args)
            except BadFilter as error:
                errors[one.key] = str(error)
            else:
                if found is not None:
                    values[one.key] = found
        if self._one("of") and self.results is None:
            errors["of"] = _("The results that this address names do not exist here any more.")
        return values, errors

    @property
    def values(self) -> dict[str, Any]:
        """What each filter asks for, by its key."""
        return self._read[0]

    @property
    def errors(self) -> dict[str, str]:
        """What could not be understood, by filter; then nothing may be listed, since more would be shown than asked."""
        return self._read[1]

    @cached_property
    def results(self) -> results.Results | None:
        """The rows of a run that the list is limited to (?of=12, ?of=12-refused)."""
        return results.find(self.spec, self._one("of"))

    @cached_property
    def why(self) -> list[Column]:
        """Among what a run refused, one more column: the reason."""
        if self.results is None or not self.results.refused:
            return []
        return [Column("why", _("Why not"), self.results.reason(self.spec.id), css="long")]

    @property
    def filters(self) -> list[tuple[Filter, Any]]:
        """Each filter that limits, with its value."""
        return [(one, self.values[one.key]) for one in self.spec.filters if one.key in self.values]

    def chips(self) -> list[Chip]:
        """What limits the list now, but the choices that stand above it anyway."""
        found = [Chip(one.label, one.say(value), self.url(**one.without())) for one, value in self.filters
                 if not getattr(one, "chips", False) and not self.fixed & set(one.names)]
        if self.results is not None:
            found.append(Chip(_("Only"), self.results.say(), self.url(of=None)))
        return found

    def is_filtered(self) -> bool:
        """Whether the person limited the list; what it opens on does not count."""
        return bool(self.results) or any(name in self.args for one, _value in self.filters for name in one.names
                                         if name not in self.fixed)

    def pack(self) -> dict[str, list[str]]:
        """The filters, order and columns that mean the same tomorrow: for what works on after the page is left."""
        found = {name: list(values) for name, values in self.args.items() if name in ("sort", "cols", "of")}
        for one in self.spec.filters:
            if one.key in self.values:
                found |= one.pack(self.values[one.key])
            else:
                found |= {name: list(values) for name, values in one.without().items() if values}
        return found

    # --- order, columns, size ------------------------------------------------------------------------

    @cached_property
    def order(self) -> Order:
        """The order asked for, or the list's own."""
        wanted = self._one("sort")
        if wanted.lstrip("-") not in {"id", *self.spec.sortable}:
            wanted = self.spec.sort
        return Order(self.spec.sortable.get(wanted.lstrip("-")), wanted.startswith("-"))

    @cached_property
    def keys(self) -> tuple[Any, ...]:
        """What pages go by: the columns of the order, then the id."""
        chosen = self.order.column.sort_keys if self.order.column else ()
        return (*[key for key in chosen if key is not self.spec.id], self.spec.id)

    @cached_property
    def columns(self) -> list[Column]:
        """The columns chosen, in the order of the declaration; the leading one is always there."""
        wanted = {one for text in self.args.get("cols", ()) for one in text.split(",")} & set(self.spec.by_key)
        return [column for column in self.spec.columns
                if column.lead or (column.key in wanted if wanted else column.default) or not column.label]

    @property
    def size(self) -> int:
        text = self._one("size")
        return int(text) if text in {str(size) for size in SIZES} else self.spec.size

    # --- place ---------------------------------------------------------------------------------------

    @cached_property
    def place(self) -> Place:
        """Where the page begins; nonsense in the address means the first page."""
        if self._one("before") == END:
            return Place(None, True, None)
        for name in PLACE:
            found = self._unpack(self._one(name))
            if found is not None:
                return Place(found[0], name == "before", found[1])
        return Place()

    def _unpack(self, token: str) -> tuple[list[Any], int | None] | None:
        try:
            packed = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) if token else None
        except ValueError:
            return None
        if not isinstance(packed, dict):
            return None
        keys, before = paging.unpack_keys(packed.get("k"), self.keys), packed.get("n")
        known = isinstance(before, int) and not isinstance(before, bool) and 0 <= before < 2**53
        return None if keys is None else (keys, before if known else None)

    def beyond(self, name: str, keys: Sequence[Any], before: int | None) -> str:
        """The address of the page `after` or `before` the row with these keys."""
        text = json.dumps({"k": paging.pack_keys(keys), "n": before}, ensure_ascii=False, separators=(",", ":"))
        return self.url(**{name: [base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")]})

    # --- addresses -----------------------------------------------------------------------------------

    def changed(self, **changes: Any) -> dict[str, list[str]]:
        """The arguments with some of them changed (None: without), on the first page."""
        kept = {name: list(values) for name, values in self.args.items() if name not in PASSING}
        for name, value in changes.items():
            if value is None:
                kept.pop(name, None)
            else:
                kept[name] = [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]
        return kept

    def url(self, **changes: Any) -> str:
        """The address of this list with some arguments changed."""
        args = self.changed(**changes)
        if set(args) == {"view"} or (not args and self.opens_view()):
            args = {"view": ["none"]}  # else it would open the view again, with what was just taken away
        return url_for(self.endpoint, **{**self.route, **args})

    def sort_url(self, column: Column) -> str:
        """The address ordered by a column: upwards first, then downwards."""
        here = self.order.column is column
        return self.url(sort=("-" if here and not self.order.desc else "") + column.key)

    def clear_url(self) -> str:
        """The address without filters; the order, the columns and what does not belong to the list stay."""
        ours = {name for one in self.spec.filters for name in one.names} - self.fixed | {"of", "view"}
        return self.url(**dict.fromkeys(ours))

    def others(self, *names: str) -> list[tuple[str, str]]:
        """(name, value) of the arguments, for the hidden fields of a form that sets `names` itself."""
        return [(name, value) for name, values in self.changed().items() if name not in names for value in values]

    def _one(self, name: str) -> str:
        values = self.args.get(name) or [""]
        return str(values[-1])
