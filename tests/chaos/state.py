"""What an installation holds, told so that two of them can be compared; and how it was filled. Runs inside of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app

from core import checks, clock, jobs
from core.db import db
from core.models import Company, Job, StoredFile
from core.scope import company_scope, every_company
from modules.accounting.models import Invoice, InvoiceLine
from modules.contracts.models import BilledPeriod, BillingChunk, BillingException, BillingRun, Contract
from modules.crm.models import Customer
from modules.einvoice import states
from modules.einvoice.models import Document, Sequence
from modules.notifications.models import Message

NOTICE = "accounting.invoice_ready"
# they look at this machine, not at the data
ENVIRONMENT = ("mail", "redis", "clock", "backup_age")


def load(subscribers: str, url: str) -> int:
    """Load the made-up provider and enable it with the simulator there; how many customers."""
    from modules.demo import services
    from modules.demo.surroundings import Simulators

    (company,) = services.load(services.Wishes(int(subscribers)), Simulators(url), lambda _line: None)
    return int(company.id)


def load_countries(subscribers: str, url: str) -> int:
    """A provider in each country beside Argentina, and a second one in Colombia that issues through Siigo."""
    from modules.demo import services
    from modules.demo.surroundings import Simulators
    from modules.einvoice.ports import enablers

    wishes = services.Wishes(int(subscribers), ("EC", "CO", "MX", "PE"))
    made = services.load(wishes, Simulators(url), lambda _line: None)
    hka = next(one for one in made if one.country == "CO")
    hka.code = "hka"
    db.session.commit()
    (siigo,) = services.load(services.Wishes(int(subscribers), ("CO",)), Simulators(url), lambda _line: None)
    with company_scope(siigo):
        enabler = enablers.get("CO")
        for key, changes in (("data", {"provider": "siigo"}), ("rehearsal.start", {})):
            step = next(one for one in enabler.steps() if one.key == key)
            enabler.run(key, {one.name: one.value for one in step.inputs} | changes)
            db.session.commit()
    return int(siigo.id)


def codes() -> dict[str, list[str]]:
    """The authorisation codes of authorised documents by country; Colombia's second company as "CO.siigo"."""
    with every_company():
        rows = db.session.execute(
            sa.select(Document.country, Company.code, Document.authorization_code)
            .join(Company, Company.id == Document.company_id).where(Document.state == "authorized"))
        found: dict[str, list[str]] = {}
        for country, company, code in rows:
            found.setdefault("CO.siigo" if company == "demo-co" else country, []).append(code)
    return found


def collect() -> dict[str, Any]:
    """`same` must be the same after any disturbance; `wrong` must be empty; `documents` are compared with ARCA's."""
    with every_company():
        return {"same": _same(), "wrong": _wrong(), "documents": _documents(), "work": _work()}


def _same() -> dict[str, Any]:
    rows = db.session.execute(
        sa.select(Customer.code, Contract.number, BilledPeriod.kind, BilledPeriod.month, BilledPeriod.net,
                  BilledPeriod.tax, BilledPeriod.total)
        .join(Customer, Customer.id == BilledPeriod.customer_id).join(Contract, Contract.id == BilledPeriod.contract_id)
        .order_by(Contract.number, BilledPeriod.month, BilledPeriod.kind)).all()
    return {
        "periods": [[str(value) for value in row] for row in rows], "invoices": _invoices(),
        "exceptions": sorted(db.session.execute(
            sa.select(Contract.number, BillingException.code)
            .join(Contract, Contract.id == BillingException.contract_id)).all()),
        "sequences": sorted(tuple(row) for row in db.session.execute(
            sa.select(Sequence.series, Sequence.kind, Sequence.last_number))),
        "refused": sorted(db.session.scalars(sa.select(Document.cause).where(Document.state == "rejected"))),
        "notices": sorted(Counter(db.session.scalars(sa.select(Message.state).where(Message.kind == NOTICE))).items()),
        "drawn": db.session.scalar(sa.select(sa.func.count()).where(Invoice.pdf_file_id.is_not(None)))}


def _invoices() -> list[list[str]]:
    rows = db.session.execute(
        sa.select(Customer.code, Invoice.total, Invoice.open_amount, Invoice.legal_state,
                  sa.func.sum(InvoiceLine.total), sa.func.count(InvoiceLine.id))
        .join(Customer, Customer.id == Invoice.customer_id).join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(Invoice.origin == "billing").group_by(Invoice.id, Customer.code)).all()
    return sorted([str(value) for value in row] for row in rows)


def _documents() -> list[list[Any]]:
    """[type, number, CAE, total in cents] of what ARCA authorised, in order."""
    rows = db.session.execute(
        sa.select(Document.kind, Document.number, Document.authorization_code, Invoice.total)
        .join(Invoice, Invoice.id == Document.invoice_id).where(Document.state == "authorized"))
    return sorted([int(row.kind), row.number, row.authorization_code, f"{row.total:.2f}"] for row in rows)


def _work() -> dict[str, int]:
    rows: Any = db.session.execute(sa.select(Job.state, sa.func.count()).group_by(Job.state))
    return dict(rows.all())


