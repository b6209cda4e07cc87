"""Pages and tickets at gateways: asked for, opened once, asked about, closed when their debt is gone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock, jobs
from core.db import among, db, find
from core.errors import DomainError, OutsideError, Rejected, Unavailable, Unknown
from core.i18n import _, format_date
from core.scope import current_company
from modules.accounting.models import Invoice
from modules.crm.models import Address, Customer, Email, Phone
from modules.gateways import accounts, booking, ports
from modules.gateways.models import Account, Checkout, PayerCode
from modules.gateways.shapes import Attempt, Coupon, Debt, Due, Opened, Payer, Reading

# how long a page stays open where the debt has no later end
LIFE = dt.timedelta(days=10)
LIVING = ("pending", "opening", "open", "unknown")
# minutes after which an open page is asked about: often at first, then seldom, until it ends
QUESTIONS = (1, 5, 15, 60, 360)
# and one that is paid or closed, where its gateway is watched: once a day in the beginning, then once a week
DAILY, WEEKLY = dt.timedelta(days=1), dt.timedelta(days=7)
NAMESPACE = uuid.UUID("9f0d1c6e-7c0a-4b53-8d4b-3d6a9f6b2a55")


def request(account: Account, invoice: Invoice, method: str = "link") -> Checkout:
    """A page or ticket for what is open of a document; the one that is there, where there is one. Opened by a job."""
    found = living(account, invoice, method)
    if found is not None and found.amount == invoice.open_amount and found.expires_at > clock.now():
        return found
    if found is not None:
        _give_up(found)
    debt = debt_of(account, invoice)
    if problem := ports.checkouts.get(account.provider).problem(accounts.access(account), debt, method):
        raise DomainError(problem)
    made = Checkout(account_id=account.id, customer_id=invoice.customer_id, invoice_id=invoice.id, method=method,
                    reference=f"ABN{invoice.id}-{uuid.uuid4().hex[:10]}", amount=invoice.open_amount,
                    currency=invoice.currency, expires_at=_end(invoice), poll_at=clock.now() + dt.timedelta(minutes=2))
    db.session.add(made)
    db.session.flush()
    return made


def living(account: Account, invoice: Invoice, method: str) -> Checkout | None:
    return db.session.scalar(sa.select(Checkout).where(
        Checkout.account_id == account.id, Checkout.invoice_id == invoice.id, Checkout.method == method,
        Checkout.state.in_(LIVING)))


def _end(invoice: Invoice) -> dt.datetime:
    """The end of the day it is due, in the company's zone, but always some days from now."""
    day = (invoice.due_date or clock.today()) + dt.timedelta(days=1)
    return max(clock.now() + LIFE, dt.datetime.combine(day, dt.time(), ZoneInfo(current_company().timezone)))


def _give_up(row: Checkout) -> None:
    """Another one takes its place: close it at the gateway by a job."""
    row.state = "closed" if row.state == "pending" else row.state
    if row.state != "closed":
        row.state = "closed"
        _enqueue_closing([row.id])
    db.session.flush()


def debt_of(account: Account, invoice: Invoice) -> Debt:
    """What is open of a document, as gateways are told of it."""
    code = db.session.scalar(sa.select(PayerCode.code).where(PayerCode.account_id == account.id,
                                                             PayerCode.customer_id == invoice.customer_id))
    customer = find(Customer, invoice.customer_id)
    due = [Due(invoice.due_date or clock.today(), invoice.open_amount)]
    return Debt(code or customer.code, customer.name, str(invoice.id), str(invoice), invoice.currency, tuple(due))


def attempt_of(row: Checkout) -> Attempt:
    """The attempt as the provider wants it: always the same for the same row."""
    access = accounts.access(row.account)
    return Attempt(row.reference, str(uuid.uuid5(NAMESPACE, f"{row.account_id}:{row.reference}")), row.expires_at,
                   row.method, _words(row), _payer(row.customer), access.notice_url, access.return_url, row.id)


def _words(row: Checkout) -> str:
    if row.invoice is None:
        return current_company().name
    due = format_date(row.invoice.due_date) if row.invoice.due_date else ""
    return _("%(document)s, due %(due)s", document=str(row.invoice), due=due) if due else str(row.invoice)


