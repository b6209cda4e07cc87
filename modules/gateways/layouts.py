"""Layouts of files as data: what an operator can write, correct and try on screen. Here the JSON is understood. Pure.

    {"direction": "in" | "out", "confirmed": false, "encoding": "latin-1", "newline": "\\r\\n", "currency": "COP",
     "length": 162, "pad_short_lines": true, "amount_decimals": 2,                      fixed width, or
     "delimiter": ";", "header": true, "decimal": ",", "thousands": ".", "quote": "\\"",  delimited
     "records": {"01": {"name": "header", "fields": [["kind", 2, "n"], …]}, …},          "columns" where delimited
     "columns": ["reference", "amount", …],                                              delimited, one kind of line
     "order": {"start": ["01"], "01": ["05", "09"], …, "09": []}, "detail": "06",
     "checks": ["08.count==count(06 of batch)", "09.sum==sum(06.amount)", "01.company==account.company"],
     "unique": ["01.day", "number"], "formats": {"paid": "%Y-%m-%d"}, "required": ["document"],
     "map":  {"reference": "code", "amount": "amount", "paid_at": ["day", "hour"], "status": {"field": …, "words": …}},
     "fill": {"06": {"code": "customer", "amount": "amount", "name": {"from": "name", "cut": 22}}}}

The first field of a line says of which kind it is, where there is more than one; kinds of fields are those of
`records`. A field is named `field` (of the detail, else of the only record that has it) or `record.field`.
`LAYOUTS.md` tells every key.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from typing import Any

from core.i18n import _
from modules.gateways.layout_shapes import BadLayout, Check, Kind, Layout, Place, Source, Spoken
from modules.gateways.records import Record, is_kind
from modules.gateways.shapes import STATUSES

DIRECTIONS = ("in", "out")
KEYS = {"direction", "confirmed", "encoding", "newline", "currency", "length", "pad_short_lines", "amount_decimals",
        "delimiter", "header", "decimal", "thousands", "quote", "records", "columns", "order", "detail", "checks",
        "unique", "formats", "required", "map", "fill", "not_a_return", "text", "title"}
# what a payment is made of: one field, several of them, or a field whose words are ours in other words
ONE = ("reference", "customer", "invoice", "barcode", "amount", "fee", "withheld", "currency", "name", "document",
       "email", "reason", "reverses", "date")
SEVERAL = ("paid_at", "credited_at", "external_id")
SPOKEN = ("status", "channel", "remarks")
# what a debt gives for a field; extra.…, account.…, due.N.amount and due.N.date besides
SOURCES = {"customer", "invoice", "reference", "name", "concept", "currency", "amount", "due_date", "line", "count",
           "sum", "made.date", "made.time", "made.number"}
SOURCE = re.compile(r"(extra|account)\.\w{1,40}|due\.[1-4]\.(amount|date)")
CHECK = re.compile(r"(?P<left>[\w.]+)\s*==\s*"
                   r"(?:(?P<how>count|sum)\((?P<of>[\w.]+)(?P<batch> of batch)?\)|(?P<right>[\w.]+))")
TEXTS = ("as_is", "capitals", "plain")
MOST_FIELDS, LONGEST = 200, 2000


def load(found: Any, name: str = "layout") -> Layout:
    """The layout of a JSON object, or of its text; BadLayout names the first thing that is wrong."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError) as error:
            raise BadLayout("", found[:40], _("JSON (%(reason)s)", reason=str(error))) from None
    return _Loader(_dict(found, "")).layout(name)


def trouble(found: Any) -> str:
    """What is wrong with a layout, in words; "" where it can be used. For settings and screens."""
    try:
        load(found)
    except BadLayout as error:
        return str(error)
    return ""


