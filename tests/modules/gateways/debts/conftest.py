"""Accounts at networks that take files of debts, and customers who owe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import CashAccount
from modules.gateways.models import Account, File
from tests.modules.accounting.books import issue
from tests.modules.gateways.debts.making import make

Make = Callable[..., Any]
SIRO = {"convenio": "5150058293", "cuit_administrador": "30522763922", "ente": "Andina", "usuario": "UsuarioTestSiro"}
SETTINGS: dict[str, dict[str, Any]] = {
    "siro": SIRO, "pagomiscuentas": {"empresa": "0123", "sigla": "ANDI"},
    "prisma": {"establecimiento": "1234567890", "tipo": "DEBLIQC"},
    "efecty": {"convenio": "110342", "preset": "v1", "base": "with"}}


@pytest.fixture
def at(november: None) -> Make:
    """`at("siro", formato="link")`: an account at a network."""

    def made(provider: str, name: str = "", **settings: Any) -> Account:
        own = LedgerAccount(code=f"1.9.{len(name) + len(provider):02d}{provider[:2]}", name=provider, kind="asset")
        db.session.add(own)
        db.session.flush()
        place = CashAccount(name=name or provider, kind="gateway", account_id=own.id)
        db.session.add(place)
        db.session.flush()
        row = Account(provider=provider, name=name or provider, cash_account_id=place.id,
                      settings={**SETTINGS.get(provider, {}), **settings})
        db.session.add(row)
        db.session.flush()
        return row

    return made


@pytest.fixture
def owing(make_customer: Make) -> Make:
    """`owing("100", "200")`: a customer for each amount, who owes it until 20 November."""

    def made(*amounts: str, **values: Any) -> list[Any]:
        return [issue(make_customer(), amount, **{"due_date": dt.date(2026, 11, 20), **values}) for amount in amounts]

    return made


@pytest.fixture
def counted() -> Callable[[Callable[[], Any]], int]:
    """How many statements a block sends to the database."""

    def count(block: Callable[[], Any]) -> int:
        sent: list[str] = []

        def listener(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            sent.append(statement)

        sa.event.listen(sa.Engine, "before_cursor_execute", listener)
        try:
            block()
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listener)
        return len(sent)

    return count


@pytest.fixture
def exported() -> Callable[..., File]:
    """`exported(account)`: a file that was begun and made."""
    return make
