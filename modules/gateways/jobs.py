"""Work in the background: notices that came, payments that changed, pages that are to be opened or closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import sqlalchemy as sa

from core import clock, leases, logs
from core.db import db, find
from core.errors import OutsideError, Rejected, Unavailable, Unknown
from core.i18n import _, lazy
from core.jobs import enqueue, job, outside, retry_later, schedule
from core.scope import every_company
from modules.gateways import (
    accounts,
    booking,
    checkouts,
    deliveries,
    files_in,
    files_out,
    inbox,
    plans,
    ports,
    refunding,
    settling,
)
from modules.gateways.models import Account, Checkout, File, FilePlan, Notice
from modules.gateways.shapes import Reading

LEASE_SECONDS = 300
# pages of a poll that one job reads
PAGES = 200

log = logs.get(__name__)


def alone(name: str) -> AbstractContextManager[Callable[[], None] | None]:
    """Hold a name of this module: the function that commits and goes on holding it, or None where another has it."""
    return leases.held(f"gateways.{name}", LEASE_SECONDS, _("Another process works on this gateway."))


# --- notices ---------------------------------------------------------------------------------------------


@job(words=lazy("Read what gateways reported"), max_attempts=20)
def drain(account_id: int) -> None:
    """Work through the notices of an account until none waits. Who finds it taken goes home: its holder looks again."""
    while True:
        with alone(f"drain:{account_id}") as keep:
            if keep is None:
                return
            _drain(account_id, keep)
        if not inbox.waiting(account_id, limit=1):
            return


def _drain(account_id: int, keep: Callable[[], None]) -> None:
    while rows := inbox.waiting(account_id):
        account = find(Account, account_id)
        told: list[Reading] = []
        states: dict[int, tuple[str, str]] = {}
        says, hints = inbox.judged_anew(account, rows, states)
        trouble = _understand(account, [row for row in rows if row.id not in states], says, told, states)
        booking.take(account, told)
        inbox.finish(states, hints)
        keep()
        if trouble is not None:
            raise trouble


def _understand(account: Account, rows: Sequence[Notice], says: dict[int, Reading | None], told: list[Reading],
                states: dict[int, tuple[str, str]]) -> OutsideError | None:
    """What these notices tell; a gateway that is away ends it, and the rest waits for the next try."""
    access = accounts.access(account)
    known: dict[tuple[str, str], list[Reading]] = {}
    pages = checkouts.meant(account, {row.id: (row.payment_ref, says.get(row.id)) for row in rows})
    jobs_of = [(row.id, row.action, row.payment_ref) for row in rows]
    with outside():
        for row_id, action, ref in jobs_of:
            payment = says.get(row_id)
            try:
                if action == "book" and payment is not None:
                    told.append(payment)
                elif action in ("read", "book") and ref:
                    page = pages.get(row_id)
                    whose = page.reference if page else payment.reference.attempt if payment else ""
                    if (ref, whose) not in known:
                        known[ref, whose] = ports.polls.get(access.provider).read(
                            access, payment_id=ref, reference=whose, opened=page.opened if page else None)
                    told += known[ref, whose]
                    states[row_id] = _heard(payment, known[ref, whose])
                    continue
            except Rejected as refusal:
                states[row_id] = ("failed", str(refusal))
                continue
            except (Unavailable, Unknown) as trouble:
                return Unavailable(str(trouble), retry_after=getattr(trouble, "retry_after", None))
            except (ValueError, LookupError, ArithmeticError, TypeError) as error:
                log.error("notice_not_understood", notice=row_id, exc_info=error)
                states[row_id] = ("failed", _("What the gateway answered about this payment cannot be understood."))
                continue
            states[row_id] = ("done", "")
    checkouts.hurry([pages[row_id].id for row_id, (state, _error) in states.items() if state == "failed"
                     and row_id in pages])
    if any(action == "poll" for _id, action, _ref in jobs_of):
        enqueue(poll, account_id=account.id, key=f"gateways.hint:{account.id}:{int(clock.now().timestamp()) // 30}")
    return None


def _heard(says: Reading | None, told: Sequence[Reading]) -> tuple[str, str]:
    """Done, where the gateway confirms what its notice said; what it does not know yet is asked for again."""
    if says is None or says.status != "approved" or any(
            one.status in ("approved", "mismatch", "reversed") for one in told):
        return "done", ""
    return "failed", _("The notice says that it was paid, and the gateway does not say so when it is asked.")


# --- polls -----------------------------------------------------------------------------------------------


@job(words=lazy("Ask gateways what was paid"), max_attempts=5)
def poll(account_id: int) -> None:
    """Read what changed at the gateway since the last time; the net under its notices."""
    with alone(f"poll:{account_id}") as keep:
        if keep is None:
            return
        for _page in range(PAGES):
            more = _poll_page(account_id)
            if not more:
                return
            keep()


def _poll_page(account_id: int) -> bool:
    """One page; whether more waits."""
    account = find(Account, account_id)
    access, cursor = accounts.access(account), account.cursor
    if access.is_rehearsal and accounts.is_test(account):
        return False  # the company works for real: its simulator has nothing to tell
    try:
        with outside():
            told, following, more = ports.polls.get(access.provider).since(access, cursor)
    except OutsideError as trouble:
        _note_trouble(account_id, str(trouble))
        if isinstance(trouble, Rejected):
            return False
        raise
    account = find(Account, account_id)
    booking.take(account, told, listed=_lists_days(account))
    account.cursor, account.polled_at, account.trouble = following, clock.now(), ""
    db.session.commit()
    return more


@job(words=lazy("Ask gateways anew about the last days"), max_attempts=3)
def poll_anew(account_id: int) -> None:
    """Read the last days from their beginning: what changed behind the place up to which was read."""
    cursor, more = "", True
    with alone(f"anew:{account_id}") as keep:
        if keep is None:
            return
        for _page in range(PAGES):
            account = find(Account, account_id)
            access = accounts.access(account)
            if not more or (access.is_rehearsal and accounts.is_test(account)):
                return
            with outside():
                told, cursor, more = ports.polls.get(access.provider).since(access, cursor)
            account = find(Account, account_id)
            booking.take(account, told, listed=_lists_days(account))
            keep()


def _lists_days(account: Account) -> bool:
    """Whether what is told when it is asked is its own list of a day."""
    provider = ports.providers.find(account.provider)
    return bool(provider and provider.extra.get("day_list"))


def _note_trouble(account_id: int, text: str) -> None:
    db.session.rollback()
    find(Account, account_id).trouble = text[:500]
    db.session.commit()


@job(words=lazy("Read payments that a report named"), max_attempts=10)
def read_payments(account_id: int, names: list[str]) -> None:
    """Ask the gateway about payments that only its settlement report told of, and take what it says."""
    account = find(Account, account_id)
    access = accounts.access(account)
    told: list[Reading] = []
    with outside():
        for name in names:
            try:
                told += ports.polls.get(access.provider).read(access, payment_id=name)
            except Rejected as refusal:
                log.warning("payment_not_read", account=account_id, payment=name, error=str(refusal))
    account = find(Account, account_id)
    booking.take(account, told)
    settling.link(account)


# --- pages and tickets -----------------------------------------------------------------------------------


@job(words=lazy("Open ways to pay"), max_attempts=10)
def open_checkouts(checkout_ids: list[int]) -> None:
    """Open these pages and tickets at their gateways, each by itself: one that is refused stops no other."""
    for checkout_id in checkout_ids:
        checkouts.open_now(checkout_id)


@job(words=lazy("Close pages of debts that are paid"), max_attempts=10)
def close_checkouts(checkout_ids: list[int]) -> None:
    """Nobody shall pay again what is paid or annulled."""
    for checkout_id in checkout_ids:
        checkouts.close_now(checkout_id)


@job(words=lazy("Ask what became of pages that were opened"), max_attempts=5)
def ask_checkouts(checkout_ids: list[int]) -> None:
    """Read the state of these pages at their gateways, and plan when to ask again."""
    for checkout_id in checkout_ids:
        checkouts.ask(checkout_id)


# --- money back ------------------------------------------------------------------------------------------


@job(words=lazy("Give money back through gateways"), max_attempts=20)
def give_back(request_id: int) -> None:
    """Ask the gateway to give back what somebody asked for; what was lost on the way is asked about first."""
    with alone(f"refund:{request_id}") as keep:
        if keep is not None:
            refunding.send(request_id)


@schedule("*/30 * * * *", words=lazy("Look after money that is to be given back"))
def look_after_refunds() -> None:
    """Requests of which nobody knows what became are taken up again."""
    mark = int(clock.now().timestamp()) // 1800
    with every_company():
        rows = db.session.execute(refunding.unsure_since()).all()
    for row in rows:
        enqueue(give_back, company_id=row.company_id, request_id=row.id, key=f"gateways.give_back:{row.id}:look:{mark}")


# --- files -----------------------------------------------------------------------------------------------


@job(words=lazy("Import a file of a gateway"), max_attempts=20)
def import_file(file_id: int) -> None:
    """Prove a file and take it; a killed one goes on where it stopped."""
    with alone(f"file:{file_id}") as keep:
        state = find(File, file_id).state
        if keep and (state == "importing" or (state == "proving" and files_in.prove(file_id))):
            files_in.load(file_id, keep)


@job(words=lazy("Make a file of debts"), max_attempts=20)
def make_file(file_id: int) -> None:
    """Put debts into a file that was begun, and write it; a killed one goes on where it stopped."""
    row = find(File, file_id)
    plan, deliver_it = plans.of(row.account), bool(row.recipe.get("deliver"))
    with alone(f"out:{row.account_id}") as keep:
        if keep is None:
            retry_later(30, _("Another process works on this gateway."))
        assert keep is not None
        files_out.make(file_id, keep)
    row = find(File, file_id)
    if row.state == "made" and deliver_it and plan.deliver and row.account.provider in ports.deliveries:
        enqueue(deliver, file_id=file_id, key=f"gateways.deliver:{file_id}")


@job(words=lazy("Make the file of debts that is planned"))
def make_planned(account_id: int) -> None:
    """Begin the file that an account's plan wants now; where it is locked, the next hour tries again."""
    account = find(Account, account_id)
    plan = plans.of(account)
    if plans.waiting_for(plan, clock.local(clock.now())) is None or plans.locked(account, plan):
        return
    row = files_out.begin(account)
    row.recipe = {**row.recipe, "deliver": True}
    enqueue(make_file, file_id=row.id, key=f"gateways.make:{row.id}")