class _Loader:
    def __init__(self, found: Mapping[str, Any]) -> None:
        self.found = found
        self.kinds: dict[str, Kind] = {}
        self.detail = ""

    def layout(self, name: str) -> Layout:
        self._settings()
        self.kinds = self._kinds()
        order = self._order()
        self.detail = self._detail(order)
        fields, spoken = self._map()
        return Layout(name, self.found["direction"], self.kinds, self.detail, order, self._checks(), self._unique(),
                      fields, spoken, self._fill(), self._required(), self._formats(),
                      {key: value for key, value in self.found.items() if not isinstance(value, dict | list)})

    def _settings(self) -> None:
        found = self.found
        for key in found:
            _one_of(key, KEYS, key)
        _one_of(found.get("direction"), DIRECTIONS, "direction")
        _one_of(found.get("text", "plain"), TEXTS, "text")
        if ("length" in found) == ("delimiter" in found):
            raise BadLayout("length", found.get("length"), _("“length” for fixed widths, or “delimiter”, not both"))
        for key in ("confirmed", "pad_short_lines", "header"):
            _is(found.get(key, False), bool, key, _("true or false"))
        for key, least, most in (("length", 1, LONGEST), ("amount_decimals", 0, 6)):
            _number(found.get(key, least), least, most, key)
        for key, expected in (("delimiter", 1), ("decimal", 1), ("thousands", 1), ("quote", 1)):
            _sign(found.get(key, ""), expected, key)
        _one_of(found.get("newline", "\n"), ("\n", "\r\n"), "newline")
        _is(found.get("currency", ""), str, "currency", _("a currency like COP"))
        try:
            codecs.lookup(_is(found.get("encoding", "latin-1"), str, "encoding", "latin-1, utf-8 …"))
        except LookupError:
            raise BadLayout("encoding", found["encoding"], "latin-1, utf-8, cp1252 …") from None

    def _kinds(self) -> dict[str, Kind]:
        if "columns" in self.found and "records" in self.found:
            raise BadLayout("columns", "records", _("either “columns” or “records”"))
        if "columns" in self.found:
            return {"": Kind("", _("line"), _names(self.found["columns"], "columns"))}
        records = _dict(self.found.get("records"), "records")
        if not records:
            raise BadLayout("records", records, _("at least one kind of line"))
        return {code: self._kind(code, _dict(one, f"records.{code}")) for code, one in records.items()}

    def _kind(self, code: str, found: Mapping[str, Any]) -> Kind:
        path = f"records.{code}"
        for key in found:
            _one_of(key, {"name", "fields", "columns"}, f"{path}.{key}")
        name = _is(found.get("name", code), str, f"{path}.name", _("a text"))
        if "delimiter" in self.found:
            return Kind(code, name, _names(found.get("columns"), f"{path}.columns"))
        table = tuple(_field(one, f"{path}.fields[{index}]")
                      for index, one in enumerate(_list(found.get("fields"), f"{path}.fields")))
        record = Record(name, table)
        if record.length != self.found["length"]:
            raise BadLayout(f"{path}.fields", record.length, _("widths that add up to %(length)s",
                                                               length=self.found["length"]))
        if code and table[0][1] != len(code):
            raise BadLayout(f"{path}.fields[0]", list(table[0]), _("the kind of the line, %(width)s wide",
                                                                   width=len(code)))
        return Kind(code, name, _names([one[0] for one in table], f"{path}.fields"), record)

    def _order(self) -> dict[str, tuple[str, ...]]:
        found = self.found.get("order")
        if found is None:
            if len(self.kinds) > 1 and self.found["direction"] == "in":
                raise BadLayout("order", None, _("which kind of line may follow which"))
            return {}
        order = {}
        for code, following in _dict(found, "order").items():
            _one_of(code, {"start", *self.kinds}, f"order.{code}")
            order[code] = tuple(_one_of(one, set(self.kinds), f"order.{code}[{index}]")
                                for index, one in enumerate(_list(following, f"order.{code}")))
        for code in ("start", *self.kinds):
            if code not in order:
                raise BadLayout(f"order.{code}", None, _("the kinds of line that may follow, [] for the last one"))
        if all(order[code] for code in self.kinds):
            raise BadLayout("order", sorted(order), _("one kind of line that ends the file, with []"))
        return order

    def _detail(self, order: Mapping[str, tuple[str, ...]]) -> str:
        """The kind that holds payments or debts: the one said, the only one, the one that repeats."""
        if "detail" in self.found:
            return _one_of(self.found["detail"], set(self.kinds), "detail")
        repeating = [code for code in self.kinds if code in order.get(code, ())] or [
            code for code, kind in self.kinds.items() if kind.name.lower() in ("detalle", "detail")]
        candidates = list(self.kinds) if len(self.kinds) == 1 else repeating
        if len(candidates) != 1:
            raise BadLayout("detail", candidates, _("the kind of line that holds a payment or a debt"))
        return candidates[0]

    def place(self, name: Any, path: str) -> Place:
        """A field by its name: of the detail, else of the first record that has it."""
        _is(name, str, path, _("the name of a field"))
        record, dot, alone = name.partition(".")
        if dot and record in self.kinds and alone in self.kinds[record].fields:
            return Place(record, alone)
        for code in (self.detail, *self.kinds):
            if not dot and name in self.kinds[code].fields:
                return Place(code, name)
        raise BadLayout(path, name, _("a field that the records have"))

    def _checks(self) -> tuple[Check, ...]:
        return tuple(self._check(one, f"checks[{index}]")
                     for index, one in enumerate(_list(self.found.get("checks", []), "checks")))

    def _check(self, text: Any, path: str) -> Check:
        found = CHECK.fullmatch(_is(text, str, path, _("a comparison")))
        if found is None:
            raise BadLayout(path, text, "09.total==sum(06.amount), 08.n==count(06 of batch), 01.nit==account.nit")
        left, batch = self.place(found["left"], path), bool(found["batch"])
        if found["how"] == "count":
            return Check(text, left, "count", Place(_one_of(found["of"], set(self.kinds), path), ""), batch)
        if found["how"] == "sum":
            return Check(text, left, "sum", self.place(found["of"], path), batch)
        if found["right"].startswith("account."):
            return Check(text, left, "account", Place("", found["right"].removeprefix("account.")))
        return Check(text, left, "field", self.place(found["right"], path))

    def _unique(self) -> tuple[Place, ...]:
        return tuple(self.place(one, f"unique[{index}]")
                     for index, one in enumerate(_list(self.found.get("unique", []), "unique")))

    def _map(self) -> tuple[dict[str, tuple[Place, ...]], dict[str, Spoken]]:
        fields, spoken = {}, {}
        for key, value in _dict(self.found.get("map", {}), "map").items():
            path = f"map.{key}"
            _one_of(key, {*ONE, *SEVERAL, *SPOKEN}, path)
            if key in SPOKEN:
                spoken[key] = self._spoken(key, value, path)
            elif isinstance(value, list) and key in SEVERAL and value:
                fields[key] = tuple(self.place(one, f"{path}[{index}]") for index, one in enumerate(value))
            else:
                fields[key] = (self.place(value, path),)
        for key in ("amount", "paid_at"):
            if "map" in self.found and key not in fields:
                raise BadLayout(f"map.{key}", None, _("the field that holds it"))
        return fields, spoken

    def _spoken(self, key: str, found: Any, path: str) -> Spoken:
        if isinstance(found, str):
            return Spoken(self.place(found, path))
        words = _texts(_dict(found, path).get("words", {}), f"{path}.words")
        for one in found:
            _one_of(one, {"field", "words"}, f"{path}.{one}")
        for theirs, ours in words.items() if key == "status" else ():
            _one_of(ours, STATUSES, f"{path}.words.{theirs}")
        return Spoken(self.place(found.get("field"), f"{path}.field"), words)

    def _fill(self) -> dict[str, dict[str, Source]]:
        found = _dict(self.found.get("fill", {}), "fill")
        if found and tuple(self.kinds) == ("",):
            found = {"": found}
        return {code: self._filled(code, one) for code, one in found.items()}

    def _filled(self, code: str, found: Any) -> dict[str, Source]:
        path = f"fill.{code}" if code else "fill"
        _one_of(code, set(self.kinds), path)
        filled = {}
        for name, value in _dict(found, path).items():
            _one_of(name, set(self.kinds[code].fields), f"{path}.{name}")
            filled[name] = _source(value, f"{path}.{name}")
        return filled

    def _required(self) -> tuple[str, ...]:
        return tuple(self.place(one, f"required[{index}]").field
                     for index, one in enumerate(_list(self.found.get("required", []), "required")))

    def _formats(self) -> dict[str, str]:
        formats = _texts(self.found.get("formats", {}), "formats")
        for name in formats:
            self.place(name, f"formats.{name}")
        return formats


