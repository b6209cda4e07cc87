"""Pages and tickets at gateways: asked for, opened once, asked about, closed when their debt is gone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import clock, jobs, leases, logs
from core.db import among, db, find, lock
from core.errors import DomainError, OutsideError, Rejected, Unavailable, Unknown
from core.i18n import _, format_date
from core.scope import current_company
from modules.accounting.models import Invoice
from modules.crm.models import Address, Customer, Email, Phone
from modules.gateways import accounts, booking, owed, ports
from modules.gateways.models import Account, Checkout, PayerCode
from modules.gateways.shapes import ZERO, Attempt, Coupon, Debt, Opened, Payer, Reading

# how long a page stays open where the debt has no later end
LIFE = dt.timedelta(days=10)
LIVING = ("pending", "opening", "open", "unknown")
# states in which a page is still to be opened
UNOPENED = ("pending", "opening", "unknown")
# longer than a provider is waited for: meanwhile nobody else opens the same page
OPENING = dt.timedelta(minutes=5)
# minutes after which an open page is asked about: often at first, then seldom, until it ends
QUESTIONS = (1, 5, 15, 60, 360)
# and one that is paid or closed, where its gateway is watched: once a day in the beginning, then once a week
DAILY, WEEKLY = dt.timedelta(days=1), dt.timedelta(days=7)
# what we keep of a page besides what its gateway gave
OURS = ("dues", "ip", "link")
log = logs.get(__name__)
NAMESPACE = uuid.UUID("9f0d1c6e-7c0a-4b53-8d4b-3d6a9f6b2a55")


def request(account: Account, invoice: Invoice, method: str = "link") -> Checkout:
    """A page or ticket for what is open of a document; the one that is there, where there is one. Opened by a job."""
    return request_for(account, [invoice], method)


def request_for(account: Account, documents: Sequence[Invoice], method: str = "link", ip: str = "",
                link: str = "") -> Checkout:
    """As `request`, for documents of a customer that are paid together, the oldest first.

    `ip`: where he asks from; `link`: the payment link of these documents by which he came, and comes back.
    """
    debt = debt_of(account, documents)
    if not debt.due:
        raise DomainError(_("There is nothing to pay."))
    found = living(account, documents, method)
    if found is not None and found.amount == debt.amount and found.expires_at > clock.now() and (
            len(documents) == 1 or found.covers == [one.id for one in documents]):
        return found
    if problem := ports.checkouts.get(account.provider).problem(accounts.access(account), debt, method):
        raise DomainError(problem)
    if found is not None:
        _give_up(found)
    one = documents[0]
    return _insert(documents, Checkout(
        account_id=account.id, customer_id=one.customer_id, invoice_id=one.id if len(documents) == 1 else None,
        covers=[] if len(documents) == 1 else [each.id for each in documents], method=method,
        reference=f"ABN{one.id}-{uuid.uuid4().hex[:10]}", amount=debt.amount, currency=one.currency,
        data={name: value for name, value in (("ip", ip), ("link", link)) if value},
        expires_at=_end(documents), poll_at=clock.now() + dt.timedelta(minutes=2)))


def _insert(documents: Sequence[Invoice], made: Checkout) -> Checkout:
    """Add it; where somebody asked for the same in this moment, theirs."""
    account = find(Account, made.account_id)
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:
        found = living(account, documents, made.method)
        if found is None:
            raise
        return found
    return made


def living(account: Account, documents: Sequence[Invoice], method: str) -> Checkout | None:
    """The page or ticket of these documents that can be paid, or is being opened."""
    one = documents[0]
    what = Checkout.invoice_id == one.id if len(documents) == 1 else sa.and_(
        Checkout.invoice_id.is_(None), Checkout.customer_id == one.customer_id)
    return db.session.scalar(sa.select(Checkout).where(
        Checkout.account_id == account.id, what, Checkout.method == method, Checkout.state.in_(LIVING)))


def _end(documents: Sequence[Invoice]) -> dt.datetime:
    """The end of the day they are due, in the company's zone, but always some days from now."""
    day = max(one.due_date or clock.today() for one in documents) + dt.timedelta(days=1)
    return max(clock.now() + LIFE, dt.datetime.combine(day, dt.time(), ZoneInfo(current_company().timezone)))


