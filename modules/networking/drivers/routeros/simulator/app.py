"""The routers of this simulator, each on ports of its own, and what is set up below `/routeros/_sim/`."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

from werkzeug.wrappers import Request, Response

from core.i18n import lazy
from core.simulators import Box, Fault
from core.simulators.frame import BadRequest, as_json, json_body
from core.simulators.kept import Kept
from core.simulators.settings import Configured, Settings
from modules.networking.drivers.routeros.simulator import tls
from modules.networking.drivers.routeros.simulator.device import Device, Identity
from modules.networking.drivers.routeros.simulator.menus import MENUS, Row
from modules.networking.drivers.routeros.simulator.session import Listener, Session, reset

OWN: dict[str, Any] = {
    "dead": lazy("The router takes connections and never answers"),
    "refuse": lazy("The router refuses connections"),
    "half": lazy("The connection is cut after so many commands (sentences, 1)"),
    "cut_in_word": lazy("The connection is cut in the middle of a word of the answer"),
    "hold": lazy("A write gets no answer until this fault ends (when: before it is done, or after it, which is usual)"),
    "fatal": lazy("The router ends the session with !fatal"),
    "bad_login": lazy("The router does not know user and password"),
    "no_rights": lazy("The user may read and not write"),
    "sessions_full": lazy("Too many sessions: the connection is closed at once"),
    "reset": lazy("The router was reset to its defaults: its tables are empty"),
    "old_backup": lazy("The router was restored from its first backup"),
    "other_serial": lazy("Another router answers at this address"),
    "renumber": lazy("The router was started again: its rows have other ids"),
    "cert_changed": lazy("The router shows another certificate"),
    "ascii_bytes": lazy("Comments hold letters in the code page of Windows"),
}
MOST_SESSIONS, SESSIONS_SINCE = 20, (7, 16)
IDENTITY = ("name", "version", "user", "password", "serial", "board")


class Router:
    """A device with its ports. `described` is what `_sim/state` and the store know of it."""

    def __init__(self, service: Service, given: Mapping[str, Any]) -> None:
        self.service, self.name = service, str(given["name"])
        identity = Identity(**{key: str(given[key]) for key in IDENTITY if key in given})
        self.piece, self.anonymous = int(given.get("piece") or 0), bool(given.get("anonymous"))
        self.pem = str(given.get("pem") or tls.certificate(self.name))
        self._changed_pem = ""
        # writes that wait for their answer on purpose
        self.held: list[dict[str, Any]] = []
        self.device = Device(identity, service.now, service.keeper(self.name))
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.plain = Listener(int(given.get("port") or 0), self._plain)
        self.encrypted = Listener(int(given.get("tls_port") or 0), self._encrypted)

    def described(self) -> dict[str, Any]:
        """Its settings and ports, as `_sim/routers` takes them."""
        return {**asdict(self.device.identity), "port": self.plain.port, "tls_port": self.encrypted.port,
                "anonymous": self.anonymous, "piece": self.piece, "pem": self.pem}

    def shown(self, tables: bool) -> dict[str, Any]:
        """For `_sim/state`: without secrets, with who is connected and how often each command came."""
        hidden = ("pem", "password")
        found: dict[str, Any] = {key: value for key, value in self.described().items() if key not in hidden}
        found |= {"sessions": self.plain.clients() + self.encrypted.clients(), "counts": dict(self.device.counts),
                  "connected": self.device.people.connected(), "flows": self.device.traffic.flows(),
                  "held": list(self.held), "log": list(self.device.log)}
        if tables:
            found["tables"] = {menu: [_shown(key, row) for key, row in rows.items()]
                               for menu, rows in self.device.copy().items() if rows}
        return found

    def strikes(self, name: str) -> Fault | None:
        """The fault, where it is in force for this router: `only` names one, or several with commas between."""
        return self.service.box.faults.strikes(name, lambda only: not only or self.name in only.split(","))

    @contextmanager
    def holding(self, command: str, is_done: bool) -> Iterator[None]:
        """For that time a write has no answer; `_sim/state` shows it."""
        entry = {"command": command, "is_done": is_done}
        self.held.append(entry)
        try:
            yield
        finally:
            self.held.remove(entry)

    def _plain(self, connection: socket.socket) -> None:
        if self._is_let_in(connection):
            self._session(connection)

    def _encrypted(self, connection: socket.socket) -> None:
        if self._is_let_in(connection):
            with self._context().wrap_socket(connection, server_side=True) as wrapped:
                self._session(wrapped)

    def _context(self) -> ssl.SSLContext:
        if self.anonymous:
            return self._contexts.setdefault("", tls.anonymous())
        pem = self.pem
        if self.strikes("cert_changed"):
            self._changed_pem = pem = self._changed_pem or tls.certificate(self.name)
        if pem not in self._contexts:
            self._contexts[pem] = tls.with_certificate(pem)
        return self._contexts[pem]

    def _is_let_in(self, connection: socket.socket) -> bool:
        """Whether the router speaks with a client at all."""
        if self.strikes("refuse") or self.strikes("refuse_connection"):
            reset(connection)
            return False
        if self.strikes("dead") or self.strikes("timeout_before"):
            with suppress(OSError):
                while connection.recv(4096):
                    pass
            return False
        full = (self.device.identity.number >= SESSIONS_SINCE
                and self.plain.clients() + self.encrypted.clients() > MOST_SESSIONS)
        return not full and not self.strikes("sessions_full")

    def _session(self, connection: socket.socket) -> None:
        self._befall()
        Session(connection, self.device, self, time.sleep, self.piece).serve()

    def _befall(self) -> None:
        """What happened to the router since somebody was here last."""
        if self.strikes("reset"):
            self.device.restore({})
        if self.strikes("old_backup") and self.device.saved is not None:
            self.device.restore(self.device.saved)
        if self.strikes("renumber"):
            self.device.renumber()
        if self.strikes("ascii_bytes"):
            for row in self.device.tables["/ppp/secret"].values():
                row["comment"] = "Peña".encode("cp1252").decode("latin-1")
        self.service.swap_serial(self)

    def stop(self) -> None:
        """Close its ports."""
        self.plain.stop()
        self.encrypted.stop()


def _shown(key: str, row: Row) -> Row:
    return {".id": key, **{name: value for name, value in row.items() if name != "password"}}


class Service(Configured[Settings]):
    """All routers. With a folder they outlive the process, ports included."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self._store = Kept(box.folder, box.name)
        self._persistent = box.folder is not None
        self.guard = threading.RLock()
        self.routers: dict[str, Router] = {}
        super().__init__(self._store, Settings)
        self._serials: dict[str, str] = {}
        for given in self._store.all("router"):
            self._revive(given)

    def now(self) -> dt.datetime:
        """The routers' clock; `_sim/config` and `_sim/advance` move it."""
        return self.config.now()

    def keeper(self, name: str) -> Callable[[str, str, Row | None], None]:
        """What keeps a router's rows; sessions and dynamic rows are not kept."""
        def keep(menu: str, row_id: str, row: Row | None) -> None:
            if not self._persistent or menu == "/ppp/active":
                return
            if row is None:
                self._store.delete(menu, name, row_id)
            elif row.get("dynamic") != "true":
                self._store.put(menu, name, row_id, row)
        return keep

    def _revive(self, given: Mapping[str, Any]) -> None:
        made = self.routers[str(given["name"])] = Router(self, given)
        for menu in MENUS:
            for row in self._store.all(menu, made.name):
                made.device.insert(menu, row)
        made.device.saved = made.device.copy()
        made.device.people.dial_in(self._store.get("people", made.name, "on") or ())

    def swap_serial(self, router: Router) -> None:
        """While another router answers at its address, its serial number is another."""
        own = self._serials.setdefault(router.name, router.device.identity.serial)
        router.device.identity.serial = f"OTHER{own}" if router.strikes("other_serial") else own

    # --- HTTP ----------------------------------------------------------------------------------------------

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        verbs: Mapping[str, Callable[[dict[str, Any]], Any]] = {
            "routers": self._add_routers, "remove": self._remove, "rows": self._place, "change": self._change,
            "clients": self._clients, "connect": self._connect, "advance": self._advance, "backup": self._backup,
            "config": lambda given: self.configure(given).as_json()}
        verb = request.path.removeprefix("/_sim/")
        if request.path == "/_sim/routers" and request.method == "GET":
            return as_json({"routers": self._addresses()})
        if verb not in verbs or request.method != "POST":
            return as_json({"error": request.path}, 404)
        try:
            return as_json(verbs[verb](json_body(request)))
        except (BadRequest, KeyError, TypeError, ValueError) as error:
            return as_json({"error": str(error)}, 400)

    def _addresses(self) -> dict[str, Any]:
        return {name: {"host": "127.0.0.1", "port": one.plain.port, "tls_port": one.encrypted.port,
                       "anonymous": one.anonymous} for name, one in self.routers.items()}

    def _add_routers(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """{"routers": [{"name", "version", "user", "password", "serial", "anonymous", "tables", "clients"}]}."""
        for one in given["routers"]:
            self.add(one)
        return {"routers": self._addresses()}

    def add(self, given: Mapping[str, Any]) -> Router:
        """A new router; one of that name is left as it is."""
        with self.guard:
            name = str(given["name"])
            if name not in self.routers:
                made = self.routers[name] = Router(self, given)
                made.device.furnish(given.get("tables") or {})
                if self._persistent:
                    self._store.put("router", "", name, made.described())
                self._dial(made, given.get("clients") or ())
            return self.routers[name]

    def _dial(self, router: Router, names: Iterable[str]) -> None:
        router.device.people.dial_in(names)
        if self._persistent:
            self._store.put("people", router.name, "on", router.device.people.known())

    def _remove(self, given: Mapping[str, Any]) -> dict[str, Any]:
        self.routers.pop(given["router"]).stop()
        return {"routers": self._addresses()}

    def _place(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """{"router", "menu", "rows"}: rows as a technician writes them on the router."""
        device = self.routers[given["router"]].device
        return {"ids": [device.place(given["menu"], row) for row in given["rows"]]}

    def _change(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """{"router", "menu", "where", "to"}: rows changed behind the API's back; `to` null takes them away."""
        device = self.routers[given["router"]].device
        with device.lock:
            found = [key for key, row in device.tables[given["menu"]].items()
                     if all(row.get(name) == value for name, value in given["where"].items())]
            for key in found:
                if given["to"] is None:
                    device.forget(given["menu"], key)
                else:
                    device.tables[given["menu"]][key].update(given["to"])
        return {"changed": len(found)}

    def _clients(self, given: Mapping[str, Any]) -> dict[str, Any]:
        router = self.routers[given["router"]]
        self._dial(router, given["names"])
        return {"connected": router.device.people.connected()}

    def _connect(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """{"router", "src", "dst", "protocol"}: somebody begins a connection; whether the rules let him."""
        return {"passes": self.routers[given["router"]].device.traffic.connect(given)}

    def _advance(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return self.configure({"offset": self.config.offset + given["seconds"]}).as_json()

    def _backup(self, given: Mapping[str, Any]) -> dict[str, Any]:
        device = self.routers[given["router"]].device
        device.saved = device.copy()
        return {"saved": True}

    # --- the frame -----------------------------------------------------------------------------------------

    def state(self, query: Mapping[str, str]) -> dict[str, Any]:
        """All routers without their tables, or `?router=NAME` with them."""
        chosen = query.get("router")
        return {"now": self.now().isoformat(timespec="seconds"),
                "routers": {name: one.shown(bool(chosen)) for name, one in self.routers.items()
                            if chosen in (None, "", name)}}

    def reset(self) -> None:
        """No router is left."""
        with self.guard:
            for one in self.routers.values():
                one.stop()
            self.routers.clear()
            self.begin_again()

    def release(self) -> None:
        """The server ends."""
        for one in self.routers.values():
            one.stop()
        super().release()