# --- values ----------------------------------------------------------------------------------------------


def _source(found: Any, path: str) -> Source:
    if isinstance(found, str):
        return Source(constant=found[1:]) if found.startswith("=") else Source(_source_name(found, path))
    for key in _dict(found, path):
        _one_of(key, {"from", "default", "cut", "digits", "words"}, f"{path}.{key}")
    return Source(_source_name(found.get("from"), f"{path}.from"), None,
                  _is(found["default"], str, f"{path}.default", _("a text")) if "default" in found else None,
                  _number(found.get("cut", 0), 0, LONGEST, f"{path}.cut"),
                  _is(found.get("digits", False), bool, f"{path}.digits", _("true or false")),
                  _texts(found.get("words", {}), f"{path}.words"))


def _source_name(found: Any, path: str) -> str:
    if isinstance(found, str) and (found in SOURCES or SOURCE.fullmatch(found)):
        return found
    raise BadLayout(path, found, ", ".join([*sorted(SOURCES), "extra.…", "account.…", "due.2.amount", "=…"]))


def _field(found: Any, path: str) -> tuple[str, int, str]:
    if not (isinstance(found, list) and len(found) == 3 and isinstance(found[0], str) and found[0]):
        raise BadLayout(path, found, _("[name, width, kind]"))
    width, kind = _number(found[1], 1, LONGEST, f"{path}[1]"), found[2]
    if not (isinstance(kind, str) and is_kind(kind, width)):
        raise BadLayout(f"{path}[2]", kind, "n, m2, d, d!, d6, d8r, d6r, 0>, a<, a>, =…, z, b, .")
    return found[0], width, kind


