"""From rehearsal to real money: an account at a gateway changes sides by one guarded step."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from flask import url_for

from core import audit, clock, outside
from core.db import db
from core.errors import DomainError, OutsideError
from core.i18n import _, ngettext
from core.scope import current_company
from modules.gateways import accounts, ports
from modules.gateways.access import PRODUCTION, REHEARSAL, TESTING, Access
from modules.gateways.checkouts import LIVING
from modules.gateways.models import Account, Checkout

PERMISSION = "gateways.edit_accounts"


def obstacles(account: Account) -> list[str]:
    """What is still to be done before real money can come through it, in words."""
    found = []
    if current_company().is_rehearsal:
        found.append(_("The company itself is in rehearsal: first its documents go into production."))
    if missing := accounts.missing(account):
        found.append(_("Still missing: %(names)s", names=", ".join(str(one.label) for one in missing)))
    if not account.active:
        found.append(_("It is switched off."))
    return found


def real_access(account: Account, environment: str = PRODUCTION) -> Access:
    """The account as it will be there, to prove its settings before the step."""
    return replace(accounts.access(account), environment=environment, address="")


def prove(access: Access) -> str:
    """Ask the gateway itself whether these settings are right; its sentence, "" where it cannot be asked."""
    provider = ports.providers.get(access.provider)
    if provider.test is None:
        return ""
    try:
        return provider.test(access)
    except OutsideError as trouble:
        raise DomainError(str(trouble)) from trouble


def check(account: Account, target: str, typed: str = "", compared: bool = False) -> None:
    """Refuse the step where something hinders it, with what to do about it."""
    if target not in (REHEARSAL, TESTING, PRODUCTION) or not accounts.has_step(account.provider):
        raise DomainError(_("This account has no such environment."))
    if target == REHEARSAL:
        return
    if found := obstacles(account):
        raise DomainError(" ".join(found))
    if target == PRODUCTION:
        outside.confirm(typed)
        if not ports.providers.get(account.provider).confirmed and not compared:
            raise DomainError(_("To use it with real money you must first compare a file or a notice with what your "
                                "agreement says, and tick that you did."), field="compared")


def move(account: Account, target: str) -> None:
    """Change sides, after `check` and `prove`. Pages that were opened on the other side can be paid no more."""
    db.session.execute(sa.update(Checkout).where(Checkout.account_id == account.id, Checkout.state.in_(LIVING)).values(
        state="closed", poll_at=None, key=None).execution_options(synchronize_session=False))
    account.environment, account.cursor, account.trouble = target, "", ""
    account.verified_at = clock.now() if target != REHEARSAL and ports.providers.get(account.provider).test else None
    if target == PRODUCTION and not ports.providers.get(account.provider).confirmed:
        account.confirmed_at = clock.now()
    db.session.flush()
    audit.record("gateways.change_environment", account, {"name": account.name, "environment": target})


def switch(account: Account, on: bool) -> None:
    """Use it, or no longer: nothing new is opened, asked and sent; what it tells late is still taken."""
    account.active = on
    audit.record("gateways.switch_account", account, {"name": account.name, "active": on})


def standing() -> outside.Standing | None:
    """The gateways of the company in scope among its outside services; None where it has none that reach outside."""
    rows = db.session.execute(sa.select(Account.provider, Account.environment).where(Account.active)).all()
    known = [row.environment for row in rows if accounts.has_step(row.provider)]
    if not known:
        return None
    live = 0 if current_company().is_rehearsal else sum(one == PRODUCTION for one in known)
    waiting = len(known) - live
    text = _("Payers pay real money through all of them.") if not waiting else ngettext(
        "%(num)s gateway is in rehearsal: it talks to the simulator, and no payer is sent there.",
        "%(num)s gateways are in rehearsal: they talk to the simulator, and no payer is sent there.", waiting)
    return outside.Standing(_("Payment gateways"), not waiting, text, url_for("gateways.account_list"), PERMISSION)
