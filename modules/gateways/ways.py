"""The ways in which a customer can pay: pages and tickets that a gateway opens, codes and coupons that we make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

from core import logs
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from modules.gateways import accounts, barcodes, ports
from modules.gateways.access import Access
from modules.gateways.models import Account, PayerCode, WithheldWay
from modules.gateways.shapes import Coupon, Debt

LINK = "link"
log = logs.get(__name__)


@dataclass(frozen=True)
class Door:
    """A page ("link") or ticket that can be opened at a gateway for this debt."""

    account: Account
    method: str
    title: str

    @property
    def is_page(self) -> bool:
        return self.method == LINK


@dataclass(frozen=True)
class Slip:
    """What the payer says, types or has scanned. `barcode` and `symbology` as a drawing program wants them."""

    title: str
    words: str
    code: str = ""
    barcode: str = ""
    symbology: str = ""
    link: str = ""


class Offers:
    """What the company's gateways offer to some customers; read with a fixed number of selects."""

    def __init__(self, customer_ids: Iterable[int]) -> None:
        wanted = sorted(set(customer_ids))
        rows = db.session.scalars(sa.select(Account).where(Account.active).order_by(Account.name)
                                  .options(joinedload(Account.cash_account), undefer(Account.keys)))
        self.all = [row for row in rows if _serves_payers(row.provider) and not accounts.missing(row)
                    and not accounts.is_test(row)]
        self._access: dict[int, Access] = {row.id: accounts.access(row) for row in self.all}
        self._withheld: set[tuple[int, int]] = set()
        self._codes: dict[tuple[int, int], str] = {}
        if self.all:
            self._withheld = {(row.account_id, row.customer_id) for row in db.session.execute(
                sa.select(WithheldWay.account_id, WithheldWay.customer_id)
                .where(among(WithheldWay.customer_id, wanted)))}
            self._codes = {(row.account_id, row.customer_id): row.code for row in db.session.execute(
                sa.select(PayerCode.account_id, PayerCode.customer_id, PayerCode.code)
                .where(among(PayerCode.customer_id, wanted)))}

    def is_offered(self, account: Account, customer_id: int) -> bool:
        """Whether staff did not say otherwise of this customer."""
        return (account.id, customer_id) not in self._withheld

    def to(self, customer_id: int) -> list[Account]:
        """The gateways that this customer is offered."""
        return [one for one in self.all if self.is_offered(one, customer_id)]

    def code(self, account: Account, customer_id: int, own: str) -> str:
        """By what the gateway knows the customer: the code it was given, else his own."""
        return self._codes.get((account.id, customer_id), own)

    def access(self, account: Account) -> Access:
        return self._access[account.id]

    def doors(self, account: Account, debt: Debt) -> list[Door]:
        """The pages and tickets that can be opened for a debt; pages first."""
        port = ports.checkouts.find(account.provider)
        if port is None or not debt.due:
            return []
        access = self.access(account)
        found = [Door(account, method, _title(account, method, words)) for method, words in port.methods.items()
                 if not port.problem(access, debt, method)]
        return sorted(found, key=lambda one: not one.is_page)

    def slips(self, account: Account, debt: Debt) -> list[Slip]:
        """The coupon that we make of a debt, or the code by which a counter finds it; [] where there is none."""
        if not debt.due or not _collects(account, debt):
            return []
        found = [self._coupon(account, debt), self._counter(account, debt)]
        return [one for one in found if one is not None][:1]

    def _coupon(self, account: Account, debt: Debt) -> Slip | None:
        port = ports.coupons.find(account.provider)
        if port is None:
            return None
        try:
            return slip_of(_name(account), port.coupon(self.access(account), debt))
        except DomainError as error:  # no customer can mend it: the office's screens say what is wrong
            log.info("no_coupon", account=account.id, invoice=debt.invoice, reason=str(error))
            return None

    def _counter(self, account: Account, debt: Debt) -> Slip | None:
        provider = ports.providers.get(account.provider)
        if provider.counter is None:
            return None
        try:
            code, words = provider.counter(self.access(account), debt)
        except DomainError as error:
            log.info("no_code", account=account.id, invoice=debt.invoice, reason=str(error))
            return None
        return Slip(_name(account), words, code) if code else None


def slip_of(title: str, coupon: Coupon, words: str = "") -> Slip:
    """A coupon as it is drawn: bars where it has some, digits in groups below, a link."""
    barcode, symbology = barcodes.drawn(coupon) if coupon.barcode else ("", "")
    return Slip(title, words or (_("Show this bar code at the counter.") if barcode else ""),
                coupon.text or coupon.barcode, barcode, symbology, coupon.link)


def _serves_payers(provider: str) -> bool:
    found = ports.providers.find(provider)
    return found is not None and (provider in ports.checkouts or provider in ports.coupons
                                  or found.counter is not None)


def _collects(account: Account, debt: Debt) -> bool:
    known = ports.providers.get(account.provider).currencies
    return not known or debt.currency in known


def _name(account: Account) -> str:
    return str(ports.providers.get(account.provider).title)


def _title(account: Account, method: str, words: Any) -> str:
    return _("Pay with %(name)s", name=_name(account)) if method == LINK else str(words)


def of_debt(offers: Offers, customer_id: int, debts: Sequence[tuple[Account, Debt]]) -> tuple[list[Door], list[Slip]]:
    """(pages and tickets, coupons and codes) of a customer's debt, as each gateway knows it."""
    doors = [door for account, debt in debts for door in offers.doors(account, debt)]
    slips = [slip for account, debt in debts for slip in offers.slips(account, debt)]
    return sorted(doors, key=lambda one: not one.is_page), slips
