"""Accounts at gateways as providers see them: settings and secrets together, and where they are reached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import current_app

from core import audit, clock
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import AccountRole, CashAccount
from modules.gateways import plans, ports
from modules.gateways.access import PRODUCTION, REHEARSAL, Access, Setting
from modules.gateways.errors import BadSetting
from modules.gateways.models import Account

# how a setting that is kept secret is shown: that there is one, not which
HIDDEN = "••••••"


def access(account: Account) -> Access:
    """What the provider may know for the time of a call. Opens the secrets."""
    company, environment = current_company(), environment_of(account)
    site = current_app.extensions["abona"]
    base = f"{str(site.public_url).rstrip('/')}/gateways"
    return Access(
        account.provider, settings_of(account.provider, account.settings, secrets_of(account)), environment,
        f"{str(site.simulators_url).rstrip('/')}/{account.provider}" if environment == REHEARSAL else "",
        company.country, currency_of(account, company), company.timezone, company.trade_name or company.name,
        company.tax_id, f"{base}/{account.token}/notice", f"{base}/{account.return_token}/back")


def settings_of(provider: str, plain: Mapping[str, Any], secrets: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for an account: what was entered, and the usual values where nothing was."""
    known = ports.providers.find(provider)
    usual = {one.name: one.default for one in known.settings if one.default not in (None, "")} if known else {}
    return {**usual, **{name: value for name, value in plain.items() if value not in (None, "")}, **secrets}


def environment_of(account: Account) -> str:
    """Where it works: a company in rehearsal has no other place; who only exchanges files is where the company is."""
    if current_company().is_rehearsal:
        return REHEARSAL
    return account.environment if has_step(account.provider) else PRODUCTION


def has_step(provider: str) -> bool:
    """Whether it reaches the outside by itself, so that its account goes into production by a step of its own."""
    return any(provider in one for one in (ports.checkouts, ports.webhooks, ports.polls, ports.deliveries, ports.pulls))


def is_test(account: Account) -> bool:
    """Whether what it tells is no money: the company works for real, and the account does not yet."""
    return not current_company().is_rehearsal and environment_of(account) != PRODUCTION


def currency_of(account: Account, company: Company) -> str:
    return account.cash_account.currency or company.currency


def secrets_of(account: Account) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(account.keys) if account.keys else {}
    return found


def create(provider: str, name: str, values: Mapping[str, Any]) -> Account:
    """A new account of the company in scope, with an account of its own in the books for what it holds."""
    known = ports.providers.find(provider)
    if known is None:
        raise DomainError(_("There is no gateway %(name)s.", name=provider), field="provider")
    if known.countries and current_company().country not in known.countries:
        raise DomainError(_("%(gateway)s serves %(countries)s, not %(country)s.", gateway=str(known.title),
                            countries=", ".join(known.countries), country=current_company().country),
                          field="provider")
    made = Account(provider=provider, name=name.strip(), cash_account_id=_holding(name.strip()).id)
    apply_settings(made, values)
    db.session.add(made)
    db.session.flush()
    plans.start(made)
    audit.record("gateways.create_account", made, {"provider": provider, "name": made.name})
    return made


def _holding(name: str) -> CashAccount:
    """Where the gateway's money lies until it is paid out: a cash account, and one of the chart below "clearing"."""
    found = db.session.scalar(sa.select(CashAccount).where(CashAccount.name == name))
    if found is not None:
        return found
    clearing = db.session.scalar(sa.select(LedgerAccount).join(AccountRole).where(AccountRole.role == "clearing"))
    if clearing is None:
        raise DomainError(_("To add a gateway you must first say which account of the chart holds what gateways "
                            "collected and have not paid out (role “clearing”)."))
    own = LedgerAccount(code=_free_code(clearing.code), name=f"{clearing.name}: {name}"[:150], kind="asset")
    db.session.add(own)
    db.session.flush()
    made = CashAccount(name=name, kind="gateway", account_id=own.id)
    db.session.add(made)
    db.session.flush()
    return made


def _free_code(code: str) -> str:
    """The next code below this one: 1.1.05.01, 1.1.05.02 …"""
    taken = set(db.session.scalars(sa.select(LedgerAccount.code).where(LedgerAccount.code.startswith(f"{code}.",
                                                                                                     autoescape=True))))
    return next(one for number in range(1, 1000) if (one := f"{code}.{number:02d}") not in taken)


def apply_settings(account: Account, values: Mapping[str, Any]) -> None:
    """Take over what was entered; an empty secret leaves the one that is there. BadSetting names what is wrong."""
    kept, plain = secrets_of(account) if account.id else {}, dict(account.settings or {})
    for one in ports.providers.get(account.provider).settings:
        if one.name not in values:
            continue
        value = _read(one, values[one.name])
        if one.is_secret:
            if value not in ("", HIDDEN):
                kept[one.name] = value
        else:
            plain[one.name] = value
    account.settings, account.keys = plain, json.dumps(kept) if kept else None
    account.verified_at = None


def _read(one: Setting, value: Any) -> Any:
    """A value as the setting wants it."""
    if one.kind == "flag":
        return value in (True, "true", "1", "on", "y")
    text = str(value or "").strip()
    if one.kind == "number" and text and not text.isdigit():
        raise BadSetting(_("%(name)s must be a whole number; found: %(found)s.", name=str(one.label), found=text[:40]),
                         field=one.name)
    if one.kind == "choice" and text and text not in one.choices:
        raise BadSetting(_("%(name)s must be one of %(known)s; found: %(found)s.", name=str(one.label), found=text[:40],
                           known=", ".join(one.choices)), field=one.name)
    found: Any = text.splitlines() if one.kind == "list" else text
    if text and one.check and (problem := one.check(found)):
        raise BadSetting(problem, field=one.name)
    return found


def missing(account: Account) -> list[Setting]:
    """The settings that are needed and not there; what has a usual value is there."""
    there = {**account.settings, **secrets_of(account)}
    return [one for one in ports.providers.get(account.provider).settings
            if one.required and one.kind != "flag" and one.default in (None, "")
            and there.get(one.name) in (None, "", [])]


def find_by_token(token: str) -> Account | None:
    """The account that a gateway's request names; of every company, so call it with none in scope."""
    return db.session.scalar(sa.select(Account).where(Account.token == token, Account.active))


def find_by_return_token(token: str) -> Account | None:
    """The account to whose payers this way back belongs; of every company. Pages of before name the notices' token."""
    return db.session.scalar(sa.select(Account).where(
        sa.or_(Account.return_token == token, Account.token == token), Account.active))


def verified(account: Account) -> None:
    """The gateway said that the settings are right."""
    account.verified_at, account.trouble = clock.now(), ""
