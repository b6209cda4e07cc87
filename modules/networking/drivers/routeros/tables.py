"""What is read of a router: one print per menu that matters, found by name, address or MAC. Pure."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, str]
# method -> (menu, fields, by which field a connection is found)
MENUS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "pppoe_profile": ("/ppp/secret", (".id", "name", "disabled", "profile", "comment", "remote-address"), "name"),
    "pppoe_disable": ("/ppp/secret", (".id", "name", "disabled", "profile", "comment", "remote-address"), "name"),
    "queue": ("/queue/simple", (".id", "name", "max-limit", "dynamic", "comment", "target"), "name"),
    "lease": ("/ip/dhcp-server/lease", (".id", "mac-address", "address", "address-lists", "dynamic", "comment"),
              "mac-address"),
    "hotspot": ("/ip/hotspot/user", (".id", "name", "disabled", "comment", "address"), "name"),
}
LISTS = ("/ip/firewall/address-list", "/ipv6/firewall/address-list")
ENTRY = (".id", "list", "address", "comment", "dynamic", "disabled")
# where addresses stand that somebody has
ADDRESSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("/ppp/secret", ("remote-address", "local-address")), ("/ppp/profile", ("local-address",)),
    ("/ppp/active", ("address",)), ("/ip/dhcp-server/lease", ("address", "active-address")),
    ("/ip/arp", ("address",)), ("/ip/address", ("address",)))
# what is open: through the address list alone it would go on, fasttracked past the rules
OPEN = ("/ip/firewall/connection", "/ipv6/firewall/connection")
ENDS = ("src-address", "dst-address", "reply-src-address")
PPP = frozenset({"pppoe_profile", "pppoe_disable"})
Read = Callable[..., list[dict[str, str]]]


@dataclass
class Tables:
    """Rows of a router by menu and by what they are found with. Values are lists: a name may be there twice."""

    by_menu: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    profiles: dict[str, Row] = field(default_factory=dict)
    # of the cut list alone, by address; of IPv6 too
    entries: dict[str, list[Row]] = field(default_factory=dict)
    entries6: dict[str, list[Row]] = field(default_factory=dict)
    # who is connected, by user name, and whose an address is now
    actives: dict[str, list[Row]] = field(default_factory=dict)
    hotspot_actives: dict[str, list[Row]] = field(default_factory=dict)
    user_of: dict[str, str] = field(default_factory=dict)

    def rows(self, method: str, key: str) -> list[Row]:
        """The rows that a connection of this method may mean."""
        return self.by_menu.get(MENUS[method][0], {}).get(key.upper() if method == "lease" else key, [])

    def in_list(self, address: str) -> list[Row]:
        """Entries of the cut list for an address."""
        return self.entries.get(address, [])


def read(ask: Read, methods: Iterable[str], cut_list: str, has_ipv6: bool) -> Tables:
    """One print per menu that these methods need, without passwords."""
    wanted, found = set(methods), Tables()
    for method in sorted(wanted & set(MENUS)):
        menu, fields, by = MENUS[method]
        if menu not in found.by_menu:
            found.by_menu[menu] = _by(ask(menu, fields), by, upper=method == "lease")
    if wanted & PPP or "address_list" in wanted:
        found.actives = _by(ask("/ppp/active", (".id", "name", "address", "session-id")), "name")
        found.user_of = {row.get("address", ""): name for name, rows in found.actives.items() for row in rows}
    if wanted & PPP:
        found.profiles = {row["name"]: row for row in ask("/ppp/profile", (".id", "name", "rate-limit", "address-list",
                                                                          "comment")) if "name" in row}
    if wanted - {"queue", "hotspot"}:
        found.entries = _by(ask(LISTS[0], ENTRY, {"list": cut_list}), "address")
        if has_ipv6:
            found.entries6 = _by(ask(LISTS[1], ENTRY, {"list": cut_list}), "address")
    if "hotspot" in wanted:
        found.hotspot_actives = _by(ask("/ip/hotspot/active", (".id", "user")), "user")
    return found


def address(text: str) -> str:
    """An address as it is written without its length; "" for what is none, like the name of a pool."""
    try:
        return str(ipaddress.ip_address(text.split("/")[0]))
    except ValueError:
        return ""


def host(text: str) -> str:
    """An address of a connection without its port, whichever way this version prints it."""
    if text.startswith("["):
        return address(text[1:].partition("]")[0])
    return address(text.partition(":")[0] if text.count(":") == 1 else text)


def open_of(rows: Iterable[Row], wanted: Iterable[str]) -> list[str]:
    """The ids of connections that come from, go to, or are answered by one of these addresses or networks."""
    networks = [ipaddress.ip_network(one, strict=False) for one in wanted]
    single = {str(one.network_address) for one in networks if one.num_addresses == 1}
    wide = [one for one in networks if one.num_addresses > 1]
    return [row[".id"] for row in rows
            if any(_is_among(end, single, wide) for end in {host(row.get(name, "")) for name in ENDS} if end)]


def _is_among(end: str, single: Collection[str], wide: Iterable[Any]) -> bool:
    return end in single or any(ipaddress.ip_address(end) in one for one in wide)


def _by(rows: Sequence[Mapping[str, Any]], name: str, upper: bool = False) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        value = row.get(name, "")
        found[value.upper() if upper else value].append(row)
    return dict(found)