@job(words=lazy("Take a file of debts to its gateway"), max_attempts=20)
def deliver(file_id: int) -> None:
    """Take it there once; what was sent without an answer waits for a person."""
    with alone(f"deliver:{file_id}") as keep:
        if keep is not None:
            deliveries.send(file_id)


@job(words=lazy("Ask what became of files of debts"), max_attempts=5)
def ask_files(file_ids: list[int]) -> None:
    """Ask the gateways what became of these files."""
    for file_id in file_ids:
        deliveries.ask(file_id)


# --- ticks -----------------------------------------------------------------------------------------------


@schedule("* * * * *", words=lazy("Look after the inbox of payments"))
def look_after_inbox() -> None:
    """Notices that no job is at work on (a crash, a gateway that was away) are taken up again."""
    minute = int(clock.now().timestamp()) // 60
    with every_company():
        rows = db.session.execute(
            sa.select(Notice.account_id, Notice.company_id).where(
                inbox.ripe(), Notice.received_at < clock.now() - dt.timedelta(seconds=20))
            .distinct()).all()
    for row in rows:
        enqueue(drain, company_id=row.company_id, account_id=row.account_id,
                key=f"gateways.drain:{row.account_id}:{minute}")


@schedule("*/5 * * * *", words=lazy("Ask all gateways what was paid"))
def poll_all() -> None:
    """Every account whose gateway can be asked."""
    mark = int(clock.now().timestamp()) // 300
    for account_id, company_id in _can_be_asked():
        enqueue(poll, company_id=company_id, account_id=account_id, key=f"gateways.poll:{account_id}:{mark}")


