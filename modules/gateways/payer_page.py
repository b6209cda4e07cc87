"""What a payment link shows: who asks, for what, how much today, and how to pay it. Nothing that the payer need not
know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.accounting import designs, labels, queries
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.gateways import owed, ports, ways
from modules.gateways.models import Account, Checkout
from modules.gateways.shapes import ZERO, Coupon, Due, masked
from modules.gateways.ways import Door, Offers, Slip


@dataclass(frozen=True)
class Owed:
    """A document as the payer sees it. `due` are today's amount and what follows it; () where nothing is owed."""

    id: int
    title: str
    currency: str
    due: tuple[Due, ...]
    # the day until which it was to be paid, where that is over
    late_since: dt.date | None
    # what of it is paid in another way, in words
    elsewhere: tuple[str, ...] = ()

    @property
    def amount(self) -> Decimal:
        return self.due[0].amount if self.due else ZERO


@dataclass
class Page:
    """All that the template needs. `state`: owed, paid, annulled."""

    company: Company
    name: str
    state: str
    documents: list[Owed]
    chosen: list[Owed] = field(default_factory=list)
    doors: list[Door] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    # tickets that were opened and wait at their counters
    tickets: list[Slip] = field(default_factory=list)
    bank: str = ""

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.chosen), ZERO)

    @property
    def currency(self) -> str:
        return (self.documents[0].currency if self.documents else "") or self.company.currency


def open_documents(customer: Customer) -> list[Invoice]:
    """What the customer owes in the company's currency and can pay here, the oldest first."""
    currency = current_company().currency
    return [one for one in queries.open_documents(customer.id) if one.currency == currency]


def chosen_of(documents: Sequence[Invoice], count: int | None) -> list[Invoice]:
    """The oldest so many; all of them without a number. Younger debts are not paid before older ones."""
    return list(documents[:max(1, count)] if count else documents)


def build(customer: Customer, invoice: Invoice | None, count: int | None = None) -> Page:
    """The page of a document, or of all that a customer owes with the oldest `count` chosen."""
    documents = [invoice] if invoice else open_documents(customer)
    elsewhere = queries.paid_elsewhere([one.id for one in documents])
    sums = {key: sum((part.amount for part in parts), ZERO) for key, parts in elsewhere.items()}
    today = clock.today()
    shown = [Owed(one.id, labels.title_of(one), one.currency, owed.dues_of(one, today, sums.get(one.id, ZERO)),
                  one.due_date if one.open_amount and one.due_date and one.due_date < today else None,
                  tuple(str(part.words) for part in elsewhere.get(one.id, ()))) for one in documents]
    page = Page(current_company(), masked(customer.name), _state(invoice, shown), shown)
    page.chosen = [one for one in shown[:max(1, count)] if one.due] if count else [one for one in shown if one.due]
    if page.state == "owed":
        _add_ways(page, customer, [one for one in documents if one.id in {each.id for each in page.chosen}], sums)
    return page


def _state(invoice: Invoice | None, shown: Sequence[Owed]) -> str:
    if invoice is not None and invoice.state != "issued":
        return "annulled"
    return "owed" if any(one.due for one in shown) else "paid"


def _add_ways(page: Page, customer: Customer, documents: Sequence[Invoice], sums: dict[int, Decimal]) -> None:
    offers = Offers([customer.id])
    today = clock.today()
    due = owed.together(documents, today, sums)
    first = owed.together(documents[:1], today, sums)
    for account in offers.to(customer.id):
        code = offers.code(account, customer.id, customer.code)
        page.doors += offers.doors(account, owed.debt(code, customer.name, documents, due))
        # a coupon is of one document: of the oldest
        page.slips += offers.slips(account, owed.debt(code, customer.name, documents[:1], first))
    page.doors.sort(key=lambda one: not one.is_page)
    page.tickets = tickets_of(documents[:1])
    page.bank = (designs.current().texts or {}).get("bank", "").strip()


def tickets_of(invoices: Sequence[Invoice]) -> list[Slip]:
    """The tickets of these documents that can be paid now."""
    return [found for row in open_tickets(invoices) if (found := ticket_slip(row)) is not None]


def open_tickets(invoices: Sequence[Invoice]) -> Sequence[Checkout]:
    """Tickets that were opened for these documents and not paid; one select."""
    return db.session.scalars(sa.select(Checkout).where(
        among(Checkout.invoice_id, [one.id for one in invoices]), Checkout.state == "open",
        Checkout.method != ways.LINK, Checkout.expires_at > clock.now())
        .options(sa.orm.joinedload(Checkout.account)).order_by(Checkout.id)).all()


def ticket_slip(row: Checkout) -> Slip | None:
    """A ticket as it is shown; None where the gateway gave nothing to say or scan."""
    coupon = Coupon(**row.coupon) if row.coupon else Coupon()
    if not (coupon.barcode or coupon.text):
        return None
    try:
        return ways.slip_of(words_of(row.account, row.method), coupon, _("Show or say this at the counter."))
    except DomainError:  # bars that cannot be drawn: the digits are there
        return Slip(words_of(row.account, row.method), _("Say this number at the counter."), coupon.text,
                    link=coupon.link)


def words_of(account: Account, method: str) -> str:
    """What a page or ticket is called."""
    port = ports.checkouts.find(account.provider)
    return str(port.methods.get(method, method)) if port and method != ways.LINK else account.name
