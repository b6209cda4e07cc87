"""Accounts of the service: one per country from the start, others as they are enrolled."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from core.i18n import _
from core.simulators.frame import BadRequest
from modules.gateways.providers.mercadopago.simulator.catalog import COUNTRIES
from modules.gateways.providers.mercadopago.simulator.store import Book

FIELDS = ("id", "site_id", "nickname", "email", "token", "test_token", "secret", "webhook_url", "tags", "client_id")
DEFAULTS, CLIENTS = 440_000_000, 1_000_000_000_000_000


def keys_of(number: int) -> dict[str, str]:
    """The keys that an account gets where it is given none: always the same."""
    digest = hashlib.sha256(f"simulator {number}".encode()).hexdigest()
    rest = f"{CLIENTS + number}-112600-{digest[:32]}-{number}"
    return {"token": f"APP_USR-{rest}", "test_token": f"TEST-{rest}", "secret": digest[32:]}


def default_number(site: str) -> int:
    """The account that is there from the start in a country."""
    return DEFAULTS + list(COUNTRIES).index(site) + 1


class Accounts:
    """Who may call, and who is told."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def open_defaults(self) -> None:
        """One account in each country, with keys that are always the same: README tells them."""
        there = {str(one["id"]) for one in self.all()}
        for site in COUNTRIES:
            if str(default_number(site)) not in there:
                self.enrol({"id": default_number(site), "site_id": site})

    def enrol(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """An account with its keys; what it had stays. `webhook_url` is what its panel says of notices."""
        if set(given) - set(FIELDS):
            raise BadRequest(_("There is no setting %(name)s; known: %(known)s.", name=", ".join(
                sorted(set(given) - set(FIELDS))), known=", ".join(FIELDS)))
        number, site = given.get("id"), given.get("site_id")
        before = self.of_user(str(number)) or {}
        if not isinstance(number, int) or (site or before.get("site_id")) not in COUNTRIES:
            raise BadRequest(_("An account has a number (id) and a country (site_id): %(known)s.",
                               known=", ".join(COUNTRIES)))
        made = {"nickname": f"ISP{number}", "email": f"isp{number}@example.com", "client_id": CLIENTS + number,
                "tags": ["normal"], "webhook_url": "", **keys_of(number), **before, **given}
        self.book.keep_account(made)
        return made

    def all(self) -> list[dict[str, Any]]:
        return self.book.accounts()

    def of_user(self, number: str) -> dict[str, Any] | None:
        return next((one for one in self.all() if str(one["id"]) == number), None)

    def of_token(self, header: str) -> tuple[dict[str, Any] | None, bool]:
        """(the account of `Bearer <token>`, whether its payments are real ones)."""
        token = header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else ""
        for one in self.all():
            if token and token in (one["token"], one["test_token"]):
                return one, token == one["token"]
        return None, False