# --- what must not be -----------------------------------------------------------------------------------------


def _wrong() -> list[str]:
    return [*_numbers(), *_wrong_anywhere()]


def wrong_anywhere() -> list[str]:
    """What must not be, wherever numbers begin."""
    with every_company():
        return _wrong_anywhere()


def _wrong_anywhere() -> list[str]:
    found = [f"{one.name}: {one.detail}" for one in checks.run_all() if not one.ok and one.name not in ENVIRONMENT]
    return [*found, *_twice(), *_open(), *_files(), *_mail()]


def _numbers() -> list[str]:
    """1…N for each point of sale and type."""
    taken: dict[tuple[str, str], list[int]] = {}
    for series, kind, number in db.session.execute(
            sa.select(Document.series, Document.kind, Document.number).where(Document.state == "authorized")):
        taken.setdefault((series, kind), []).append(number)
    return [f"numbers of {key} are {sorted(numbers)}" for key, numbers in taken.items()
            if sorted(numbers) != list(range(1, len(numbers) + 1))]


def _twice() -> list[str]:
    """Nobody is billed twice, no document has two notices."""
    rows = db.session.execute(
        sa.select(BilledPeriod.contract_id, BilledPeriod.month).group_by(
            BilledPeriod.contract_id, BilledPeriod.month, BilledPeriod.kind).having(sa.func.count() > 1)).all()
    notices = db.session.execute(
        sa.select(Message.subject_key).where(Message.kind == NOTICE).group_by(Message.subject_key)
        .having(sa.func.count() > 1)).all()
    alone = db.session.scalar(sa.select(sa.func.count()).select_from(Invoice).where(
        Invoice.origin == "billing", ~sa.exists().where(BilledPeriod.invoice_id == Invoice.id)))
    return [*(f"billed twice: {row}" for row in rows), *(f"told twice: {row}" for row in notices),
            *([f"{alone} invoices of no contract"] if alone else [])]


def _open() -> list[str]:
    """Nothing is left half done."""
    runs = db.session.scalars(sa.select(BillingRun.state).where(BillingRun.state != "billed")).all()
    chunks = db.session.scalars(sa.select(BillingChunk.id).where(BillingChunk.state != "done")).all()
    late = db.session.execute(sa.select(Job.function, Job.state, Job.error).where(
        Job.state != "done", ~_later_at_a_router())).all()
    undrawn = db.session.scalar(sa.select(sa.func.count()).select_from(Invoice).where(
        Invoice.legal_state == "authorized", Invoice.pdf_file_id.is_(None)))
    undecided = db.session.execute(sa.select(Document.series, Document.number, Document.state, Document.attempts).where(
        Document.state.in_(("pending", *states.IN_FLIGHT)))).all()
    return [*(f"run {state}" for state in runs), *(f"chunk {key}" for key in chunks),
            *(f"job {row}" for row in late if row.function in jobs.functions),
            *(f"document {row}" for row in undecided),
            *([f"{undrawn} authorised documents without PDF"] if undrawn else [])]


def _later_at_a_router() -> sa.ColumnElement[bool]:
    """A router that went away with its simulator is tried again later and later: this alone may wait."""
    return sa.and_(Job.queue == "network", Job.state == "pending", Job.run_at > clock.now())


def _files() -> list[str]:
    """Every stored file is there, whole."""
    folder = current_app.extensions["abona"].files
    rows = db.session.scalars(sa.select(StoredFile.sha256)).all()
    return [f"file {sha256}" for sha256 in rows if _digest(folder / sha256[:2] / sha256) != sha256]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _mail() -> list[str]:
    """One letter for each notice that was sent, where letters go into the file outbox."""
    settings = current_app.extensions["abona"]
    if settings.smtp_url:
        return []
    sent = db.session.scalar(sa.select(sa.func.count()).where(Message.state == "sent")) or 0
    letters = len(list(settings.outbox.glob("*.eml")))
    return [] if sent == letters else [f"{sent} notices are sent and {letters} letters lie in the outbox"]


def company_code() -> str:
    """The company of this installation."""
    return str(db.session.scalars(sa.select(Company.code)).one())


def is_settled() -> bool:
    """Nothing more will happen by itself."""
    left = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
        Job.state.in_(("pending", "running")), ~_later_at_a_router(),
        Job.key.not_like("core.%") | Job.key.is_(None))) or 0
    with every_company():
        runs = db.session.scalars(sa.select(BillingRun.state)).all()
    return bool(runs) and set(runs) == {"billed"} and not left


def hurry() -> int:
    """What waits for its next try is due now, jobs and documents; how many jobs."""
    done: Any = db.session.execute(sa.update(Job).where(Job.state == "pending").values(run_at=clock.now()))
    with every_company():
        db.session.execute(sa.update(Document).where(Document.next_try.is_not(None)).values(next_try=clock.now()))
        db.session.execute(sa.update(Sequence).where(Sequence.next_try.is_not(None)).values(next_try=clock.now()))
    db.session.commit()
    return int(done.rowcount)
