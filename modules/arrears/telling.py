"""What subscribers are told of what was done about their debt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa

from core.db import among, db
from core.i18n import format_amount, format_date, use_locale
from core.scope import current_company
from modules.accounting import documents, labels
from modules.accounting.models import Invoice
from modules.arrears import notices, wording
from modules.arrears.facts import Action
from modules.arrears.models import Promise, Proof
from modules.crm.models import Customer
from modules.notifications.services import Notice, notify, notify_many

OF_RULE = {"before_due": notices.REMINDER, "before_second_due": notices.REMINDER, "after_due": notices.OVERDUE,
           "after_second_due": notices.OVERDUE, "before_cut": notices.CUT_WARNING}
OF_ACTION = {"cut": notices.CUT, "restore": notices.RESTORED, "promise_broken": notices.PROMISE_BROKEN}


def tell(actions: Sequence[Action]) -> int:
    """Queue the notices of these actions, those without one left out; the same again queues nothing."""
    wanted = [(one, kind) for one in actions if (kind := _kind(one)) is not None]
    if not wanted:
        return 0
    invoices = {row.id: row for row in db.session.scalars(sa.select(Invoice).where(
        among(Invoice.id, {one.invoice_id for one, _kind_of in wanted if one.invoice_id})))}
    ways, languages = _ways(list(invoices.values())), _languages([one.customer_id for one, _kind_of in wanted])
    made = []
    for one, kind in wanted:
        with use_locale(languages[one.customer_id]):
            made.append(Notice(one.customer_id, kind.code, one.key, _context(one, invoices, ways)))
    return notify_many(made)


def _kind(one: Action) -> Any:
    return OF_RULE.get(one.rule) if one.action == "notice" else OF_ACTION.get(one.action)


def _ways(invoices: Sequence[Invoice]) -> dict[int, str]:
    return documents.ways_to_pay(invoices) if invoices else {}


def _languages(customer_ids: Sequence[int]) -> dict[int, str]:
    company = current_company()
    return {row.id: row.language or company.locale for row in db.session.execute(
        sa.select(Customer.id, Customer.language).where(among(Customer.id, set(customer_ids))))}


def _context(one: Action, invoices: Mapping[int, Invoice], ways: Mapping[int, str]) -> dict[str, str]:
    if one.action == "restore":
        return {"contract": one.number}
    invoice = invoices.get(one.invoice_id or 0)
    context = owed(one.amount, one.currency, invoice, ways.get(one.invoice_id or 0, ""))
    context["contract"] = one.number
    if one.rule == "before_cut":
        context["cut_date"] = format_date(cast(dt.date, one.data["day"]))
    elif one.action == "notice":
        context["due_date"] = format_date(cast(dt.date, one.data["day"]))
    if one.data.get("until"):
        context["until"] = wording.moment(cast(dt.datetime, one.data["until"]))
    return context


def owed(amount: Any, currency: str, invoice: Invoice | None, ways: str = "") -> dict[str, str]:
    """What is owed, as texts have it."""
    due = (invoice.due_date or invoice.issue_date) if invoice else None
    return {"amount": format_amount(amount, currency or current_company().currency), "ways_to_pay": ways,
            "document": labels.title_of(invoice) if invoice else "", "due_date": format_date(due) if due else ""}


def tell_promise(promise: Promise, invoice: Invoice | None) -> None:
    """That it was noted, and until when."""
    with use_locale(_languages([promise.customer_id])[promise.customer_id]):
        context = owed(promise.amount, promise.currency, invoice, _ways([invoice])[invoice.id] if invoice else "")
        context |= {"contract": promise.contract.number, "until": wording.moment(promise.until)}
        notify(promise.customer_id, notices.PROMISE_MADE.code, f"promise:{promise.id}", context)


def tell_refused(proof: Proof) -> None:
    """That the proof could not be accepted, and why."""
    notify(proof.customer_id, notices.PROOF_REFUSED.code, f"proof:{proof.id}", {"reason": proof.reason})
