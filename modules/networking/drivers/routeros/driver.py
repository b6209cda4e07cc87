"""The driver: sessions with MikroTik routers as `networking.ports` asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from core.i18n import _, lazy
from modules.networking.drivers.routeros import client, mapping, seeing, tables
from modules.networking.drivers.routeros.client import GONE_ALREADY, THERE_ALREADY, Client, Refused
from modules.networking.drivers.routeros.setup_script import script
from modules.networking.ports import About, Access, Found, Seen, Step, Wanted
from modules.networking.words import METHODS

OLDEST = (6, 43)


class Session:
    """One login. Ids are valid within it, never longer."""

    def __init__(self, access: Access, talk: Client) -> None:
        self._access, self._talk = access, talk

    def about(self) -> About:
        """Name, serial number (a virtual router has none), version and board."""
        identity = self._one("/system/identity", ("name",)).get("name", "")
        board = self._one("/system/routerboard", ("serial-number", "model"))
        resource = self._one("/system/resource", ("version", "board-name", "architecture-name"))
        version = resource.get("version", "")
        return About(identity, board.get("serial-number", ""), version, resource.get("board-name", ""),
                     self._talk.fingerprint, tuple(self._warnings(version)))

    def _one(self, menu: str, fields: Sequence[str]) -> dict[str, str]:
        rows = self._talk.read(menu, fields)
        return rows[0] if rows else {}

    def _warnings(self, version: str) -> Iterator[str]:
        number = tuple(int(part) for part in version.split(" ")[0].split(".")[:2] if part.isdigit())
        if number and number < OLDEST:
            yield _("RouterOS %(version)s is too old: its login is another one. Bring it to 6.43 or later.",
                    version=version)
        if self._access.tls == "plain":
            yield _("Nothing is encrypted, the password neither: use this inside a tunnel only.")
        elif self._access.tls == "tls_anonymous":
            yield _("It is encrypted, but nobody proves that it is your router. Give its service a certificate.")

    def plan(self, wanted: Sequence[Wanted]) -> tuple[Seen, list[Step]]:
        """A handful of prints, whatever the number of connections."""
        access = self._access
        read = tables.read(self._talk.read, {one.method for one in wanted} or {"pppoe_profile"}, access.cut_list,
                           access.has_ipv6)
        found = mapping.views(access, read, wanted)
        return seeing.seen(access, read, wanted, found), mapping.steps(access, read, wanted, found)

    def apply(self, step: Step) -> dict[int, str]:
        """All ids in one sentence; where the router refuses that, one by one, so that one bad row stops only itself."""
        if step.addresses:
            return self._close(step)
        if not step.ids:
            return self._each(step, [step.values] * max(len(step.connection_ids), 1))
        try:
            self._talk.write(step.path, {".id": ",".join(step.ids), **step.values})
            return {}
        except Refused as refusal:
            if len(step.ids) == 1:
                return self._verdict(step, 0, refusal)
        return self._each(step, [{".id": one, **step.values} for one in step.ids])

    def _close(self, step: Step) -> dict[int, str]:
        """Take away what these addresses have open now; the router knows no patterns, so all of it is read."""
        rows = self._talk.read(step.path.removesuffix("/remove"), (".id", *tables.ENDS))
        found = tables.open_of(rows, step.addresses)
        for at in range(0, len(found), mapping.MOST_IDS):
            if refusal := self._remove(step.path, found[at:at + mapping.MOST_IDS]):
                return dict.fromkeys(step.connection_ids, refusal)
        return {}

    def _remove(self, path: str, ids: Sequence[str]) -> str:
        """All in one sentence, else one by one: what ended by itself meanwhile is no refusal. "" or the refusal."""
        try:
            self._talk.write(path, {".id": ",".join(ids)})
            return ""
        except Refused:
            pass
        for one in ids:
            try:
                self._talk.write(path, {".id": one})
            except Refused as refusal:
                if GONE_ALREADY not in refusal.message:
                    return refusal.message
        return ""

    def _each(self, step: Step, sentences: Sequence[Mapping[str, str]]) -> dict[int, str]:
        refused: dict[int, str] = {}
        for place, values in enumerate(sentences):
            try:
                self._talk.write(step.path, values)
            except Refused as refusal:
                refused |= self._verdict(step, place, refusal)
        return refused

    def _verdict(self, step: Step, place: int, refusal: Refused) -> dict[int, str]:
        """What is done already is no refusal; the reading afterwards proves it."""
        done = (GONE_ALREADY in refusal.message and step.path.endswith("/remove")) or THERE_ALREADY in refusal.message
        if done or not step.connection_ids:
            return {}
        return {step.connection_ids[place]: refusal.message}

    def found(self) -> list[Found]:
        """Secrets, static leases, queues and hotspot users."""
        made: list[Found] = []
        kinds: tuple[tuple[str, Callable[[Mapping[str, str]], str]], ...] = (
            ("pppoe_profile", lambda row: row.get("remote-address", "")),
            ("queue", lambda row: row.get("target", "").removesuffix("/32")),
            ("lease", lambda row: row.get("address", "")), ("hotspot", lambda row: row.get("address", "")))
        for method, address in kinds:
            menu, fields, by = tables.MENUS[method]
            made += [Found(method, row[by], address(row), row.get("comment", ""),
                           row.get("profile") or row.get("max-limit") or "", row.get("disabled") == "true")
                     for row in self._talk.read(menu, fields) if row.get(by) and row.get("dynamic") != "true"]
        return made

    def used_addresses(self) -> set[str]:
        """Of secrets, leases, sessions, of what answered to ARP, and the router's own; names of pools are none."""
        found: set[str] = set()
        for menu, names in tables.ADDRESSES:
            for row in self._talk.read(menu, names):
                found.update(one for name in names if (one := tables.address(row.get(name, ""))))
        return found


class RouterOS:
    """MikroTik's routers, version 6.43 and later."""

    title = lazy("MikroTik RouterOS")
    methods = tuple(METHODS)
    manual = False
    fields = (("host", "text"), ("port", "number"), ("username", "text"), ("password", "secret"), ("tls", "tls"),
              ("ca", "long"))

    @contextmanager
    def open(self, access: Access, beat: Callable[[], None] = lambda: None) -> Iterator[Session]:
        with client.session(access, beat) as talk:
            yield Session(access, talk)

    def script(self, access: Access, allowed: Sequence[str], portal: str) -> str:
        return script(access, allowed, portal)
