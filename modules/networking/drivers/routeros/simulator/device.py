"""One router: its tables, what may be written, who is connected. Knows no socket; a lock orders its sessions."""

from __future__ import annotations

import datetime as dt
import ipaddress
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from modules.networking.drivers.routeros.simulator import asking
from modules.networking.drivers.routeros.simulator.menus import MENUS, Menu, Row, Trap, pair
from modules.networking.drivers.routeros.simulator.people import People
from modules.networking.drivers.routeros.simulator.traffic import Traffic

HIDDEN = "********"
LIMIT_FIELDS = ("max-limit", "limit-at", "burst-limit", "burst-threshold")
LOGGED = 2000


@dataclass
class Identity:
    """What a router is: version, serial number, who may log in."""

    name: str
    version: str = "7.12"
    user: str = "abona"
    password: str = ""
    serial: str = "HEX0000001"
    board: str = "RB750Gr3"

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split(".")[:2])


@dataclass
class Device:
    """A router's memory. `now` is its clock, `kept(menu, id, row or None)` is told of each row that changed."""

    identity: Identity
    now: Callable[[], dt.datetime]
    kept: Callable[[str, str, Row | None], None] = lambda menu, row_id, row: None
    tables: dict[str, dict[str, Row]] = field(default_factory=lambda: {menu: {} for menu in MENUS})
    counts: Counter[str] = field(default_factory=Counter)
    log: list[dict[str, Any]] = field(default_factory=list)
    next_id: int = 1
    saved: dict[str, dict[str, Row]] | None = None

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.people = People(self)
        self.traffic = Traffic(self)

    # --- from outside the protocol -----------------------------------------------------------------------

    def furnish(self, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
        """What was on the router before anybody came: rows by menu, beside what each router has."""
        self.place("/ppp/profile", {"name": "default", "default": "true"})
        self.place("/ppp/profile", {"name": "default-encryption", "default": "true", "use-encryption": "yes"})
        for name, port in (("api", "8728"), ("api-ssl", "8729"), ("winbox", "8291"), ("ssh", "22")):
            self.place("/ip/service", {"name": name, "port": port})
        for menu, rows in tables.items():
            for row in rows:
                self.place(menu, row)
        self.saved = self.copy()

    def place(self, menu: str, values: Mapping[str, str]) -> str:
        """A row as somebody at the router's own console would write it, read-only fields too; its id."""
        with self.lock:
            row = {name: value for name, value in MENUS[menu].fields.items() if value or name in MENUS[menu].always}
            row.update({name: str(value) for name, value in values.items()})
            return self._insert(menu, self._printed(row))

    def copy(self) -> dict[str, dict[str, Row]]:
        """The tables as they are."""
        with self.lock:
            return {menu: {key: dict(row) for key, row in rows.items()} for menu, rows in self.tables.items()}

    def restore(self, tables: Mapping[str, Mapping[str, Row]]) -> None:
        """Other tables in the place of these; everybody is thrown off."""
        with self.lock:
            for menu in MENUS:
                for key in list(self.tables[menu]):
                    self.forget(menu, key)
            for menu, rows in tables.items():
                for row in rows.values() if menu not in ("/ppp/active", "/ip/hotspot/active") else ():
                    self._insert(menu, dict(row))
            self.people.thrown_off()

    def renumber(self) -> None:
        """A reboot: new ids, nobody connected, what was dynamic is gone."""
        with self.lock:
            self.next_id += 0x100
            self.restore({menu: {key: row for key, row in rows.items() if row.get("dynamic") != "true"}
                          for menu, rows in self.copy().items()})

    # --- commands ----------------------------------------------------------------------------------------

    def run(self, menu: str, verb: str, given: Mapping[str, str], queries: Sequence[str]) -> Answer:
        """Do a command; its rows and what `!done` carries. Trap where the router refuses."""
        with self.lock:
            self.people.come_back()
            self.counts[f"{menu}/{verb}"] += 1
            if verb in ("print", "getall"):
                return self._print(menu, given, queries)
            self._note(menu, verb, given)
            return Answer(done=getattr(self, f"_{verb.replace('-', '_')}")(menu, dict(given)) or {})

    def _note(self, menu: str, verb: str, given: Mapping[str, str]) -> None:
        rows = [self.tables[menu][one] for one in self._named(given) if one in self.tables[menu]]
        shown = {key: HIDDEN if key == "password" else value for key, value in given.items()}
        self.log.append({"at": self.now().isoformat(timespec="seconds"), "command": f"{menu}/{verb}", "words": shown,
                         "rows": [row.get("name") or row.get("address", "") for row in rows]})
        del self.log[:-LOGGED]

    def _print(self, menu: str, given: Mapping[str, str], queries: Sequence[str]) -> Answer:
        wanted = [one for one in given.get(".proplist", "").split(",") if one]
        found = []
        for key, row in self.rows(menu):
            whole = {".id": key, **row} if key else row
            if asking.keeps(whole, queries):
                found.append({name: whole[name] for name in wanted if name in whole} if wanted else whole)
        if "count-only" in given:
            return Answer(done={"ret": str(len(found))})
        return Answer(found)

    def rows(self, menu: str) -> Iterable[tuple[str, Row]]:
        """(id, row) of what a menu shows."""
        if not MENUS[menu].one_row:
            return list(self.tables[menu].items())
        name = {"/system/identity": {"name": self.identity.name}, "/system/routerboard": {
            "routerboard": "true", "model": self.identity.board, "serial-number": self.identity.serial,
            "current-firmware": self.identity.version}}.get(menu, {
                "uptime": "1w2d3h", "version": f"{self.identity.version} (stable)", "platform": "MikroTik",
                "board-name": self.identity.board, "architecture-name": "mmips", "cpu-load": "4",
                "total-memory": "268435456", "free-memory": "104857600"})
        return [("", name)]

    def _add(self, menu: str, given: Row) -> dict[str, str]:
        known = MENUS[menu]
        given.pop("place-before", None)
        row = {name: value for name, value in known.fields.items() if value or name in known.always}
        values = self._checked(menu, known, given)
        for name in known.required:
            if not values.get(name):
                raise Trap(f"missing value(s) of argument(s) {name}")
        row.update(values)
        if menu == "/queue/simple" and not row.get("name"):
            row["name"] = f"queue{len(self.tables[menu]) + 1}"
        if menu.endswith("/address-list"):
            row["creation-time"] = self.moment()
            if row.get("timeout"):
                row["dynamic"] = "true"
        row = self._printed(row)
        self._check_unique(menu, known, row, "")
        self._check_limits(row)
        return {"ret": self._insert(menu, row)}

    def _set(self, menu: str, given: Row) -> None:
        known = MENUS[menu]
        if known.one_row:
            self.identity.name = self._checked(menu, known, given).get("name", self.identity.name)
            return
        ids = self._existing(menu, given)
        for name in (".id", "numbers"):
            given.pop(name, None)
        changes = self._checked(menu, known, given)
        for row_id in ids:
            row = {**self.tables[menu][row_id], **changes}
            if menu == "/queue/simple" and row.get("dynamic") == "true":
                raise Trap("failure: can not change dynamic queue")
            row = self._printed({name: value for name, value in row.items()
                                 if value or name in known.always or name not in changes})
            if set(changes) & set(known.unique):
                self._check_unique(menu, known, row, row_id)
            self._check_limits(row)
            self.tables[menu][row_id] = row
            self.kept(menu, row_id, row)

    def _enable(self, menu: str, given: Row) -> None:
        self._switch(menu, given, "false")

    def _disable(self, menu: str, given: Row) -> None:
        self._switch(menu, given, "true")

    def _switch(self, menu: str, given: Row, disabled: str) -> None:
        for row_id in self._existing(menu, given):
            self.tables[menu][row_id]["disabled"] = disabled
            self.kept(menu, row_id, self.tables[menu][row_id])

    def _remove(self, menu: str, given: Row) -> None:
        for row_id in self._existing(menu, given):
            if menu == "/ppp/active":
                self.people.kicked(self.tables[menu][row_id]["name"])
            else:
                self.forget(menu, row_id)

    def _make_static(self, menu: str, given: Row) -> None:
        for row_id in self._existing(menu, given):
            self.tables[menu][row_id]["dynamic"] = "false"
            self.kept(menu, row_id, self.tables[menu][row_id])

    # --- rows --------------------------------------------------------------------------------------------

    def _named(self, given: Mapping[str, str]) -> list[str]:
        return [one for one in (given.get(".id") or given.get("numbers") or "").split(",") if one]

    def _existing(self, menu: str, given: Mapping[str, str]) -> list[str]:
        """The ids that a command names, by id or by name; `no such item` where one of them is unknown."""
        found = []
        for one in self._named(given):
            named = [key for key, row in self.tables[menu].items() if row.get("name") == one]
            if one not in self.tables[menu] and not named:
                raise Trap("no such item", "0")
            found.append(one if one in self.tables[menu] else named[0])
        if not found:
            raise Trap("missing value(s) of argument(s) .id")
        return found

    def _checked(self, menu: str, known: Menu, given: Mapping[str, str]) -> Row:
        values: Row = {}
        for written, value in given.items():
            name = written.removeprefix("!")
            if name not in known.fields or name in known.read_only:
                raise Trap(f"unknown parameter {name}")
            value = "" if written.startswith("!") else value
            if name in known.flags:
                value = {"yes": "true", "no": "false"}.get(value, value)
                if value not in ("true", "false"):
                    raise Trap(f"input does not match any value of {name}", "1")
            if name == "local-address" and not value and not written.startswith("!") and menu == "/ppp/secret":
                raise Trap("ambiguous value of address, more than one possible value matches input")
            if value and name in known.checks and not known.checks[name](value):
                raise Trap(f"invalid value for argument {name}")
            if value and name in known.references:
                self._check_reference(known.references[name], name, value)
            values[name] = value
        return values

    def _check_reference(self, menu: str, name: str, value: str) -> None:
        if not any(row.get("name") == value for row in self.tables[menu].values()):
            raise Trap(f"input does not match any value of {name}", "1")

    def _check_unique(self, menu: str, known: Menu, row: Row, row_id: str) -> None:
        if not known.unique:
            return
        mine = tuple(row.get(name, "") for name in known.unique)
        for key, other in self.tables[menu].items():
            if key != row_id and tuple(other.get(name, "") for name in known.unique) == mine:
                raise Trap(known.duplicate)

    def _check_limits(self, row: Row) -> None:
        if "max-limit" not in row:
            return
        for side, most, least in zip(("upload", "download"), row["max-limit"].split("/"), row["limit-at"].split("/"),
                                     strict=True):
            if 0 < int(most) < int(least):
                raise Trap(f"failure: {side}-max-limit less than {side}-limit")

    def _printed(self, row: Row) -> Row:
        for name in LIMIT_FIELDS:
            if row.get(name):
                row[name] = pair(row[name])
        if row.get("target") and is_one(row["target"]):
            row["target"] = str(ipaddress.ip_network(row["target"]))
        return row

    def _insert(self, menu: str, row: Row) -> str:
        row_id = f"*{self.next_id:X}"
        self.next_id += 1
        self.tables[menu][row_id] = row
        self.kept(menu, row_id, row)
        return row_id

    def insert(self, menu: str, row: Row) -> str:
        """A row that the router itself makes: a session, a dynamic entry."""
        return self._insert(menu, row)

    def forget(self, menu: str, row_id: str) -> None:
        """Take a row away."""
        del self.tables[menu][row_id]
        self.kept(menu, row_id, None)

    def moment(self) -> str:
        """Now, as this version writes it."""
        if self.identity.number < (7, 0):
            return self.now().strftime("%b/%d/%Y %H:%M:%S").lower()
        return self.now().strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Answer:
    """Rows, and what the `!done` carries."""

    rows: list[Row] = field(default_factory=list)
    done: Mapping[str, str] = field(default_factory=dict)


def is_one(target: str) -> bool:
    """Whether a target is one address or network, which the router then prints with its length."""
    try:
        ipaddress.ip_network(target, strict=True)
    except ValueError:
        return False
    return True
