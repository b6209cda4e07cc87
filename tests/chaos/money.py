"""A company whose subscribers pay through a gateway, and what its books say. Runs inside the installation."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core import checks, clock, companies
from core.db import db
from core.models import Job
from core.scope import company_scope, every_company
from modules.accounting import ledger, queries
from modules.accounting.models import Posting
from modules.crm import bulk as crm
from modules.crm.drafts import CustomerData
from modules.crm.models import Customer
from modules.gateways import accounts, ports
from modules.gateways.models import Account, Notice, Transaction
from tests.chaos.state import ENVIRONMENT

ALARM = "forged_notices"


def load(subscribers: str, url: str) -> int:
    """Subscribers 1, 2, 3 … and an account at Mercado Pago's simulator; the company."""
    company = companies.create_company("AR", "Cobros del Sur S.A.", "30990000103", code="cobros", tax_condition="RI")
    db.session.commit()
    with company_scope(company):
        ledger.policy().legal_documents = False
        crm.create_many([CustomerData(name=f"Abonado {number}", code=str(number), tax_condition="CF")
                         for number in range(1, int(subscribers) + 1)])
        accounts.create("mercadopago", "Mercado Pago", ports.providers.get("mercadopago").extra["rehearsal"]["AR"])
        db.session.commit()
    return int(company.id)


def address() -> str:
    """Where the gateway sends its notices to."""
    with every_company():
        return f"/gateways/{db.session.scalars(sa.select(Account.token)).one()}/notice"


def waiting() -> int:
    """Notices that nobody has worked through yet, and jobs that are due: what follows a payment is work too."""
    notices = sa.select(sa.func.count()).where(Notice.state == "waiting")
    due = sa.select(sa.func.count()).where(Job.state.in_(("pending", "running")), Job.run_at <= clock.now())
    with every_company():
        return sum(db.session.scalar(one) or 0 for one in (notices, due))


def collect() -> dict[str, Any]:
    """What is in the books: balances by customer, what the gateway holds, how many transactions of which state."""
    with every_company():
        account = db.session.scalars(sa.select(Account)).one()
        company_id = account.company_id
        counted = db.session.execute(sa.select(Transaction.kind, Transaction.state, sa.func.count()).group_by(
            Transaction.kind, Transaction.state)).all()
        refused = db.session.execute(sa.select(Notice.reason, sa.func.sum(Notice.times)).where(
            Notice.state == "refused").group_by(Notice.reason)).all()
    with company_scope(company_id):
        people = db.session.execute(sa.select(Customer.code, Customer.id)).all()
        held = db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
            Posting.account_id == account.cash_account.account_id)) or 0
        balances = {code: f"{queries.balance(customer_id):.2f}" for code, customer_id in people}
    return {"balances": balances, "held": f"{held:.2f}", "refused": {row[0]: int(row[1]) for row in refused},
            "transactions": {f"{row.kind} {row.state}": row[2] for row in counted}, "wrong": _wrong()}


def _wrong() -> list[str]:
    """What no check may say; that there are forged notices is told rightly."""
    with every_company():
        found = checks.run_all()
    return [f"{one.name}: {one.detail}" for one in found if not one.ok and one.name not in (*ENVIRONMENT, ALARM)]
