"""One connection to a router: login, sentences in, replies out, and what goes wrong on purpose."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from core.simulators import Cut, Fault
from modules.networking.drivers.routeros.simulator.device import Device
from modules.networking.drivers.routeros.simulator.menus import MENUS, PREFIXES, Trap
from modules.networking.drivers.routeros.simulator.words import BadLength, read_sentence, sentence

EMPTY_SINCE = (7, 18)
BAD_LOGIN = "invalid user name or password (6)"
NO_RIGHTS = "not enough permissions (9)"
NOBODY = "latin-1"  # bytes as they came: a router says nothing about the encoding


class Weather(Protocol):
    """What strikes a router just now."""

    def strikes(self, name: str) -> Fault | None: ...

    def holding(self, command: str, is_done: bool) -> AbstractContextManager[None]: ...


class Ended(Exception):
    """The session is over; its last words were said."""


class Session:
    """One client on a connection that is there already; `wait(seconds)` is how the router is slow."""

    def __init__(self, connection: socket.socket, device: Device, weather: Weather, wait: Callable[[float], None],
                 piece: int = 0) -> None:
        self._connection, self._device, self._weather, self._wait = connection, device, weather, wait
        self._piece, self._ahead = piece, b""
        self._logged_in, self._done = False, 0
        self._listening: set[str] = set()

    def serve(self) -> None:
        """Answer until one of both ends it."""
        with suppress(OSError, ConnectionError, BadLength, Ended):
            while True:
                self._take([one.decode(NOBODY) for one in read_sentence(self._read)])

    def _read(self, count: int) -> bytes:
        while len(self._ahead) < count:
            more = self._connection.recv(65536)
            if not more:
                raise ConnectionError("the client went away")
            self._ahead += more
        found, self._ahead = self._ahead[:count], self._ahead[count:]
        return found

    # --- a sentence ---------------------------------------------------------------------------------------

    def _take(self, words: list[str]) -> None:
        tag = [one for one in words if one.startswith(".tag=")]
        given = _attributes(words)
        queries = [one[1:] for one in words[1:] if one.startswith("?")]
        if slow := self._weather.strikes("slow"):
            self._wait(2.0 if slow.seconds is None else slow.seconds)
        if self._weather.strikes("fatal"):
            self._end("session terminated: out of memory")
        half = self._weather.strikes("half") if self._logged_in else None
        if half is not None and self._done >= int(half.options.get("sentences", 1)):
            raise ConnectionError("cut on purpose")
        if words[0] == "/quit":
            self._end("session terminated on request")
        if words[0] == "/login":
            replies = self._login(given)
        elif not self._logged_in:
            self._end("not logged in")
        else:
            replies = self._command(words[0], given, queries, tag)
            self._done += 1
        self._say([[*one, *tag] for one in replies])

    def _end(self, words: str) -> None:
        self._say([["!fatal", words]])
        raise Ended

    def _login(self, given: Mapping[str, str]) -> list[list[str]]:
        who = self._device.identity
        right = (given.get("name"), given.get("password", "")) == (who.user, who.password)
        if not right or self._weather.strikes("bad_login"):
            return [["!trap", f"=message={BAD_LOGIN}"], ["!done"]]
        self._logged_in = True
        return [["!done"]]

    def _command(self, path: str, given: Mapping[str, str], queries: list[str], tag: list[str]) -> list[list[str]]:
        if path == "/cancel":
            return self._cancel(given)
        menu, _slash, verb = path.rpartition("/")
        try:
            self._check(menu, verb)
            if verb == "listen":
                self._listening.add(tag[0] if tag else "")
                return []
            self._hold(menu, verb, is_done=False)
            answer = self._device.run(menu, verb, given, queries)
            self._hold(menu, verb, is_done=True)
        except Trap as trap:
            category = [f"=category={trap.category}"] if trap.category else []
            return [["!trap", *category, f"=message={trap.message}"], ["!done"]]
        if self._weather.strikes("lost_answer"):
            raise ConnectionError("done, and the answer is lost")
        rows = [["!re", *(f"={name}={value}" for name, value in row.items())] for row in answer.rows]
        return [*rows, *self._nothing(verb, rows, answer.done),
                ["!done", *(f"={name}={value}" for name, value in answer.done.items())]]

    def _hold(self, menu: str, verb: str, is_done: bool) -> None:
        """A write that came in and has no answer yet, before or after it is done, for as long as the fault lasts."""
        wished = self._weather.strikes("hold") if verb in MENUS[menu].verbs else None
        if wished is None or (wished.options.get("when") == "before") == is_done:
            return
        with self._weather.holding(f"{menu}/{verb}", is_done):
            while self._weather.strikes("hold"):
                self._wait(0.01)

    def _nothing(self, verb: str, rows: Iterable[object], done: Mapping[str, str]) -> list[list[str]]:
        empty = verb in ("print", "getall") and not rows and not done
        return [["!empty"]] if empty and self._device.identity.number >= EMPTY_SINCE else []

    def _check(self, menu: str, verb: str) -> None:
        if menu not in MENUS:
            raise Trap("no such command" if menu in PREFIXES else "no such command prefix")
        if verb not in MENUS[menu].verbs | {"print", "getall", "listen"}:
            raise Trap("no such command")
        if verb in MENUS[menu].verbs and self._weather.strikes("no_rights"):
            raise Trap(NO_RIGHTS)

    def _cancel(self, given: Mapping[str, str]) -> list[list[str]]:
        victims = {f".tag={given['tag']}"} if "tag" in given else set(self._listening)
        for tag in victims & self._listening:
            self._listening.discard(tag)
            mark = [tag] if tag else []
            self._say([["!trap", "=category=2", "=message=interrupted", *mark], ["!done", *mark]])
        return [["!done"]]

    # --- answers ------------------------------------------------------------------------------------------

    def _say(self, replies: list[list[str]]) -> None:
        """All replies of a sentence in one piece, or in many small ones; cut in a word where that is wished."""
        data = b"".join(sentence(word.encode(NOBODY) for word in one) for one in replies)
        if self._logged_in and self._weather.strikes("cut_in_word"):
            self._connection.sendall(data[:max(len(data) - 4, 1)])
            raise ConnectionError("cut in a word on purpose")
        if self._logged_in and self._weather.strikes("garbage"):
            data = b"\xff\xfe\xfd"
        size = self._piece or len(data) or 1
        for at in range(0, len(data), size):
            self._connection.sendall(data[at:at + size])


def _attributes(words: Iterable[str]) -> dict[str, str]:
    found = {}
    for one in words:
        if one.startswith("="):
            name, _equals, value = one[1:].partition("=")
            found[name] = value
    return found


def reset(connection: socket.socket) -> None:
    """End a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Listener:
    """A port on which a router is spoken to; a thread for each client. `serve` gets each accepted connection."""

    def __init__(self, port: int, serve: Callable[[socket.socket], None]) -> None:
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._serve, self._open, self._guard = serve, set[socket.socket](), threading.Lock()
        threading.Thread(target=self._accept, daemon=True, name=f"routeros:{self.port}").start()

    def clients(self) -> int:
        """How many are connected."""
        with self._guard:
            return len(self._open)

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._guard:
                self._open.add(connection)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        try:
            self._serve(connection)
        except (OSError, Cut):
            pass
        finally:
            with self._guard:
                self._open.discard(connection)
            with suppress(OSError):
                connection.close()

    def stop(self) -> None:
        """Refuse new clients and end those that are there."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


def _bound(port: int) -> socket.socket:
    """A listening socket on this port, or on a free one where it is 0 or taken."""
    for wanted in (port, 0):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind(("127.0.0.1", wanted))
        except OSError:
            made.close()
            if not wanted:
                raise
            continue
        made.listen(64)
        return made
    raise OSError("no port")