def _can_be_asked() -> list[tuple[int, int]]:
    """(id, company) of the accounts in use whose gateway can be asked; of every company."""
    with every_company():
        rows = db.session.execute(
            sa.select(Account.id, Account.company_id, Account.provider).where(Account.active)).all()
    return [(row.id, row.company_id) for row in rows if row.provider in ports.polls]


@schedule("40 6 * * *", words=lazy("Ask all gateways anew about the last days"))
def poll_all_anew() -> None:
    """Once a night, for all accounts whose gateway can be asked: the net below the net."""
    day = clock.now().strftime("%Y%m%d")
    for account_id, company_id in _can_be_asked():
        enqueue(poll_anew, company_id=company_id, account_id=account_id, key=f"gateways.anew:{account_id}:{day}")


@schedule("* * * * *", words=lazy("Look after pages that were opened"))
def look_after_checkouts() -> None:
    """Pages whose time to ask has come, in blocks; those that nobody opened yet."""
    moment = clock.now()
    with every_company():
        due = db.session.execute(
            sa.select(Checkout.id, Checkout.company_id, Checkout.state).where(
                Checkout.poll_at.is_not(None), Checkout.poll_at <= moment)
            .order_by(Checkout.poll_at).limit(2000)).all()
    mark = int(moment.timestamp()) // 60
    for function, states in ((open_checkouts, ("pending", "opening", "unknown")),
                             (ask_checkouts, ("open", "paid", "closed"))):
        by_company: dict[int, list[int]] = {}
        for row in due:
            if row.state in states:
                by_company.setdefault(row.company_id, []).append(row.id)
        for company_id, ids in by_company.items():
            for start in range(0, len(ids), 50):
                enqueue(function, company_id=company_id, checkout_ids=ids[start:start + 50],
                        key=f"gateways.look:{function.__name__}:{company_id}:{mark}:{start}")