def _give_up(row: Checkout) -> None:
    """Another one takes its place: close it at the gateway by a job."""
    was_asked_for, row.state = row.state != "pending", "closed"
    if was_asked_for:
        _enqueue_closing([row.id])
    db.session.flush()


def _ids_of(row: Checkout) -> list[int]:
    return row.covers or ([row.invoice_id] if row.invoice_id else [])


def documents_of(row: Checkout) -> list[Invoice]:
    """What a page is to pay, the oldest first."""
    wanted = _ids_of(row)
    found = {one.id: one for one in db.session.scalars(sa.select(Invoice).where(among(Invoice.id, wanted)))}
    return [found[key] for key in wanted if key in found]


def debt_of(account: Account, documents: Sequence[Invoice]) -> Debt:
    """What these documents of one customer ask for today, as gateways are told of it; without dues where nothing is."""
    one = documents[0]
    code = db.session.scalar(sa.select(PayerCode.code).where(PayerCode.account_id == account.id,
                                                             PayerCode.customer_id == one.customer_id))
    customer = find(Customer, one.customer_id)
    due = owed.together(documents, clock.today(), owed.elsewhere_of(documents))
    return owed.debt(code or customer.code, customer.name, documents, due)


def attempt_of(row: Checkout) -> Attempt:
    """The attempt as the provider wants it: always the same for the same row."""
    access, link = accounts.access(row.account), (row.data or {}).get("link")
    back = f"{access.return_url}/{link}" if link else access.return_url
    return Attempt(row.reference, str(uuid.uuid5(NAMESPACE, f"{row.account_id}:{row.reference}")), row.expires_at,
                   row.method, _words(row), _payer(row), access.notice_url, back, row.id)


def _words(row: Checkout) -> str:
    if row.invoice is None:
        return owed.debt("", "", documents_of(row), ()).concept if row.covers else current_company().name
    due = format_date(row.invoice.due_date) if row.invoice.due_date else ""
    return _("%(document)s, due %(due)s", document=str(row.invoice), due=due) if due else str(row.invoice)


def _payer(row: Checkout) -> Payer:
    customer = row.customer
    email = db.session.scalar(sa.select(Email.address).where(Email.customer_id == customer.id, Email.active)
                              .order_by(Email.position, Email.id).limit(1)) or ""
    phone = db.session.scalar(sa.select(Phone).where(Phone.customer_id == customer.id, Phone.active)
                              .order_by(Phone.position, Phone.id).limit(1))
    return Payer(customer.name, email, str(phone or ""), customer.tax_id_kind or "", customer.tax_id or "",
                 _address(customer), str((row.data or {}).get("ip", "")))


def _address(customer: Customer) -> dict[str, str]:
    """Where documents say that he lives; cash networks want it of who gets a ticket."""
    found = db.session.scalar(sa.select(Address).where(Address.customer_id == customer.id, Address.active)
                              .order_by(Address.kind != "fiscal", Address.id).limit(1))
    names = ("street", "number", "district", "city", "region", "postal_code")
    return {name: value for name in names if found is not None and (value := getattr(found, name))}


# --- at the gateway ----------------------------------------------------------------------------------------


def open_now(checkout_id: int) -> None:
    """Open it, unless another worker is at it: two would make two pages of one reference, and both could be paid."""
    with leases.held(f"gateways.checkout:{checkout_id}", OPENING.total_seconds(),
                     _("Another process works on this gateway.")) as keep:
        if keep is not None:
            _open(checkout_id)


