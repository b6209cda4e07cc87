"""What others ask: how a contract stands, in facts and in words for the subscriber."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from core.db import db
from core.i18n import _, format_amount, format_date
from modules.accounting import documents, labels
from modules.accounting.models import Invoice
from modules.arrears import deciding, promising
from modules.arrears.facts import ARREARS
from modules.arrears.models import Cut, Proof
from modules.contracts.models import Contract, Suspension


@dataclass(frozen=True)
class Standing:
    """How a contract stands. Amounts are in the company's currency; times are aware, in UTC."""

    contract_id: int
    customer_id: int
    amount: Decimal
    currency: str
    # the document that has been overdue for longest
    invoice_id: int | None
    document: str
    due: dt.date | None
    # since when the service is cut for debt, and the reason in words
    cut_since: dt.datetime | None
    cut_reason: str
    can_promise: bool
    # the sentence that says why a promise is not possible
    why_no_promise: str
    # until when a promise made now would last; and until when one that was made lasts
    promise_would_last: dt.datetime | None
    promised_until: dt.datetime | None
    # a proof of payment waits to be looked at
    proof_waits: bool


def standing(contract: Contract, online: bool = True) -> Standing:
    """How this contract stands now; `online`: whether the subscriber himself is to promise."""
    debtor, known, moment = promising.of(contract)
    late = deciding.overdue(debtor, moment.day) if debtor else []
    invoice = db.session.get(Invoice, late[0].invoice_id) if late else None
    why = promising.refusal(debtor, moment, online)
    held = debtor.promised(moment.local) if debtor else None
    since, reason = _cut(contract)
    return Standing(
        contract.id, contract.customer_id, deciding.total(late), known.company.currency,
        invoice.id if invoice else None, labels.title_of(invoice) if invoice else "", late[0].due if late else None,
        since, reason, not why, why, promising.ends(debtor, known, moment) if debtor and not why else None,
        held.until if held else None, _waits(contract.customer_id))


def _cut(contract: Contract) -> tuple[dt.datetime | None, str]:
    row = db.session.execute(
        sa.select(Suspension.started_at, Suspension.reason).where(
            Suspension.contract_id == contract.id, Suspension.ended_at.is_(None), Suspension.cause == ARREARS)).first()
    return (row.started_at, row.reason) if row and contract.state == "suspended" else (None, "")


def _waits(customer_id: int) -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(Proof.customer_id == customer_id,
                                                              Proof.state == "waiting"))))


@dataclass(frozen=True)
class CutWords:
    """What the page shown to a cut subscriber says, in the language in use."""

    title: str
    reason: str
    amount: str
    # where it can be paid without a password; "" where no gateway gives one
    pay_link: str
    # other ways to pay, one a line
    ways: str


def cut_words(contract: Contract) -> CutWords:
    """Why the service is cut, how much is owed, and how to pay it."""
    found = standing(contract)
    invoice = db.session.get(Invoice, found.invoice_id) if found.invoice_id else None
    reason = _("%(document)s was due on %(day)s and is not paid.", document=found.document,
               day=format_date(found.due)) if found.due else found.cut_reason
    return CutWords(_("Your service is cut for lack of payment"), reason, format_amount(found.amount, found.currency),
                    pay_link(invoice), documents.ways_to_pay([invoice])[invoice.id] if invoice else "")


def pay_link(invoice: Invoice | None) -> str:
    """The address at which a document can be paid, of whoever gives one; "" where nobody does."""
    if invoice is None:
        return ""
    return next((block.link for block in documents.blocks_of([invoice])(invoice) if block.link), "")


def open_cut(contract_id: int) -> Cut | None:
    """The cut that lasts."""
    return db.session.scalar(sa.select(Cut).where(Cut.contract_id == contract_id, Cut.ended_at.is_(None)))
