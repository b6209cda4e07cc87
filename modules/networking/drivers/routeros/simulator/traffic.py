"""What subscribers have open through a router: the rules in order decide, and what is fasttracked passes by them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING

from modules.networking.drivers.routeros.simulator.menus import Row

if TYPE_CHECKING:
    from modules.networking.drivers.routeros.simulator.device import Device

TABLE, RULES, LISTS = "/ip/firewall/connection", "/ip/firewall/filter", "/ip/firewall/address-list"
ENDING = frozenset({"drop", "reject"})


class Traffic:
    """Connections of a router. A connection that was let in stays until somebody takes it away."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def connect(self, given: Mapping[str, str]) -> bool:
        """Somebody begins a connection, `src` and `dst` with ports; whether the rules let him."""
        row = {"protocol": given.get("protocol", "tcp"), "src-address": given["src"], "dst-address": given["dst"],
               "reply-src-address": given["dst"], "reply-dst-address": given["src"], "timeout": "23h59m59s",
               "fasttrack": "false"}
        with self._device.lock:
            verdict = self._verdict(row, "new")
            if verdict:
                fast = any(rule.get("action") == "fasttrack-connection" and self._fits(rule, row, "established")
                           for rule in self._rules())
                self._device.insert(TABLE, {**row, "fasttrack": "true" if fast else "false"})
        return verdict

    def flows(self) -> dict[str, bool]:
        """By source: whether what is open there still passes."""
        with self._device.lock:
            return {row["src-address"]: row.get("fasttrack") == "true" or self._verdict(row, "established")
                    for row in self._device.tables[TABLE].values()}

    def _rules(self) -> list[Row]:
        return [rule for rule in self._device.tables[RULES].values()
                if rule.get("chain") == "forward" and rule.get("disabled") != "true"]

    def _verdict(self, row: Row, state: str) -> bool:
        """The first rule that ends it; what no rule ends passes."""
        for rule in self._rules():
            if rule.get("action", "accept") in ENDING | {"accept"} and self._fits(rule, row, state):
                return rule.get("action", "accept") not in ENDING
        return True

    def _fits(self, rule: Row, row: Row, state: str) -> bool:
        source, target = _host(row["src-address"]), _host(row["dst-address"])
        port = row["dst-address"].rpartition(":")[2]
        return (self._listed(rule.get("src-address-list", ""), source)
                and self._listed(rule.get("dst-address-list", ""), target)
                and rule.get("protocol", "") in ("", row["protocol"]) and rule.get("dst-port", "") in ("", port)
                and (not rule.get("connection-state") or state in rule["connection-state"].split(",")))

    def _listed(self, name: str, address: ipaddress.IPv4Address) -> bool:
        """Whether an address is on a list, or with `!` is not."""
        wanted = name.removeprefix("!")
        if not wanted:
            return True
        is_there = any(row.get("list") == wanted and row.get("disabled") != "true" and _holds(row["address"], address)
                       for row in self._device.tables[LISTS].values())
        leased = any(wanted in row.get("address-lists", "").split(",") and _holds(row.get("address", ""), address)
                     for row in self._device.tables["/ip/dhcp-server/lease"].values())
        return (is_there or leased) != name.startswith("!")


def _host(text: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(text.partition(":")[0])


def _holds(entry: str, address: ipaddress.IPv4Address) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