def _open(checkout_id: int) -> None:
    """Claim, talk, record. What was lost on the way is asked for before it is opened again."""
    row = find(Checkout, checkout_id)
    if row.state not in UNOPENED:
        return
    debt = debt_of(row.account, documents_of(row))
    was_tried = row.state != "pending"
    if not debt.due:  # paid meanwhile
        row.state = "closed"
        db.session.commit()
        return
    _claim(row, debt, was_tried)
    access, attempt, port = accounts.access(row.account), attempt_of(row), ports.checkouts.get(row.account.provider)
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


def _claim(row: Checkout, debt: Debt, was_tried: bool) -> None:
    """What is written, and committed, before the gateway is called. Its turn to be looked after comes later."""
    row.state, row.poll_at = "opening", clock.now() + OPENING
    if not was_tried:
        row.amount = debt.amount
        row.data = {**row.data, "dues": [[one.date.isoformat(), str(one.amount)] for one in debt.due]}


def _keep(checkout_id: int, opened: Opened) -> None:
    """What the gateway opened. What was kept before stays: its number and key lead to a page that a payer may have."""
    row = _held(checkout_id)
    if row.provider_ref and row.provider_ref != opened.provider_ref[:120]:
        log.warning("opened_twice", checkout=checkout_id, kept=row.provider_ref, other=opened.provider_ref[:120])
        db.session.commit()
        return
    given_up = row.state == "closed"  # while it was being opened
    row.state = "closed" if given_up else "open"
    row.provider_ref, row.url, row.error = opened.provider_ref[:120], opened.url[:1000], ""
    row.coupon = asdict(opened.coupon)
    row.data = {"form": dict(opened.form), **{name: row.data[name] for name in OURS if name in row.data}, **opened.data}
    if opened.amount is not None:
        row.data = {**row.data, "asks_for": str(opened.amount)}
    row.key, row.polls = opened.secret or None, 0
    row.expires_at = opened.expires_at or row.expires_at
    row.poll_at = clock.now() + dt.timedelta(minutes=QUESTIONS[0])
    if given_up:
        _enqueue_closing([row.id])
    db.session.commit()


def _held(checkout_id: int) -> Checkout:
    """The row as it is now, for this transaction alone."""
    return db.session.scalars(lock(sa.select(Checkout).where(Checkout.id == checkout_id))
                              .execution_options(populate_existing=True)).one()


def _end_with(checkout_id: int, state: str, error: str = "") -> None:
    row = _held(checkout_id)
    if row.state in UNOPENED:  # neither opened nor given up meanwhile
        row.state, row.error, row.poll_at = state, error[:500], None
    db.session.commit()


def _postpone(checkout_id: int, state: str, error: str) -> None:
    row = _held(checkout_id)
    if row.state in UNOPENED:
        row.state, row.error, row.poll_at = state, error[:500], clock.now() + OPENING
    db.session.commit()


def opened_of(row: Checkout) -> Opened:
    """What the gateway opened, as it was kept."""
    data = dict(row.data)
    form = data.pop("form", {})
    for name in ("asks_for", *OURS):
        data.pop(name, None)
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
    """The pages that ask for more than is owed now are closed: paid, annulled, or paid in part."""
    rows = db.session.scalars(sa.select(Checkout).where(
        Checkout.state.in_(LIVING), sa.or_(among(Checkout.invoice_id, invoice_ids), sa.and_(
            Checkout.invoice_id.is_(None), Checkout.customer_id.in_(
                sa.select(Invoice.customer_id).where(among(Invoice.id, invoice_ids))))))).all()
    wanted = {key for row in rows for key in _ids_of(row)}
    found = {one.id: one for one in db.session.scalars(sa.select(Invoice).where(among(Invoice.id, wanted)))}
    over = [row for row in rows if row.amount > sum(
        (owed.amount_on(found[key], clock.today()) for key in _ids_of(row) if key in found), ZERO)]
    for row in over:
        row.state, row.poll_at = "closed", _watched(row)
    _enqueue_closing([row.id for row in over])


def _enqueue_closing(ids: list[int]) -> None:
    from modules.gateways import jobs as own_jobs

    if ids:
        jobs.enqueue(own_jobs.close_checkouts, checkout_ids=ids)

