"""Rules, and what spares somebody from them, in words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from core import clock
from core.i18n import _, format_amount, format_date, lazy
from core.scope import current_company
from modules.arrears.facts import Action, Decision, Spared

ACTIONS = {"notice": lazy("Notice"), "surcharge": lazy("Surcharge"), "cut": lazy("Service cut"),
           "restore": lazy("Service restored"), "promise_broken": lazy("Promise not kept")}
RULES = {
    "before_due": lazy("reminder before the due date"), "after_due": lazy("notice after the due date"),
    "before_second_due": lazy("reminder before the second due date"),
    "after_second_due": lazy("after the second due date"), "before_cut": lazy("warning before the cut"),
    "paid_late": lazy("paid after the due date"), "overdue": lazy("overdue for too long"),
    "promise_broken": lazy("promise not kept"), "proof_refused": lazy("proof of payment refused"),
    "promise_ran_out": lazy("the time of the promise is over"), "paid": lazy("the debt is paid"),
    "promise": lazy("promise of payment"), "proof": lazy("proof of payment that waits"),
    "undone": lazy("the cut-off was undone")}
SPARED = {
    "promise": lazy("promise of payment"), "proof": lazy("proof of payment that waits"),
    "moratorium": lazy("moratorium"), "after_moratorium": lazy("days after a moratorium"),
    "courtesy": lazy("courtesy"), "new_customer": lazy("new customer"), "minimum_debt": lazy("debt below the smallest"),
    "few_invoices": lazy("too few documents overdue"), "credit": lazy("covered by what is in favour"),
    "paid_elsewhere": lazy("paid in another way, not due yet"), "restored_by_hand": lazy("restored by hand"),
    "needs_approval": lazy("waits for approval"), "holiday": lazy("holiday"), "no_staff": lazy("day without staff"),
    "eve": lazy("day before a free one"), "hour": lazy("hour without cuts"),
    "refused": lazy("cannot be cut")}
ENDED = {"paid": lazy("paid"), "promise": lazy("promise of payment"), "proof": lazy("proof of payment"),
         "staff": lazy("by hand"), "undone": lazy("cut-off undone"), "ended": lazy("contract ended")}


def reason(one: Action) -> str:
    """Why this is done, in a part of a sentence."""
    data, document = one.data, one.label
    amount = format_amount(one.amount, one.currency) if one.currency else ""
    day = _day(data.get("day"))
    if one.action == "notice" and one.rule == "before_cut":
        return _("%(amount)s owed since %(document)s; cut on %(day)s", amount=amount, document=document, day=day)
    if one.action == "notice" and one.rule.startswith("before"):
        return _("%(document)s (%(amount)s) is due on %(day)s", document=document, amount=amount, day=day)
    if one.action == "notice":
        return _("%(document)s (%(amount)s) was due on %(day)s", document=document, amount=amount, day=day)
    if one.action == "surcharge":
        return _("%(amount)s on %(document)s, due on %(day)s", document=document, amount=amount, day=day)
    if one.action == "cut":
        return _("%(amount)s overdue, the oldest is %(document)s of %(day)s", amount=amount, document=document,
                 day=_day(data.get("due")))
    if one.data.get("until"):
        return _("It was until %(moment)s", moment=_day(data["until"]))
    return str(RULES.get(one.rule, one.rule))


def spared(one: Spared) -> str:
    """What spares somebody, in words."""
    title, data = str(SPARED.get(one.by, one.by)), one.data
    parts = [str(data["name"])] if data.get("name") else []
    if data.get("until"):
        parts.append(_("until %(moment)s", moment=_day(data["until"])))
    if one.by == "minimum_debt" and isinstance(data.get("least"), Decimal):
        parts.append(format_amount(data["least"], current_company().currency))  # type: ignore[arg-type]
    if one.by == "few_invoices":
        parts.append(_("%(count)s of %(least)s", count=data["count"], least=data["least"]))
    if one.by == "hour":
        parts.append(_("from %(first)s to %(last)s", first=f"{data['from']}:00", last=f"{data['to']}:00"))
    return f"{title} ({', '.join(parts)})" if parts else title


def not_cut(state: str, decision: Decision) -> str:
    """Why a contract that was to be cut is not, in words."""
    if decision.spared:
        return spared(decision.spared)
    if state == "suspended":
        return _("out of service already")
    return _("not due any more") if state == "active" else _("the contract has ended")


def moment(value: dt.datetime) -> str:
    """Day and hour in the company's zone, as people say it."""
    local = clock.local(value)
    return f"{format_date(local.date())} {local:%H:%M}"


def _day(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return moment(value)
    return format_date(value) if isinstance(value, dt.date) else ""
