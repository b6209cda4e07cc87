"""By what code a gateway knows a customer, and the card or account that it debits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit
from core.db import db
from core.errors import DomainError
from core.i18n import _, lazy
from modules.crm.models import Customer
from modules.gateways import ports
from modules.gateways.models import Account, DebtLine, PayerCode

WORDS = {"card": lazy("Number of the card"), "cbu": lazy("CBU of the account")}
LONGEST = 80
WIDTHS = {"card": 16, "cbu": 22}


@dataclass(frozen=True)
class Known:
    """An account at a gateway that takes debts, with what it knows of a customer."""

    account: Account
    code: PayerCode | None
    # names of what is kept encrypted
    secrets: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The end of the card or account, as people may see it."""
        last = self.code.data.get("last4", "") if self.code else ""
        return f"•••• {last}" if last else ""


def known(customer: Customer) -> list[Known]:
    """Every gateway that gets files of debts, or asks for them."""
    rows = db.session.scalars(sa.select(Account).where(Account.active).order_by(Account.name)).all()
    codes = {one.account_id: one for one in db.session.scalars(
        sa.select(PayerCode).where(PayerCode.customer_id == customer.id))}
    return [Known(one, codes.get(one.id), secrets_at(one)) for one in rows
            if one.provider in ports.debt_files or one.provider in ports.pulls or one.provider in ports.coupons]


def secrets_at(account: Account) -> tuple[str, ...]:
    """Names of what a gateway debits, kept encrypted."""
    port = ports.debt_files.find(account.provider)
    return port.secrets if port else ()


def save(account: Account, customer: Customer, code: str, given: Mapping[str, str]) -> PayerCode:
    """Give a customer his code at a gateway, and keep what it debits; "" of these leaves what is there.

    Refused where the gateway was told of another code already, and where somebody else has it.
    """
    code = code.strip()
    if not 0 < len(code) <= LONGEST or not code.isprintable():
        raise DomainError(_("Write the code by which the gateway knows the customer."), field="code")
    row = db.session.scalar(sa.select(PayerCode).where(PayerCode.account_id == account.id,
                                                       PayerCode.customer_id == customer.id))
    if row is not None and row.code != code and _told(account, customer):
        raise DomainError(_("%(account)s was told of this customer as %(code)s, and payments will name him so: a code "
                            "stays for life.", account=account.name, code=row.code), field="code")
    row = row or PayerCode(account_id=account.id, customer_id=customer.id, data={})
    row.code = code
    _keep_secrets(account, row, given)
    _insert(account, row)
    audit.record("gateways.set_payer_code", customer, {"account": account.name, "code": code,
                                                       "ends": row.data.get("last4", "")})
    return row


def _told(account: Account, customer: Customer) -> bool:
    from modules.accounting.models import Invoice

    return db.session.scalar(sa.select(DebtLine.id).join(Invoice, Invoice.id == DebtLine.invoice_id).where(
        DebtLine.account_id == account.id, Invoice.customer_id == customer.id).limit(1)) is not None


def _keep_secrets(account: Account, row: PayerCode, given: Mapping[str, str]) -> None:
    kept = json.loads(row.keys) if row.keys else {}
    for name in secrets_at(account):
        number = "".join(given.get(name, "").split())
        if not number:
            continue
        if not (number.isascii() and number.isdigit() and len(number) == WIDTHS.get(name, len(number))):
            raise DomainError(_("%(name)s has %(width)s digits; found: %(count)s characters.", name=str(WORDS[name]),
                                width=WIDTHS[name], count=len(number)), field=name)
        if kept.get(name) != number:
            kept[name] = number
            row.data = {**row.data, "last4": number[-4:], "first": True}
    row.keys = json.dumps(kept) if kept else None


def _insert(account: Account, row: PayerCode) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        raise DomainError(_("Another customer has this code at %(account)s: it is never given twice.",
                            account=account.name), field="code") from None


def replace_secrets(account: Account, told: Sequence[tuple[str, Mapping[str, str]]]) -> int:
    """The gateway told of new cards: (customer's code, what it keeps secret). How many were replaced."""
    names, count = secrets_at(account), 0
    for code, secret in told:
        new = {name: value for name, value in secret.items() if name in names and value}
        row = db.session.scalar(sa.select(PayerCode).where(
            PayerCode.account_id == account.id, PayerCode.code.in_((code, code.lstrip("0"))))) if new else None
        if row is None:
            continue
        kept = json.loads(row.keys) if row.keys else {}
        if any(kept.get(name) != value for name, value in new.items()):
            row.keys = json.dumps({**kept, **new})
            # it goes on under the old authorisation
            row.data = {**row.data, "last4": next(iter(new.values()))[-4:], "first": False}
            count += 1
    return count
