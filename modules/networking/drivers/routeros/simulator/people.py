"""Subscribers' routers that dial in: who is connected with which profile, who comes back when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modules.networking.drivers.routeros.simulator.device import Device

COMES_BACK = dt.timedelta(seconds=3)


class People:
    """Those who dial in by PPPoE. A session keeps the profile it began with, until it is thrown off."""

    def __init__(self, device: Device) -> None:
        self._device = device
        # by user name: from when on the router of this subscriber dials again
        self._dials_at: dict[str, dt.datetime] = {}
        # by user name: the session's id, the id of its dynamic list entry or "", and its profile
        self._sessions: dict[str, tuple[str, str, str]] = {}
        self._begun = 0

    def dial_in(self, names: Iterable[str]) -> None:
        """These subscribers have their routers on from now on."""
        with self._device.lock:
            for name in names:
                self._dials_at.setdefault(name, self._device.now())
            self.come_back()

    def known(self) -> list[str]:
        """Who has his router on."""
        return list(self._dials_at)

    def come_back(self) -> None:
        """Let those in whose time has come and whose secret allows it."""
        moment = self._device.now()
        waiting = [name for name, at in self._dials_at.items() if name not in self._sessions and at <= moment]
        if not waiting:
            return
        secrets = {row.get("name"): row for row in self._device.tables["/ppp/secret"].values()}
        for name in waiting:
            secret = secrets.get(name)
            if secret is not None and secret.get("disabled") != "true":
                self._let_in(name, secret)

    def _let_in(self, name: str, secret: dict[str, str]) -> None:
        profile = self._profile(secret.get("profile", "default"))
        number = len(self._sessions) + 2
        self._begun += 1
        address = secret.get("remote-address") or f"100.64.{number // 250}.{number % 250 + 1}"
        session = self._device.insert("/ppp/active", {
            "name": name, "service": "pppoe", "caller-id": f"02:00:00:00:{number // 256 % 256:02X}:{number % 256:02X}",
            "address": address, "uptime": "1s", "encoding": "", "session-id": f"0x81{self._begun:06x}"})
        entry = ""
        if profile.get("address-list"):
            entry = self._device.insert("/ip/firewall/address-list", {
                "list": profile["address-list"], "address": address, "dynamic": "true", "disabled": "false",
                "creation-time": self._device.moment()})
        self._sessions[name] = (session, entry, secret.get("profile", "default"))

    def _profile(self, name: str) -> dict[str, str]:
        rows = self._device.tables["/ppp/profile"].values()
        return next((row for row in rows if row.get("name") == name), {})

    def kicked(self, name: str) -> None:
        """Thrown off; his router dials again in three seconds."""
        session, entry, _profile = self._sessions.pop(name)
        self._device.forget("/ppp/active", session)
        if entry in self._device.tables["/ip/firewall/address-list"]:
            self._device.forget("/ip/firewall/address-list", entry)
        self._dials_at[name] = self._device.now() + COMES_BACK
        for row in self._device.tables["/ppp/secret"].values():
            if row.get("name") == name:
                row["last-logged-out"] = self._device.moment()

    def thrown_off(self) -> None:
        """The router went down: all dial again."""
        self._sessions.clear()
        for name in self._dials_at:
            self._dials_at[name] = self._device.now() + COMES_BACK

    def connected(self) -> dict[str, Any]:
        """Who is connected, with the profile that his session has and what it does to him."""
        with self._device.lock:
            self.come_back()
            found = {}
            for name, (session, _entry, profile) in self._sessions.items():
                known = self._profile(profile)
                found[name] = {"address": self._device.tables["/ppp/active"][session]["address"], "profile": profile,
                               "address_list": known.get("address-list", ""), "rate_limit": known.get("rate-limit", "")}
            return found