@schedule("7 * * * *", words=lazy("Make the files of debts that are planned"))
def look_after_plans() -> None:
    """Every hour, each account whose plan wants a file that was not begun."""
    hour = clock.now().strftime("%Y%m%d%H")
    with every_company():
        rows = db.session.execute(sa.select(FilePlan.account_id, FilePlan.company_id).join(
            Account, Account.id == FilePlan.account_id).where(Account.active, FilePlan.every != "never")).all()
    for row in rows:
        enqueue(make_planned, company_id=row.company_id, account_id=row.account_id,
                key=f"gateways.plan:{row.account_id}:{hour}")


@schedule("*/5 * * * *", words=lazy("Look after files of debts that were sent"))
def look_after_deliveries() -> None:
    """Files whose time to ask has come, and files whose sending or making stopped with its worker."""
    moment = clock.now()
    mark = int(moment.timestamp()) // 300
    with every_company():
        long_ago = moment - dt.timedelta(hours=1)
        rows = db.session.execute(sa.select(File.id, File.company_id, File.state).where(
            File.direction == "out", sa.or_(
                sa.and_(File.state == "sent", File.asked_at <= moment),
                sa.and_(File.state == "sending", File.asked_at < long_ago),
                sa.and_(File.state == "making", File.created_at < long_ago)))
            .order_by(File.id).limit(500)).all()
    for row in rows:
        if row.state == "sent":
            enqueue(ask_files, company_id=row.company_id, file_ids=[row.id], key=f"gateways.asked:{row.id}:{mark}")
        else:
            enqueue(make_file if row.state == "making" else deliver, company_id=row.company_id, file_id=row.id,
                    key=f"gateways.again:{row.id}:{mark // 12}")
