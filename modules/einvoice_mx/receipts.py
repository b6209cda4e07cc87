"""Receipts of payment (complement Pagos 2.0): made by themselves when a payment pays invoices paid later (PPD).

NumParcialidad and ImpSaldoAnt come from the receipts that stand; each allocation stands on one receipt only. An invoice
that is not stamped yet has its receipt when it is. What a payment no longer pays has its receipt cancelled at the SAT,
with those of later instalments; what is left is receipted again once the SAT has cancelled them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import allocate_ids, among, db, is_postgresql, write_rows
from core.jobs import enqueue
from core.scope import current_company
from modules.accounting.models import Allocation, Invoice, Payment, PaymentMedium
from modules.accounting.totals import ZERO
from modules.einvoice.models import Document
from modules.einvoice.preview import ERROR
from modules.einvoice_mx import access, receipt_cases, schema, stamping
from modules.einvoice_mx.bridge import told
from modules.einvoice_mx.mapping import map_document
from modules.einvoice_mx.models import PaidPart, PaymentReceipt
from modules.einvoice_mx.receipt_cases import Paid

PAPER = "receipt"
STAMP = "modules.einvoice_mx.jobs.stamp_papers"
LIVE = ("pending", "sending", "authorized")
# payments whose receipts are made in one transaction
CHUNK = 500
Pair = tuple[int, int]


def of_invoices(invoice_ids: Iterable[int]) -> list[int]:
    """The payments that pay these invoices."""
    return list(db.session.scalars(sa.select(Allocation.payment_id).where(
        among(Allocation.invoice_id, invoice_ids), Allocation.payment_id.is_not(None)).distinct()))


def open_receipts(payment_ids: Iterable[int]) -> list[int]:
    """Make the receipts that are due of these payments, and have them stamped; their ids. Repeatable.

    A handful of statements for a chunk of payments, whatever its size.
    """
    wanted, made = sorted(set(payment_ids)), list[int]()
    for start in range(0, len(wanted), CHUNK):
        made += _open(wanted[start:start + CHUNK])
    if made:
        enqueue(STAMP, key=f"einvoice_mx.stamp:{PAPER}:{made[-1]}", paper=PAPER, environment=access.environment())
    return made


def _open(payment_ids: Sequence[int]) -> list[int]:
    payments = {row.id: row for row in db.session.scalars(sa.select(Payment).where(
        among(Payment.id, payment_ids), Payment.state == "recorded"))}
    _hold_invoices(list(payments))
    groups: dict[tuple[int, str], list[Paid]] = {}
    for one in _due(list(payments)):
        groups.setdefault((one.payment_id, one.receiver), []).append(one)
    return _write(payments, list(groups.values())) if groups else []


def _hold_invoices(payment_ids: Sequence[int]) -> None:
    """One at a time on the same invoices: what was due before is counted from what stands."""
    if not is_postgresql():
        return
    db.session.execute(sa.select(Invoice.id).where(Invoice.id.in_(sa.select(Allocation.invoice_id).where(
        among(Allocation.payment_id, payment_ids)))).order_by(Invoice.id).with_for_update()).all()


# --- what is due -----------------------------------------------------------------------------------------


def _due(payment_ids: Sequence[int]) -> list[Paid]:
    """What these payments pay of stamped PPD invoices beyond what stands on receipts, in order of payment."""
    open_pairs = _uncovered(payment_ids)
    covered, busy = _covered(payment_ids), _being_cancelled([pair[1] for pair in open_pairs])
    left = {pair: (allocation, net - covered.get(pair, ZERO)) for pair, (allocation, net) in open_pairs.items()
            if net > covered.get(pair, ZERO) and pair[1] not in busy}
    documents = _documents({pair[1] for pair in left})
    invoice_ids = sorted(documents)
    count, paid = _standing(invoice_ids)
    due = {key: row.total - paid.get(key, ZERO) - credit for key, (row, credit) in documents.items()}
    found = []
    for (payment_id, invoice_id), (allocation_id, amount) in sorted(left.items()):
        if invoice_id not in documents:
            continue
        count[invoice_id] = count.get(invoice_id, 0) + 1
        document = documents[invoice_id][0].Document
        root = schema.parse(str(document.request["xml"]).encode())
        found.append(Paid(payment_id, allocation_id, document, root, count[invoice_id], due[invoice_id], amount))
        due[invoice_id] -= amount
    return found


def _uncovered(payment_ids: Sequence[int]) -> dict[Pair, tuple[int, Decimal]]:
    """(payment, invoice): its newest allocation that is on no receipt, and what the payment pays of it in all."""
    bare = sa.func.max(sa.case((sa.and_(Allocation.amount > 0, PaidPart.id.is_(None)), Allocation.id)))
    rows = db.session.execute(
        sa.select(Allocation.payment_id, Allocation.invoice_id, bare, sa.func.sum(Allocation.amount))
        .outerjoin(PaidPart, PaidPart.allocation_id == Allocation.id)
        .where(among(Allocation.payment_id, payment_ids))
        .group_by(Allocation.payment_id, Allocation.invoice_id).having(bare.is_not(None)))
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def _covered(payment_ids: Sequence[int]) -> dict[Pair, Decimal]:
    """What receipts say that these payments pay, those refused included, for they are made again."""
    rows = db.session.execute(
        sa.select(PaymentReceipt.payment_id, PaidPart.invoice_id, sa.func.sum(PaidPart.paid))
        .join(PaidPart, PaidPart.receipt_id == PaymentReceipt.id)
        .where(among(PaymentReceipt.payment_id, payment_ids), PaymentReceipt.state != "cancelled")
        .group_by(PaymentReceipt.payment_id, PaidPart.invoice_id))
    return {(row[0], row[1]): row[2] for row in rows}


def _being_cancelled(invoice_ids: Iterable[int]) -> set[int]:
    """Invoices of which a receipt is being cancelled: what follows is receipted once the SAT has decided."""
    return set(db.session.scalars(
        sa.select(PaidPart.invoice_id).join(PaymentReceipt).where(
            among(PaidPart.invoice_id, sorted(set(invoice_ids))), PaymentReceipt.state == "cancelling")))


def _documents(invoice_ids: Iterable[int]) -> dict[int, tuple[Any, Decimal]]:
    """The stamped PPD invoices among these: (row of Document and total, what credit notes took off)."""
    credited = (sa.select(Allocation.invoice_id, sa.func.sum(Allocation.amount).label("amount"))
                .where(among(Allocation.invoice_id, sorted(invoice_ids)), Allocation.credit_note_id.is_not(None))
                .group_by(Allocation.invoice_id).subquery())
    rows = db.session.execute(
        sa.select(Document, Invoice.total, credited.c.amount).join(Invoice, Invoice.id == Document.invoice_id)
        .outerjoin(credited, credited.c.invoice_id == Invoice.id)
        .where(among(Document.invoice_id, sorted(invoice_ids)), Document.state == "authorized",
               Document.country == "MX", Document.environment == access.environment(), Invoice.kind != "credit_note"))
    return {row.Document.invoice_id: (row, row.amount or ZERO) for row in rows
            if receipt_cases.is_paid_later(str(row.Document.request["xml"]))}


def _standing(invoice_ids: Sequence[int]) -> tuple[dict[int, int], dict[int, Decimal]]:
    """How many receipts stand of each invoice, and what they say was paid."""
    rows = db.session.execute(
        sa.select(PaidPart.invoice_id, sa.func.count(), sa.func.sum(PaidPart.paid)).join(PaymentReceipt)
        .where(among(PaidPart.invoice_id, invoice_ids), PaymentReceipt.state.in_(LIVE))
        .group_by(PaidPart.invoice_id)).all()
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


# --- writing ---------------------------------------------------------------------------------------------


def _write(payments: Mapping[int, Payment], groups: Sequence[Sequence[Paid]]) -> list[int]:
    company, profile, environment = current_company(), access.profile(), access.environment()
    media = _media(sorted({group[0].payment_id for group in groups}))
    numbers = stamping.take_numbers(PaymentReceipt, environment, profile.payment_series, "P", len(groups))
    ids = allocate_ids(PaymentReceipt.__table__, len(groups))
    rows, parts = [], []
    for key, number, group in zip(ids, numbers, groups, strict=True):
        payment = payments[group[0].payment_id]
        mapped = map_document(receipt_cases.case(company, payment, media.get(payment.id, []), group, number,
                                                 profile.payment_series))
        problems = [told(one) for one in mapped.problems if one.severity == ERROR]
        rows.append({
            "id": key, "company_id": company.id, "payment_id": payment.id, "environment": environment,
            "state": "rejected" if problems else "pending", "series": profile.payment_series, "number": number,
            "uuid": "", "xml": schema.text(mapped.document), "stamped_xml": "", "problems": problems, "attempts": 0,
            "cancel_code": "", "cancel_text": "", "cancel_sent": False, "created_at": clock.now()})
        parts += [{"receipt_id": key, "allocation_id": one.allocation_id, "invoice_id": one.document.invoice_id,
                   "instalment": one.instalment, "before": one.before, "paid": one.amount} for one in group]
    write_rows(PaymentReceipt.__table__, rows)
    write_rows(PaidPart.__table__, parts)
    return ids


def _media(payment_ids: Sequence[int]) -> dict[int, list[PaymentMedium]]:
    found: dict[int, list[PaymentMedium]] = {}
    for row in db.session.scalars(sa.select(PaymentMedium).where(among(PaymentMedium.payment_id, payment_ids))):
        found.setdefault(row.payment_id, []).append(row)
    return found
