"""The menus of a router: their fields with defaults, what must be unique, what may be done, and the words of refusals.

Fields and defaults as RouterOS 7.15 to 7.21 has them, messages as captured from real routers.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Row = dict[str, str]
WRITES = frozenset({"add", "set", "remove", "enable", "disable"})


class Trap(Exception):
    """A refusal: `message` and, where the router tells it, `category`."""

    def __init__(self, message: str, category: str = "") -> None:
        super().__init__(message)
        self.message, self.category = message, category


@dataclass(frozen=True)
class Menu:
    """One menu. A default of "" means that the field is there but printed only when it has a value."""

    fields: Mapping[str, str]
    required: tuple[str, ...] = ()
    # the fields that no two rows share, and what is said then
    unique: tuple[str, ...] = ()
    duplicate: str = "failure: already have such entry"
    flags: frozenset[str] = frozenset({"disabled"})
    verbs: frozenset[str] = WRITES
    checks: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    # fields whose value must be the name of a row of another menu
    references: Mapping[str, str] = field(default_factory=dict)
    # fields that only the router writes
    read_only: frozenset[str] = frozenset()
    # fields that are printed although they are empty
    always: frozenset[str] = frozenset()
    one_row: bool = False


def is_address(value: str) -> bool:
    """An address, a network or a range."""
    try:
        for part in value.split("-"):
            ipaddress.ip_network(part, strict=False)
    except ValueError:
        return False
    return True


def is_place(value: str) -> bool:
    """What an address list takes: an address, or a name that the router resolves."""
    return is_address(value) or bool(re.fullmatch(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]*\.)+[a-z0-9-]+", value))


def is_target(value: str) -> bool:
    return all(is_address(one) or re.fullmatch(r"<?[\w.-]+>?", one) for one in value.split(","))


def is_pair(value: str) -> bool:
    return bool(re.fullmatch(r"\d+[kMG]?/\d+[kMG]?", value))


def is_mac(value: str) -> bool:
    return bool(re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", value))


def pair(value: str) -> str:
    """`10M/2M` as the router prints it: 10000000/2000000."""
    units = {"k": 1000, "M": 1_000_000, "G": 1_000_000_000}
    return "/".join(str(int(one.rstrip("kMG")) * units.get(one[-1], 1)) for one in value.split("/"))


LIMITS = dict.fromkeys(("max-limit", "limit-at", "burst-limit", "burst-threshold"), "0/0")
MENUS: dict[str, Menu] = {
    "/ppp/secret": Menu(
        {"name": "", "password": "", "service": "any", "profile": "default", "disabled": "false", "caller-id": "",
         "local-address": "", "remote-address": "", "routes": "", "limit-bytes-in": "0", "limit-bytes-out": "0",
         "comment": "", "last-logged-out": ""},
        required=("name",), unique=("name",), duplicate="failure: secret with the same name already exists",
        checks={"local-address": is_address, "remote-address": is_address}, references={"profile": "/ppp/profile"},
        read_only=frozenset({"last-logged-out"}), always=frozenset({"caller-id"})),
    "/ppp/active": Menu(
        dict.fromkeys(("name", "service", "caller-id", "address", "uptime", "encoding", "session-id"), ""),
        verbs=frozenset({"remove"})),
    "/ppp/profile": Menu(
        {"name": "", "local-address": "", "remote-address": "", "rate-limit": "", "address-list": "",
         "only-one": "default", "use-encryption": "default", "change-tcp-mss": "default", "dns-server": "",
         "parent-queue": "", "on-up": "", "on-down": "", "comment": "", "default": "false"},
        required=("name",), unique=("name",), duplicate="failure: profile with the same name already exists",
        flags=frozenset({"default"}), always=frozenset({"address-list"}), read_only=frozenset({"default"})),
    "/ip/firewall/address-list": Menu(
        {"list": "", "address": "", "comment": "", "disabled": "false", "timeout": "", "dynamic": "false",
         "creation-time": ""},
        required=("list", "address"), unique=("list", "address"), flags=frozenset({"disabled", "dynamic"}),
        checks={"address": is_place}, read_only=frozenset({"dynamic", "creation-time"})),
    "/ipv6/firewall/address-list": Menu(
        {"list": "", "address": "", "comment": "", "disabled": "false", "timeout": "", "dynamic": "false",
         "creation-time": ""},
        required=("list", "address"), unique=("list", "address"), flags=frozenset({"disabled", "dynamic"}),
        checks={"address": is_place}, read_only=frozenset({"dynamic", "creation-time"})),
    "/queue/simple": Menu(
        {"name": "", "target": "", **LIMITS, "burst-time": "0s/0s", "priority": "8/8", "parent": "none",
         "queue": "default-small/default-small", "packet-marks": "", "disabled": "false", "dynamic": "false",
         "comment": ""},
        required=("target",), unique=("name",), duplicate="failure: already have such name",
        flags=frozenset({"disabled", "dynamic"}), always=frozenset({"packet-marks"}),
        checks={"target": is_target, **dict.fromkeys(LIMITS, is_pair)}, read_only=frozenset({"dynamic"})),
    "/ip/dhcp-server/lease": Menu(
        {"address": "", "mac-address": "", "client-id": "", "server": "", "address-lists": "", "block-access": "false",
         "rate-limit": "", "disabled": "false", "comment": "", "dynamic": "false", "status": "waiting",
         "host-name": "", "active-address": ""},
        required=("address",), unique=("address", "server"), flags=frozenset({"disabled", "dynamic", "block-access"}),
        verbs=WRITES | {"make-static"}, checks={"address": is_address, "mac-address": is_mac},
        always=frozenset({"address-lists"}), read_only=frozenset({"dynamic", "status", "host-name", "active-address"})),
    "/ip/hotspot/user": Menu(
        {"name": "", "password": "", "profile": "default", "server": "all", "limit-uptime": "0s",
         "limit-bytes-total": "0", "mac-address": "", "address": "", "email": "", "disabled": "false", "comment": ""},
        required=("name",), unique=("name", "server"),
        duplicate="failure: already have user with this name for this server", checks={"mac-address": is_mac}),
    "/ip/hotspot/active": Menu(dict.fromkeys(("user", "address", "mac-address", "uptime", "server"), ""),
                               verbs=frozenset({"remove"})),
    "/ip/pool": Menu({"name": "", "ranges": "", "next-pool": "none", "comment": ""}, required=("name", "ranges"),
                     unique=("name",), duplicate="failure: already have such name", flags=frozenset()),
    "/ip/address": Menu({"address": "", "network": "", "interface": "", "disabled": "false", "dynamic": "false",
                         "comment": ""}, required=("address", "interface"), unique=("address",),
                        duplicate="failure: already have such address", flags=frozenset({"disabled", "dynamic"}),
                        checks={"address": is_address}, read_only=frozenset({"dynamic"})),
    "/ip/arp": Menu({"address": "", "mac-address": "", "interface": "", "dynamic": "true", "disabled": "false",
                     "comment": ""}, required=("address", "interface"), unique=("address",),
                    flags=frozenset({"disabled", "dynamic"})),
    **dict.fromkeys(("/ip/firewall/connection", "/ipv6/firewall/connection"), Menu(
        {**dict.fromkeys(("protocol", "src-address", "dst-address", "reply-src-address", "reply-dst-address",
                          "tcp-state", "timeout"), ""), "fasttrack": "false"},
        flags=frozenset({"fasttrack"}), verbs=frozenset({"remove"}))),
    "/ip/firewall/filter": Menu(
        dict.fromkeys(("chain", "action", "src-address-list", "dst-address-list", "protocol", "dst-port",
                       "connection-state", "reject-with", "comment"), "") | {"disabled": "false"}, required=("chain",)),
    "/ip/firewall/nat": Menu(
        dict.fromkeys(("chain", "action", "src-address-list", "dst-address-list", "protocol", "dst-port",
                       "to-addresses", "to-ports", "comment"), "") | {"disabled": "false"}, required=("chain",)),
    "/ip/service": Menu({"name": "", "port": "", "address": "", "disabled": "false", "max-sessions": "20"},
                        verbs=frozenset({"set", "enable", "disable"})),
    "/system/identity": Menu({"name": "MikroTik"}, verbs=frozenset({"set"}), flags=frozenset(), one_row=True),
    "/system/routerboard": Menu(
        {"routerboard": "true", "model": "", "serial-number": "", "current-firmware": "", "upgrade-firmware": ""},
        verbs=frozenset(), flags=frozenset(), one_row=True),
    "/system/resource": Menu(
        {"uptime": "", "version": "", "board-name": "", "architecture-name": "arm", "cpu-load": "4",
         "free-memory": "104857600", "total-memory": "268435456", "platform": "MikroTik"},
        verbs=frozenset(), flags=frozenset(), one_row=True),
}
PREFIXES = {"/".join(menu.split("/")[:count]) for menu in MENUS for count in range(2, menu.count("/") + 2)}
