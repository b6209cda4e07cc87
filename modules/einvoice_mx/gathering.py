"""Global invoices: made of the sales to the general public whose days have ended, set-wise, and had stamped.

A sale is in one global invoice only: it is taken in the transaction that writes the invoice, while it is locked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import among, db, is_postgresql, lock
from core.errors import DomainError
from core.i18n import _
from core.jobs import enqueue
from core.scope import current_company
from modules.accounting.models import Allocation, Invoice, InvoiceTax, PaymentMedium
from modules.accounting.models.payments import WITHHOLDING
from modules.accounting.totals import ZERO
from modules.crm.models import Customer
from modules.einvoice.preview import ERROR
from modules.einvoice_mx import access, bridge, global_cases, schema, stamping
from modules.einvoice_mx.catalogs import FORMS
from modules.einvoice_mx.global_cases import Sale, Wanted
from modules.einvoice_mx.mapping import map_document
from modules.einvoice_mx.models import FiscalProfile, GlobalInvoice, PublicSale
from modules.einvoice_mx.receipt_cases import OTHER

PAPER = "global"
MAKE = "modules.einvoice_mx.jobs.make_globals"
STAMP = "modules.einvoice_mx.jobs.stamp_papers"
# credit notes that a sale's line is less by: those that are no document of their own
_Note: Any = sa.orm.aliased(Invoice)


def due(before: dt.date | None = None) -> Any:
    """(id, period, first_day, last_day) of the sales that wait for their global invoice and whose days have ended,
    in the order in which they are gathered."""
    return (sa.select(PublicSale.id, PublicSale.period, PublicSale.first_day, PublicSale.last_day)
            .where(*_free(), PublicSale.last_day < (before or clock.today()))
            .order_by(PublicSale.last_day, PublicSale.period, PublicSale.id))


def _free() -> tuple[Any, ...]:
    return (PublicSale.environment == access.environment(), PublicSale.global_id.is_(None),
            PublicSale.asked_at.is_(None), stands())


def stands() -> Any:
    """Whether something is left of a sale: not annulled, not taken back whole."""
    taken_back = (sa.select(sa.func.sum(_Note.total)).where(
        _Note.original_id == PublicSale.invoice_id, _Note.kind == "credit_note", _Note.state == "issued",
        _Note.legal_state == "not_required").correlate(PublicSale).scalar_subquery())
    return sa.exists().where(
        Invoice.id == PublicSale.invoice_id, Invoice.state == "issued", Invoice.legal_state == "not_required",
        Invoice.total > sa.func.coalesce(taken_back, 0)).correlate(PublicSale)


def make_next(before: dt.date | None = None) -> GlobalInvoice | None:
    """Make one global invoice of what is due, of the oldest days first, and have it stamped; None where nothing is.

    A handful of statements whatever the number of its sales, which the fiscal profile limits.
    """
    profile = access.profile()
    first = db.session.execute(due(before).limit(1)).one_or_none()
    if first is None:
        return None
    _one_at_a_time(profile)
    wanted = due(before).where(PublicSale.period == first.period, PublicSale.last_day == first.last_day)
    ids = [row.id for row in db.session.execute(wanted.limit(profile.global_size))]
    _hold(ids)
    # once more: what was annulled or asked for while we waited
    ids = [row.id for row in db.session.execute(wanted.where(among(PublicSale.id, ids)))]
    return _write(profile, ids, first.period, first.first_day, first.last_day) if ids else None


def is_due() -> bool:
    """Whether a sale waits whose days have ended."""
    return db.session.execute(due().limit(1)).first() is not None


def ask_for_all() -> None:
    """Have all that is due made, by a job."""
    enqueue(MAKE, key=f"einvoice_mx.make:{clock.now().timestamp()}")


@dataclass(frozen=True)
class Waiting:
    """Sales that wait for a global invoice: how many of which days, and what they come to."""

    period: str
    first_day: dt.date
    last_day: dt.date
    count: int
    total: Decimal

    @property
    def is_due(self) -> bool:
        return self.last_day < clock.today()


def waiting() -> list[Waiting]:
    """What waits, by days, the oldest first; totals as the sales were issued."""
    rows = db.session.execute(
        sa.select(PublicSale.period, PublicSale.first_day, PublicSale.last_day, sa.func.count(),
                  sa.func.sum(Invoice.total)).join(Invoice, Invoice.id == PublicSale.invoice_id).where(*_free())
        .group_by(PublicSale.period, PublicSale.first_day, PublicSale.last_day)
        .order_by(PublicSale.last_day, PublicSale.period))
    return [Waiting(*row) for row in rows]


def sold(row: GlobalInvoice, limit: int) -> list[Any]:
    """(sale, invoice, customer's name) of the first sales that are in a global invoice now."""
    return list(db.session.execute(
        sa.select(PublicSale, Invoice, Customer.name).join(Invoice, Invoice.id == PublicSale.invoice_id)
        .join(Customer, Customer.id == Invoice.customer_id).where(PublicSale.global_id == row.id)
        .order_by(PublicSale.id).limit(limit)))


def replace(old: GlobalInvoice) -> GlobalInvoice:
    """Make the global invoice that takes the place of a stamped one: its sales, relation 04."""
    ids = list(db.session.scalars(sa.select(PublicSale.id).where(PublicSale.global_id == old.id)
                                  .order_by(PublicSale.id)))
    _hold(ids)
    return _write(access.profile(), ids, old.period, old.first_day, old.last_day, old)


def _one_at_a_time(profile: FiscalProfile) -> None:
    """Whoever gathers for the company waits for the one before."""
    db.session.execute(lock(sa.select(FiscalProfile.id).where(FiscalProfile.id == profile.id))).all()


def _hold(ids: Sequence[int]) -> None:
    """Nobody annuls, credits or takes out these sales until the transaction ends."""
    statement = sa.select(PublicSale.id).where(among(PublicSale.id, ids)).order_by(PublicSale.id)
    if is_postgresql():
        db.session.execute(statement.with_for_update()).all()


# --- what sales say --------------------------------------------------------------------------------------


def sales_of(ids: Sequence[int]) -> list[Sale]:
    """These sales less what credit notes took back, in order of their ids."""
    rows = db.session.execute(
        sa.select(PublicSale.id, Invoice.id.label("invoice_id"), Invoice.kind, Invoice.legal_number, Invoice.total,
                  Invoice.exempt)
        .join(Invoice, Invoice.id == PublicSale.invoice_id).where(among(PublicSale.id, ids)).order_by(PublicSale.id))
    found = {row.invoice_id: Sale(row.id, row.invoice_id, row.kind, row.legal_number, row.total, row.exempt)
             for row in rows}
    _add_taxes(found, Invoice.id, 1)
    notes = db.session.execute(
        sa.select(Invoice.original_id, sa.func.sum(Invoice.total), sa.func.sum(Invoice.exempt))
        .where(*_counted(found)).group_by(Invoice.original_id)).all()
    for original_id, total, exempt in notes:
        found[original_id].total -= total
        found[original_id].exempt -= exempt
    if notes:
        _add_taxes(found, Invoice.original_id, -1)
    return list(found.values())


def _counted(found: Mapping[int, Sale]) -> tuple[Any, ...]:
    return (among(Invoice.original_id, list(found)), Invoice.kind == "credit_note", Invoice.state == "issued",
            Invoice.legal_state == "not_required")


def _add_taxes(found: Mapping[int, Sale], key: Any, sign: int) -> None:
    """The taxes of the sales themselves, or of their credit notes, with this sign."""
    chosen = (among(Invoice.id, list(found)),) if sign > 0 else _counted(found)
    rows = db.session.execute(
        sa.select(key, InvoiceTax.code, InvoiceTax.rate, sa.func.sum(InvoiceTax.base), sa.func.sum(InvoiceTax.amount))
        .join(InvoiceTax, InvoiceTax.invoice_id == Invoice.id)
        .where(*chosen, InvoiceTax.rate.is_not(None), sa.not_(InvoiceTax.withheld))
        .group_by(key, InvoiceTax.code, InvoiceTax.rate))
    for invoice_id, code, rate, base, amount in rows:
        taxes = found[invoice_id].taxes
        before = taxes.get((code, rate), (ZERO, ZERO))
        taxes[code, rate] = (before[0] + sign * base, before[1] + sign * amount)


def form_of(invoice_ids: Sequence[int], usual: str) -> str:
    """FormaPago: of the most money that paid these sales; the company's usual one where nothing did yet."""
    payments = sa.select(Allocation.payment_id).where(among(Allocation.invoice_id, invoice_ids),
                                                      Allocation.payment_id.is_not(None))
    amount = sa.func.sum(PaymentMedium.amount)
    row = db.session.execute(
        sa.select(PaymentMedium.method, amount).where(
            PaymentMedium.payment_id.in_(payments), PaymentMedium.method != WITHHOLDING)
        .group_by(PaymentMedium.method).order_by(amount.desc(), PaymentMedium.method).limit(1)).first()
    return FORMS.get(row.method, OTHER) if row else usual


# --- writing ---------------------------------------------------------------------------------------------


def _write(profile: FiscalProfile, ids: Sequence[int], period: str, first_day: dt.date, last_day: dt.date,
           old: GlobalInvoice | None = None) -> GlobalInvoice:
    """Build it, write it, take its sales, and have it stamped."""
    if profile.global_series in (profile.series, profile.credit_series, profile.payment_series):
        raise DomainError(_("To make global invoices you must give them a series of their own in the fiscal profile, "
                            "not %(series)s.", series=profile.global_series))
    environment, sales = access.environment(), sales_of(ids)
    (number,) = stamping.take_numbers(GlobalInvoice, environment, profile.global_series, "I", 1)
    replaces = global_cases.reference(old.series, old.number, old.created_at.date(), old.uuid) if old else None
    wanted = Wanted(period, last_day, profile.global_series, number, environment,
                    form_of([sale.invoice_id for sale in sales], profile.form), replaces)
    total, xml, problems = _mapped(profile, wanted, sales)
    row = GlobalInvoice(
        environment=environment, state="rejected" if problems else "pending", series=profile.global_series,
        number=number, xml=xml, problems=problems, period=period, first_day=first_day, last_day=last_day,
        sales=len(sales), total=total, replaces_id=old.id if old else None)
    db.session.add(row)
    db.session.flush()
    db.session.execute(sa.update(PublicSale).where(among(PublicSale.id, ids)).values(global_id=row.id)
                       .execution_options(synchronize_session=False))
    enqueue(STAMP, key=f"einvoice_mx.stamp:{PAPER}:{row.id}", paper=PAPER, environment=environment)
    return row


def _mapped(profile: FiscalProfile, wanted: Wanted, sales: Sequence[Sale]) -> tuple[Decimal, str, list[dict[str, str]]]:
    """(total, XML, what the SAT would refuse)."""
    company = current_company()
    made = global_cases.case(company, bridge.issuer_extra(profile, company.timezone), wanted, sales)
    mapped = map_document(made, sums=global_cases.sums_of(sales))
    problems = [bridge.told(one) for one in mapped.problems if one.severity == ERROR]
    total = sum((sale.total for sale in sales), ZERO)
    if not problems and Decimal(mapped.total) != total:
        problems = [{"code": "amounts_differ", "field": "", "message": _(
            "Sending is not possible because the request would say %(theirs)s and the invoice says %(ours)s.",
            theirs=mapped.total, ours=f"{total:.2f}")}]
    return total, schema.text(mapped.document), problems
