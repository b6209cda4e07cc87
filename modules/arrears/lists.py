"""The lists of arrears: who is or was cut for debt, promises and proofs of payment, cut-offs by hand, moratoria."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import aliased

from core import clock
from core.db import find as find_row
from core.errors import DomainError
from core.i18n import _, lazy, ngettext
from core.lists import Action, Amounts, Choice, Choices, Column, Dates, Empty, List, Relation, Text, register
from core.models import User
from modules.accounting.payments import Medium
from modules.arrears import batches, moratoria, proofs, wording
from modules.arrears.models import Batch, BatchItem, Cut, Moratorium, Promise, Proof
from modules.contracts.models import Contract
from modules.crm import finding
from modules.crm import queries as crm
from modules.crm.models import Customer, Zone

# --- cuts ----------------------------------------------------------------------------------------------------

STATES = {"open": Cut.ended_at.is_(None), "over": Cut.ended_at.is_not(None)}
STATE_WORDS = {"open": lazy("without service"), "over": lazy("over")}
ENDS = {"": lazy("still without service"), **wording.ENDED}


def _of_people(customer_id: Any, condition: Any) -> Any:
    return customer_id.in_(sa.select(Customer.id).where(condition))


def _matches(entity: Any) -> Any:
    """By the number of the contract, or by what the customer is found by."""
    return lambda text: sa.or_(
        entity.contract_id.in_(sa.select(Contract.id).where(Contract.number == text.strip())),
        _of_people(entity.customer_id, crm.matches(text.strip())))


def _zones(customer_id: Any) -> Choices:
    return Choices("zone", lazy("Zone"), lambda codes: _of_people(customer_id, Customer.zone_id.in_(codes)),
                   lambda: {one.id: one.name for one in crm.zones(False)})


def _customers(customer_id: Any) -> Relation:
    return Relation("customer", lazy("Customer"), customer_id, search=finding.choices, labels=finding.named)


CUTS = register(List(
    "arrears.cuts", lazy("Services cut for debt"), Cut, "arrears.view_arrears",
    related=lambda statement: statement.join(Contract, Contract.id == Cut.contract_id).join(
        Customer, Customer.id == Cut.customer_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("contract", lazy("Contract"), Contract.number),
        Column("at", lazy("Cut on"), Cut.at, sort=True),
        Column("amount", lazy("Owed then"), Cut.amount, currency=Cut.currency, total=True),
        Column("rule", lazy("Rule"), Cut.rule, words=wording.RULES, default=False),
        Column("reason", lazy("Reason"), Cut.reason, css="long muted"),
        Column("ended_by", lazy("How it ended"), Cut.ended_by, words=ENDS),
        Column("ended", lazy("Restored on"), Cut.ended_at),
        Column("currency", lazy("Currency"), Cut.currency, default=False),
    ),
    filters=(
        Text("q", lazy("Contract or customer"), _matches(Cut)),
        Choice("state", lazy("State"), STATES, STATE_WORDS, chips=True),
        Choice("ended_by", lazy("How it ended"), Cut.ended_by, wording.ENDED),
        _zones(Cut.customer_id),
        _customers(Cut.customer_id),
        Dates("at", lazy("Cut on"), Cut.at),
        Dates("ended", lazy("Restored on"), Cut.ended_at),
    ),
    link=lambda row: url_for("arrears.why", contract_id=row.contract_id), sort="-at",
    count=lambda count: ngettext("%(num)s cut", "%(num)s cuts", count),
    empty=Empty(lazy("Nobody was cut"), lazy("A service that is cut for debt stands here, with what ended it."),
                "pause", lambda: (lazy("Cut-offs"), url_for("arrears.batch_list")))))


# --- promises --------------------------------------------------------------------------------------------------

CHANNELS = {"staff": lazy("from the office"), "pay_page": lazy("by his payment link"), "api": lazy("by a program"),
            "cut_page": lazy("on the page of who is cut")}
PROMISE_STATES = {"open": (lazy("promise open"), "info"), "kept": (lazy("kept"), "ok"),
                  "broken": (lazy("not kept"), "bad"), "withdrawn": (lazy("promise taken back"), "mute")}

PROMISES = register(List(
    "arrears.promises", lazy("Promises of payment"), Promise, "arrears.view_arrears",
    related=lambda statement: statement.join(Contract, Contract.id == Promise.contract_id).join(
        Customer, Customer.id == Promise.customer_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("contract", lazy("Contract"), Contract.number),
        Column("until", lazy("Until"), Promise.until, sort=True),
        Column("state", lazy("State"), Promise.state, words=PROMISE_STATES),
        Column("amount", lazy("Owed then"), Promise.amount, currency=Promise.currency, total=True),
        Column("made", lazy("Promised on"), Promise.made_at),
        Column("channel", lazy("How"), Promise.channel, words=CHANNELS, default=False),
        Column("ended", lazy("Over since"), Promise.ended_at, default=False),
        Column("currency", lazy("Currency"), Promise.currency, default=False),
    ),
    filters=(
        Text("q", lazy("Contract or customer"), _matches(Promise)),
        Choice("state", lazy("State"), Promise.state, {code: words for code, (words, _tone) in PROMISE_STATES.items()},
               chips=True, default="open"),
        _zones(Promise.customer_id),
        _customers(Promise.customer_id),
        Dates("until", lazy("Until"), Promise.until),
        Dates("made", lazy("Promised on"), Promise.made_at),
    ),
    link=lambda row: url_for("arrears.why", contract_id=row.contract_id), sort="until",
    count=lambda count: ngettext("%(num)s promise", "%(num)s promises", count),
    empty=Empty(lazy("No promise here"), lazy(
        "Promises are made from the page of a customer, and by subscribers from their payment link."), "check")))

# --- proofs ----------------------------------------------------------------------------------------------------

PROOF_STATES = {"waiting": (lazy("waits"), "warn"), "accepted": (lazy("accepted"), "ok"),
                "refused": (lazy("refused"), "bad")}


def accept_as_sent(proof_id: int, _values: Any) -> None:
    """Record what the sender wrote as a transfer; what was seen before, or says no amount, needs a look of its own."""
    row: Proof = find_row(Proof, proof_id)
    if row.amount is None or row.amount <= 0:
        raise DomainError(_("To accept this proof you must write the amount that it shows."))
    proofs.accept(row, Medium(row.amount, "transfer", None, row.operation), row.paid_on or clock.today())


PROOFS = register(List(
    "arrears.proofs", lazy("Proofs of payment"), Proof, "arrears.review_proofs",
    related=lambda statement: statement.join(Customer, Customer.id == Proof.customer_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("sent", lazy("Sent"), Proof.sent_at),
        Column("operation", lazy("Operation"), Proof.operation),
        Column("amount", lazy("Amount"), Proof.amount, total=True),
        Column("paid", lazy("Paid"), Proof.paid_on, default=False),
        Column("state", lazy("State"), Proof.state, words=PROOF_STATES),
        Column("keeps", lazy("Keeps the service until"), Proof.keeps_until),
        Column("channel", lazy("How"), Proof.channel, words=CHANNELS, default=False),
        Column("decided", lazy("Decided"), Proof.decided_at, default=False),
        Column("reason", lazy("Reason"), Proof.reason, css="long muted", default=False),
    ),
    filters=(
        Text("q", lazy("Operation or customer"), lambda text: sa.or_(
            Proof.operation_key == proofs.operation_key(text),
            _of_people(Proof.customer_id, crm.matches(text.strip())))),
        Choice("state", lazy("State"), Proof.state, {code: words for code, (words, _tone) in PROOF_STATES.items()},
               chips=True, default="waiting"),
        _zones(Proof.customer_id),
        _customers(Proof.customer_id),
        Dates("sent", lazy("Sent"), Proof.sent_at),
        Amounts("amount", lazy("Amount"), Proof.amount),
    ),
    actions=(Action("accept", lazy("Accept as they were sent"), "arrears.review_proofs", each=accept_as_sent,
                    only=sa.and_(Proof.state == "waiting", Proof.amount > 0), icon="check", chunk=50, warning=lazy(
                        "A transfer of the amount and day that the sender wrote is recorded for each. What was seen "
                        "before is left for a look of its own.")),),
    link=lambda row: url_for("arrears.proof", proof_id=row.id), sort="id",
    count=lambda count: ngettext("%(num)s proof of payment", "%(num)s proofs of payment", count),
    empty=Empty(lazy("No proof here"), lazy(
        "Subscribers send them from their payment link, and you from the page of the customer."), "check")))

# --- cut-offs --------------------------------------------------------------------------------------------------

BATCH_STATES = {"rehearsed": (lazy("rehearsed"), "info"), "running": (lazy("running"), "info"),
                "stopped": (lazy("stopped"), "warn"), "done": (lazy("done"), "ok"), "undone": (lazy("undone"), "mute")}


def _items(*conditions: Any) -> Any:
    """How many contracts of a cut-off are so."""
    return sa.select(sa.func.count(BatchItem.id)).where(BatchItem.batch_id == Batch.id, *conditions).scalar_subquery()


BATCHES = register(List(
    "arrears.batch_list", lazy("Cut-offs"), Batch, "arrears.cut_service",
    related=lambda statement: statement.outerjoin(User, User.id == Batch.created_by),
    columns=(
        Column("made", lazy("Rehearsed on"), Batch.created_at, lead=True),
        Column("state", lazy("State"), Batch.state, words=BATCH_STATES),
        Column("contracts", lazy("Contracts"), _items(BatchItem.stage > batches.SPARED)),
        Column("cut", lazy("Cut"), _items(BatchItem.state == "cut")),
        Column("spared", lazy("Spared"), lambda row: sum(row.spared.values()), kind="number"),
        Column("by", lazy("By"), User.name, default=False),
        Column("approved", lazy("Approved on"), Batch.approved_at, default=False),
        Column("finished", lazy("Over since"), Batch.finished_at, default=False),
        Column("although", lazy("Although cuts rest"), Batch.although, css="long muted", default=False),
    ),
    filters=(
        Choice("state", lazy("State"), Batch.state, {code: words for code, (words, _tone) in BATCH_STATES.items()},
               chips=True),
        Dates("made", lazy("Rehearsed on"), Batch.created_at),
    ),
    link=lambda row: url_for("arrears.batch", batch_id=row.id),
    crumbs=lambda: [(_("Arrears"), url_for("arrears.overview"))],
    count=lambda count: ngettext("%(num)s cut-off", "%(num)s cut-offs", count),
    empty=Empty(lazy("No cut-off yet"), lazy(
        "By the rules who owes is cut by himself; here you do it by hand, in stages, and can take it back."), "pause")))

# --- moratoria -------------------------------------------------------------------------------------------------

MORATORIUM_STATES = {"holds": (lazy("holds"), "info"), "over": (lazy("over"), "mute")}
Ender = aliased(User)


def _lasts(code: str) -> Any:
    """Asked anew each time: the day changes."""
    return moratoria.lasting() if code == "holds" else sa.not_(moratoria.lasting())


MORATORIA = register(List(
    "arrears.moratoria", lazy("Moratoria"), Moratorium, "arrears.edit_rules",
    related=lambda statement: statement.outerjoin(Zone, Zone.id == Moratorium.zone_id).outerjoin(
        User, User.id == Moratorium.created_by).outerjoin(Ender, Ender.id == Moratorium.ended_by),
    columns=(
        Column("reason", lazy("Why"), Moratorium.reason, lead=True),
        Column("zone", lazy("Zone"), sa.func.coalesce(Zone.name, ""), words={"": lazy("everywhere")}),
        Column("state", lazy("State"), lambda row: "holds" if moratoria.lasts(row) else "over",
               words=MORATORIUM_STATES),
        Column("first", lazy("From"), Moratorium.first_day),
        Column("last", lazy("Last day"), Moratorium.last_day),
        Column("ended", lazy("Switched off on"), Moratorium.ended_at),
        Column("ender", lazy("Switched off by"), Ender.name),
        Column("catch_up", lazy("Days to tell who is due"), Moratorium.catch_up_days, default=False),
        Column("by", lazy("Begun by"), User.name, default=False),
    ),
    filters=(
        Choice("state", lazy("State"), _lasts, {code: words for code, (words, _tone) in MORATORIUM_STATES.items()},
               chips=True),
        Choices("zone", lazy("Zone"), Moratorium.zone_id, lambda: {one.id: one.name for one in crm.zones(False)}),
        Dates("first", lazy("From"), Moratorium.first_day),
    ),
    crumbs=lambda: [(_("Arrears"), url_for("arrears.overview"))],
    count=lambda count: ngettext("%(num)s moratorium", "%(num)s moratoria", count),
    empty=Empty(lazy("No moratorium yet"), lazy(
        "After a flood or an order of the regulator nobody of a zone is cut until you say so."), "pause")))
