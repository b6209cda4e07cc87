"""After this month's bills: payers at the gateways' pages, tickets and counters; their notices come to the product."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import current_app

from core import clock, jobs, months
from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.crm.models import Customer
from modules.demo import takings_web
from modules.demo.surroundings import Simulators
from modules.demo.takings import Desk, Story
from modules.demo.telling import tell
from modules.gateways import accounts, rehearsing
from modules.gateways.models import Account, Checkout, Notice, Transaction

# seconds for which notices are waited for at most, and without any of them; who was not told of is asked about
PATIENCE, SILENCE = 20.0, 0.6
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TICKETS = ("oxxo",)


def make(companies: Sequence[Company], simulators: Simulators, say: Callable[[str], None]) -> None:
    """Once per company and month. Commits."""
    with takings_web.served():
        for company in companies:
            with company_scope(company):
                desk = Desk(company, simulators, clock.today(company), say)
                if told := tell(desk, STORIES, months.show(months.of(desk.today))):
                    _hear()
                    if "mercadopago" in told:
                        _give_back(desk)
            db.session.rollback()


def _hear() -> None:
    """Work until the gateways are silent; then ask about pages of which nothing came."""
    end = silent = time.monotonic() + PATIENCE
    while time.monotonic() < min(end, silent):
        if _work() or _waiting() or silent == end:
            silent = time.monotonic() + SILENCE
        time.sleep(0.1)
    rehearsing.ask_pages(without=TICKETS)
    _work()


def _work() -> int:
    """Do what is due, where nobody else does."""
    if current_app.extensions["abona"].redis_url:
        return 0
    found = jobs.run_jobs()
    db.session.rollback()
    return found


def _waiting() -> int:
    """Notices that are in the inbox."""
    found = db.session.scalar(sa.select(sa.func.count()).select_from(Notice).where(Notice.state == "waiting")) or 0
    db.session.rollback()
    return found


def _give_back(desk: Desk) -> None:
    """One of them asks for a part of his money: the gateway gives it back."""
    row = db.session.scalar(sa.select(Transaction).join(Account, Account.id == Transaction.account_id).where(
        Account.provider == "mercadopago", Transaction.state == "booked", Transaction.kind == "payment",
        Transaction.paid_on == desk.today).order_by(Transaction.id.desc()).limit(1))
    whole = desk.company.country == "PE"  # there it gives back whole payments only
    if row is not None and rehearsing.give_back(row, row.amount if whole else (row.amount / 4).quantize(desk.amount),
                                                "Tres días sin servicio"):
        _work()
    db.session.rollback()


# --- pages -----------------------------------------------------------------------------------------------------


def mercadopago(desk: Desk, account: Account) -> None:
    """Three pay on its page, one only after a refusal; a notice comes twice. Tickets that were printed are paid too."""
    pages = desk.pages(account, 3)
    for place, page in enumerate(pages):
        if place == 0:
            desk.fault("mercadopago", "duplicate_notice")
        if place == 1:
            desk.act("mercadopago", "pay", {"preference_id": page.provider_ref, "holder": "FUND"})
        desk.act("mercadopago", "pay", {"preference_id": page.provider_ref})
    for ticket in desk.once(lambda: _tickets(account)):
        desk.act("mercadopago", "pay", {"payment_id": ticket})


def _tickets(account: Account) -> list[str]:
    """The gateway's numbers of some that were printed."""
    return list(db.session.scalars(sa.select(Checkout.provider_ref).where(
        Checkout.account_id == account.id, Checkout.method.in_(TICKETS), Checkout.state == "open").limit(2)))


def payu(desk: Desk, account: Account) -> None:
    """A card and a bank on PayU's page; the browser posts our form, and presses a button."""
    for page, way in zip(desk.pages(account, 2), ("card", "pse"), strict=False):
        path = page.url.removeprefix(f"{desk.simulators.url}/")
        desk.send(path, urlencode(page.data["form"]).encode(), headers=FORM)
        order = desk.once(lambda: desk.state("payu")["orders"][-1]["id"])
        desk.send(f"{path}order/{order}", urlencode({"way": way}).encode(), headers=FORM)


def combopay(desk: Desk, account: Account) -> None:
    """A card on its page; another one is refused."""
    for page, state in zip(desk.pages(account, 2), ("payment_approved", "payment_fail"), strict=False):
        desk.act("combopay", "pay", {"id": page.provider_ref, "state": state})


def pagoralia(desk: Desk, account: Account) -> None:
    """Two receipts on the customers' permanent pages."""
    desk.simulators.post("pagoralia", "merchant", {"abrev": account.settings["abrev"],
                                                   "notice_url": accounts.access(account).notice_url})
    for page in desk.pages(account, 2):
        desk.act("pagoralia", "pay", {"abrev": account.settings["abrev"], "receipt": page.reference})


def siro(desk: Desk, account: Account) -> None:
    """The bank's payment button: pages are asked about, since it tells nothing by itself."""
    for page in desk.pages(account, 2):
        path = page.url.removeprefix(f"{desk.simulators.url}/")
        desk.send(path, urlencode({"means": "debit"}).encode(), headers=FORM)


def cobrodigital(desk: Desk, account: Account) -> None:
    """Slips that it makes, paid at a counter; it is asked for its transactions."""
    for page in desk.pages(account, 2, "boleta"):
        desk.act("cobrodigital", "pay", {"nro_boleta": page.provider_ref})
    rehearsing.poll(account)


# --- counters --------------------------------------------------------------------------------------------------


def facilito(desk: Desk, account: Account) -> None:
    """An office asks us, takes money, repeats, takes back; its file lacks a payment and has a strange one."""
    base = accounts.access(account).notice_url.removesuffix("/notice")
    desk.simulators.post("facilito", "config", {"base": base})
    day = desk.once(desk.today.isoformat)
    paid = [_at_counter(desk, "pay", code=code) for code in _documents(desk, 3)]
    good = [one["transaction"] for one in paid if one.get("state") == "paid"]
    for number in good[:1]:
        _at_counter(desk, "repeat", transaction=number)
    for number in good[2:3]:
        _at_counter(desk, "reverse", transaction=number)
    db.session.rollback()
    if good:
        for fault in ("line_missing", "line_extra"):
            desk.fault("facilito", fault)
        desk.bring(account, desk.fetch(f"facilito/files/{day}"), f"conciliacion_{day.replace('-', '')}.csv")


def _documents(desk: Desk, count: int) -> list[str]:
    """What payers say at the counter: their document. Ends the transaction: the office asks us in another one."""
    found = [db.session.get_one(Customer, one.customer_id).tax_id or "" for one in desk.debts(count)]
    db.session.rollback()
    return found


def _at_counter(desk: Desk, verb: str, **body: str) -> dict[str, Any]:
    return dict(json.loads(desk.send(f"facilito/office/{verb}", json.dumps(body).encode())))


STORIES: Sequence[tuple[str, Story]] = (
    ("mercadopago", mercadopago), ("payu", payu), ("combopay", combopay), ("pagoralia", pagoralia), ("siro", siro),
    ("cobrodigital", cobrodigital), ("facilito", facilito))
