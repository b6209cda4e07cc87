"""The list of cuts: who is or was without service for debt, since when, by which rule, and what ended it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.i18n import lazy, ngettext
from core.lists import Choice, Choices, Column, Dates, Empty, List, Relation, Text, register
from modules.arrears import wording
from modules.arrears.models import Cut
from modules.contracts.models import Contract
from modules.crm import finding
from modules.crm import queries as crm
from modules.crm.models import Customer

STATES = {"open": Cut.ended_at.is_(None), "over": Cut.ended_at.is_not(None)}
STATE_WORDS = {"open": lazy("without service"), "over": lazy("over")}
ENDS = {"": lazy("still without service"), **wording.ENDED}


def _matches(text: str) -> Any:
    typed = text.strip()
    return sa.or_(Cut.contract_id.in_(sa.select(Contract.id).where(Contract.number == typed)),
                  Cut.customer_id.in_(sa.select(Customer.id).where(crm.matches(typed))))


def _in_zones(codes: list[int]) -> Any:
    return Cut.customer_id.in_(sa.select(Customer.id).where(Customer.zone_id.in_(codes)))


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
        Text("q", lazy("Contract or customer"), _matches),
        Choice("state", lazy("State"), STATES, STATE_WORDS, chips=True),
        Choice("ended_by", lazy("How it ended"), Cut.ended_by, wording.ENDED),
        Choices("zone", lazy("Zone"), _in_zones, lambda: {one.id: one.name for one in crm.zones(False)}),
        Relation("customer", lazy("Customer"), Cut.customer_id, search=finding.choices, labels=finding.named),
        Dates("at", lazy("Cut on"), Cut.at),
        Dates("ended", lazy("Restored on"), Cut.ended_at),
    ),
    link=lambda row: url_for("arrears.why", contract_id=row.contract_id), sort="-at",
    count=lambda count: ngettext("%(num)s cut", "%(num)s cuts", count),
    empty=Empty(lazy("Nobody was cut"), lazy("A service that is cut for debt stands here, with what ended it."),
                "pause", lambda: (lazy("Cut-offs"), url_for("arrears.batch_list")))))
