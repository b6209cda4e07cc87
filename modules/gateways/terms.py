"""What an account at a gateway costs where the gateway does not say, and where its money goes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from core import audit
from core.db import db
from core.errors import DomainError
from core.forms import parse_decimal
from core.i18n import _, lazy
from modules.accounting import queries
from modules.accounting.models import CashAccount
from modules.gateways import ports, settling
from modules.gateways.models import Account

# field -> (words, the most it can be)
RULE = {"fee_percent": (lazy("Fee in percent"), Decimal(100)),
        "fee_fixed": (lazy("Fixed fee per payment"), Decimal(10) ** 9),
        "fee_tax_percent": (lazy("Tax on the fee in percent"), Decimal(100)),
        "fee_minimum": (lazy("Least fee per payment"), Decimal(10) ** 9)}


def is_bank(account: Account) -> bool:
    """Whether it is the bank itself: its money lies in the account that its statements tell of."""
    return account.provider in ports.bank_statements


def places(account: Account) -> list[CashAccount]:
    """The bank accounts of the books that its money can go to."""
    return [one for one in queries.cash_accounts() if (one.kind == "bank" and one.id != account.cash_account_id)
            or (is_bank(account) and one.id == account.cash_account_id)]


def agree(account: Account, values: Mapping[str, str]) -> int:
    """Take over the rule of fees and the bank account; how many payouts that waited for it were booked.

    DomainError names the field that is wrong.
    """
    for name in RULE:
        if name in values:
            setattr(account, name, _amount(name, values[name]))
    _choose_place(account, values.get("place", ""))
    db.session.flush()
    audit.record("gateways.change_terms", account, {name: getattr(account, name) for name in RULE})
    return 0 if is_bank(account) else settling.pay_out_all(account)


def _amount(name: str, text: str) -> Decimal:
    words, most = RULE[name]
    found = parse_decimal(text) if text.strip() else Decimal(0)
    if found is None or not 0 <= found <= most:
        raise DomainError(_("%(name)s must be a number from 0 to %(most)s; found: %(found)s.", name=str(words),
                            most=most, found=text[:40]), field=name)
    return found


def _choose_place(account: Account, chosen: str) -> None:
    known = {str(one.id): one for one in places(account)}
    if chosen and chosen not in known:
        raise DomainError(_("Choose one of the bank accounts of the list."), field="place")
    if is_bank(account):
        if chosen:
            account.cash_account = known[chosen]
    else:
        account.bank_account = known.get(chosen)