def _names(found: Any, path: str) -> tuple[str, ...]:
    names = _list(found, path)
    if not 1 <= len(names) <= MOST_FIELDS:
        raise BadLayout(path, len(names), _("1 to %(most)s names", most=MOST_FIELDS))
    for index, one in enumerate(names):
        if not (isinstance(one, str) and re.fullmatch(r"\w+", one)):
            raise BadLayout(f"{path}[{index}]", one, _("a name of letters, digits and _"))
        if one in names[:index]:
            raise BadLayout(f"{path}[{index}]", one, _("a name that is not used before"))
    return tuple(names)


def _texts(found: Any, path: str) -> dict[str, str]:
    return {key: _is(value, str, f"{path}.{key}", _("a text")) for key, value in _dict(found, path).items()}


def _dict(found: Any, path: str) -> dict[str, Any]:
    return _is(found, dict, path, _("a JSON object"))


def _list(found: Any, path: str) -> list[Any]:
    return _is(found, list, path, _("a list"))


def _is(found: Any, kind: type, path: str, expected: str) -> Any:
    if isinstance(found, kind) and not (kind is int and isinstance(found, bool)):
        return found
    raise BadLayout(path, found, expected)


def _number(found: Any, least: int, most: int, path: str) -> int:
    if isinstance(found, int) and not isinstance(found, bool) and least <= found <= most:
        return found
    raise BadLayout(path, found, _("a whole number from %(least)s to %(most)s", least=least, most=most))


def _sign(found: Any, width: int, path: str) -> None:
    if not (isinstance(found, str) and len(found) <= width and found not in ("\r", "\n")):
        raise BadLayout(path, found, _("one sign"))


def _one_of(found: Any, known: Any, path: str) -> Any:
    if isinstance(found, str) and found in known:
        return found
    raise BadLayout(path, found, ", ".join(repr(one) if one.strip() != one else one for one in sorted(known)))