def _payer(customer: Customer) -> Payer:
    email = db.session.scalar(sa.select(Email.address).where(Email.customer_id == customer.id, Email.active)
                              .order_by(Email.position, Email.id).limit(1)) or ""
    phone = db.session.scalar(sa.select(Phone).where(Phone.customer_id == customer.id, Phone.active)
                              .order_by(Phone.position, Phone.id).limit(1))
    return Payer(customer.name, email, str(phone or ""), customer.tax_id_kind or "", customer.tax_id or "",
                 _address(customer))


def _address(customer: Customer) -> dict[str, str]:
    """Where documents say that he lives; cash networks want it of who gets a ticket."""
    found = db.session.scalar(sa.select(Address).where(Address.customer_id == customer.id, Address.active)
                              .order_by(Address.kind != "fiscal", Address.id).limit(1))
    names = ("street", "number", "district", "city", "region", "postal_code")
    return {name: value for name in names if found is not None and (value := getattr(found, name))}


# --- at the gateway ----------------------------------------------------------------------------------------


def open_now(checkout_id: int) -> None:
    """Open it: claim, talk, record. What was lost on the way is asked for before it is opened again."""
    row = find(Checkout, checkout_id)
    if row.state not in ("pending", "opening", "unknown"):
        return
    was_tried, row.state = row.state != "pending", "opening"
    access, attempt, port = accounts.access(row.account), attempt_of(row), ports.checkouts.get(row.account.provider)
    debt = debt_of(row.account, find(Invoice, row.invoice_id or 0))
    try:
        with jobs.outside():
            opened = port.find(access, attempt) if was_tried else None
            opened = opened or port.open(access, debt, attempt)
    except Rejected as refusal:
        _end_with(checkout_id, "refused", str(refusal))
        return
    except Unknown as trouble:
        _postpone(checkout_id, "unknown", str(trouble))
        raise Unavailable(str(trouble)) from trouble
    except Unavailable as trouble:
        _postpone(checkout_id, "opening", str(trouble))
        raise
    _keep(checkout_id, opened)


def _keep(checkout_id: int, opened: Opened) -> None:
    row = find(Checkout, checkout_id)
    row.state, row.provider_ref, row.url, row.error = "open", opened.provider_ref[:120], opened.url[:1000], ""
    row.coupon, row.data = asdict(opened.coupon), {"form": dict(opened.form), **opened.data}
    if opened.amount is not None:
        row.data = {**row.data, "asks_for": str(opened.amount)}
    row.key, row.polls = opened.secret or None, 0
    row.expires_at = opened.expires_at or row.expires_at
    row.poll_at = clock.now() + dt.timedelta(minutes=QUESTIONS[0])
    db.session.commit()


def _end_with(checkout_id: int, state: str, error: str = "") -> None:
    row = find(Checkout, checkout_id)
    row.state, row.error, row.poll_at = state, error[:500], None
    db.session.commit()


def _postpone(checkout_id: int, state: str, error: str) -> None:
    row = find(Checkout, checkout_id)
    row.state, row.error, row.poll_at = state, error[:500], clock.now() + dt.timedelta(minutes=5)
    db.session.commit()


def opened_of(row: Checkout) -> Opened:
    """What the gateway opened, as it was kept."""
    data = dict(row.data)
    form, _asks_for = data.pop("form", {}), data.pop("asks_for", None)
    return Opened(row.provider_ref, row.url, form, Coupon(**row.coupon) if row.coupon else Coupon(), row.expires_at,
                  row.key or "", data)


def close_now(checkout_id: int) -> None:
    """Close it at the gateway; closing again does no harm."""
    row = find(Checkout, checkout_id)
    if not row.provider_ref or row.account.provider not in ports.checkouts:
        return
    access, opened, attempt = accounts.access(row.account), opened_of(row), attempt_of(row)
    try:
        with jobs.outside():
            ports.checkouts.get(access.provider).close(access, opened, attempt)
    except Rejected as refusal:  # paid in this very moment, or gone already: the payment will be told
        _note(checkout_id, str(refusal))


def _note(checkout_id: int, text: str) -> None:
    find(Checkout, checkout_id).error = text[:500]
    db.session.commit()


def ask(checkout_id: int) -> None:
    """Ask the gateway what became of a page, book it, and plan the next question."""
    row = find(Checkout, checkout_id)
    if row.account.provider not in ports.polls:
        row.poll_at = None
        db.session.commit()
        return
    access, opened, reference = accounts.access(row.account), opened_of(row), row.reference
    told: list[Reading] = []
    trouble = ""
    try:
        with jobs.outside():
            told = ports.polls.get(access.provider).read(access, reference=reference, opened=opened)
    except OutsideError as error:  # no other page waits for this gateway
        trouble = str(error)
    row = find(Checkout, checkout_id)
    booking.take(row.account, told)
    row.error = trouble[:500]
    _plan(row)
    if row.poll_at is None:
        booking.give_up(row.account, [one.external_id for one in told if one.status == "unknown"])
    db.session.commit()


def _plan(row: Checkout) -> None:
    """When to ask next: until two days after the end; then the page is over, unless its gateway is watched."""
    if row.state in ("paid", "closed", "expired") and (watched := _watched(row)):
        row.poll_at = watched
        return
    last = row.expires_at + dt.timedelta(days=2)
    minutes = QUESTIONS[min(row.polls, len(QUESTIONS) - 1)]
    following = clock.now() + dt.timedelta(minutes=minutes)
    row.polls += 1
    if row.state == "paid" or following > last:
        row.state = "expired" if row.state == "open" else row.state
        row.poll_at = _watched(row)
        row.key = row.key if row.poll_at else None
        return
    row.poll_at = following


def _watched(row: Checkout) -> dt.datetime | None:
    """When a page that is over is asked about, because money may still come or go back; None: no more."""
    provider, now = ports.providers.find(row.account.provider), clock.now()
    days, age = provider.watched_days if provider else 0, now - row.created_at
    following = now + (DAILY if age < WEEKLY else WEEKLY)
    return following if following - row.created_at <= dt.timedelta(days=days) else None


@dataclass(frozen=True)
class Page:
    """A page of ours that a notice is about."""

    id: int
    reference: str
    opened: Opened


def meant(account: Account, notices: Mapping[int, tuple[str, Reading | None]]) -> dict[int, Page]:
    """The page that each notice (what it wants read, what it says itself) is about, by the notice's id."""
    names = {key: {ref, *((told.reference.attempt,) if told else ())} - {""} for key, (ref, told) in notices.items()}
    wanted = sorted({name[:120] for found in names.values() for name in found})
    rows = db.session.scalars(sa.select(Checkout).where(
        Checkout.account_id == account.id, sa.or_(among(Checkout.reference, wanted),
                                                  among(Checkout.provider_ref, wanted)))).all() if wanted else []
    known = {name: row for row in rows for name in (row.provider_ref, row.reference) if name}
    found = {key: next((known[name] for name in mine if name in known), None) for key, mine in names.items()}
    return {key: Page(row.id, row.reference, opened_of(row)) for key, row in found.items() if row is not None}


def hurry(ids: Sequence[int]) -> None:
    """Ask about these pages anew, soon and often: something is said of them that the gateway does not confirm yet."""
    db.session.execute(sa.update(Checkout).where(among(Checkout.id, ids), Checkout.poll_at.is_not(None)).values(
        polls=0, poll_at=clock.now() + dt.timedelta(minutes=QUESTIONS[0])).execution_options(
        synchronize_session=False))


# --- what happens elsewhere --------------------------------------------------------------------------------


def close_settled(invoice_ids: list[int]) -> None:
    """The pages of documents on which nothing is owed any more are closed."""
    rows = db.session.scalars(
        sa.select(Checkout).join(Invoice, Invoice.id == Checkout.invoice_id).where(
            among(Checkout.invoice_id, invoice_ids), Checkout.state.in_(LIVING),
            sa.or_(Invoice.open_amount == 0, Invoice.state != "issued"))).all()
    for row in rows:
        row.state, row.poll_at = "closed", _watched(row)
    _enqueue_closing([row.id for row in rows])


def _enqueue_closing(ids: list[int]) -> None:
    from modules.gateways import jobs as own_jobs

    if ids:
        jobs.enqueue(own_jobs.close_checkouts, checkout_ids=ids)

