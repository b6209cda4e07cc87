"""The lists of the network: routers, connections, what was written."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import clock
from core.db import db, find
from core.errors import DomainError
from core.i18n import _, lazy, ngettext
from core.lists import Action, Choice, Choices, Column, Dates, Empty, Line, List, Relation, Text, badge, register
from core.templating import duration
from modules.contracts.models import Contract
from modules.crm import finding
from modules.crm import queries as crm
from modules.crm.models import Customer
from modules.networking import queries, services, words
from modules.networking.models import Change, Connection, Node, Router


def routers() -> dict[int, str]:
    """The routers to choose from."""
    return {row.id: row.name for row in db.session.execute(sa.select(Router.id, Router.name).order_by(Router.name))}


def nodes() -> dict[int, str]:
    """The nodes to choose from."""
    return {row.id: row.name for row in db.session.execute(sa.select(Node.id, Node.name).order_by(Node.name))}


def _age(since: Any) -> str:
    return duration((clock.now() - since).total_seconds()) if since else ""


def _count(*conditions: Any) -> Any:
    return sa.select(sa.func.count()).select_from(Connection).where(
        Connection.router_id == Router.id, *conditions).correlate(Router).scalar_subquery()


LINKED, WAITING = _count(), _count(Connection.waits_since.is_not(None))
DIFFERENT = _count(Connection.difference != "")
ROUTERS = register(List(
    "networking.routers", lazy("Routers"), Router, "networking.view_network",
    related=lambda statement: statement.outerjoin(Node, Node.id == Router.node_id),
    columns=(
        Column("name", lazy("Router"), Router.name, lead=True, sort=True),
        Column("node", lazy("Node"), Node.name),
        Column("state", lazy("State"), Router.state, words=words.STANDINGS),
        Column("version", lazy("Version"), Router.version),
        Column("linked", lazy("Linked"), LINKED, kind="number"),
        Column("waiting", lazy("Waiting"), WAITING, kind="number"),
        Column("different", lazy("Differences"), DIFFERENT, kind="number"),
        Column("seen", lazy("Read last"), Router.seen_at),
        Column("trouble", lazy("Trouble"), Router.trouble, css="long"),
        Column("board", lazy("Model"), Router.board, default=False),
        Column("serial", lazy("Serial number"), Router.serial, default=False),
    ),
    filters=(
        Text("q", lazy("Name, address or serial number"), lambda text: sa.or_(
            Router.name.like(f"%{text.strip()}%"), Router.host == text.strip(), Router.serial == text.strip())),
        Choice("state", lazy("State"), Router.state, {key: one[0] for key, one in words.STANDINGS.items()}, chips=True),
        Choices("node", lazy("Node"), Router.node_id, nodes),
    ),
    link=lambda row: url_for("networking.router", router_id=row.id), sort="name",
    count=lambda count: ngettext("%(num)s router", "%(num)s routers", count),
    empty=Empty(lazy("No router yet"), lazy("Add a router with its address and user, and test it: nothing is changed "
                                            "before you have seen what would be."), "network",
                lambda: (_("New router"), url_for("networking.new_router"))),
    template="networking/routers.html"))


def _matches(text: str) -> Any:
    typed = text.strip()
    return sa.or_(Connection.key == typed, Connection.address == typed, Connection.contract_id.in_(
        sa.select(Contract.id).where(sa.or_(Contract.number == typed, Contract.customer_id.in_(
            sa.select(Customer.id).where(crm.matches(typed)))))))


def _difference(line: Line) -> Any:
    row = line.row
    return badge((words.DIFFERENCES.get(row.difference, row.difference), "bad")) if row.difference else ""


def _tick(row_id: int, _values: Any) -> None:
    row = find(Connection, row_id)
    if row.router.driver != "manual":
        raise DomainError(_("Only what is done by hand is ticked off; this router is read."))
    services.tick(row)


def _page_of(row: Connection) -> str:
    """Its contract's; a place that nobody hangs on any more is its router's."""
    if row.contract_id is None:
        return url_for("networking.router", router_id=row.router_id)
    return url_for("contracts.contract", contract_id=row.contract_id)


WHICH = {"still_cut": lazy("should be on and are cut"), "still_on": lazy("should be cut and are on"),
         "waiting": lazy("wait"), "different": lazy("differ"), "hand": lazy("to do by hand")}
CONNECTIONS = register(List(
    "networking.connections", lazy("Connections"), Connection, "networking.view_network",
    related=lambda statement: statement.outerjoin(Contract, Contract.id == Connection.contract_id)
    .outerjoin(Customer, Customer.id == Contract.customer_id).join(Router, Router.id == Connection.router_id),
    columns=(
        Column("key", lazy("On the router"), Connection.key, lead=True, sort=True),
        Column("contract", lazy("Contract"), Contract.number),
        Column("customer", lazy("Customer"), Customer.name),
        Column("router", lazy("Router"), Router.name),
        Column("desired", lazy("Should be"), Connection.desired, words=words.STATES),
        Column("cause", lazy("Because"), Connection.cause, words=words.CAUSES),
        Column("applied", lazy("Is"), Connection.applied, words=words.APPLIED),
        Column("difference", lazy("In the way"), Connection.difference, words=words.DIFFERENCES, show=_difference),
        Column("waits", lazy("Waits"), lambda row: _age(row.waits_since)),
        Column("address", lazy("Address"), Connection.address, default=False),
        Column("applied_at", lazy("As it should be since"), Connection.applied_at, default=False),
    ),
    filters=(
        Text("q", lazy("Contract, customer, name or address"), _matches),
        Choice("which", lazy("Which"), lambda which: {
            "still_cut": queries.still_cut, "still_on": queries.still_on,
            "waiting": lambda: Connection.waits_since.is_not(None), "different": lambda: Connection.difference != "",
            "hand": lambda: sa.and_(Connection.waits_since.is_not(None), Connection.router_id.in_(
                sa.select(Router.id).where(Router.driver == "manual")))}[which](), WHICH, chips=True),
        Choices("router", lazy("Router"), Connection.router_id, routers),
        Choice("desired", lazy("Should be"), Connection.desired, {key: one[0] for key, one in words.STATES.items()}),
    ),
    actions=(Action("tick", lazy("Tick off as done"), "networking.work_routers", each=_tick),),
    link=_page_of, sort="key",
    count=lambda count: ngettext("%(num)s connection", "%(num)s connections", count),
    empty=Empty(lazy("No connections yet"), lazy("Link contracts with what is on your routers: open a router, and "
                                                 "import."), "network",
                lambda: (_("Routers"), url_for("networking.routers")))))

CHANGES = register(List(
    "networking.changes", lazy("What was written onto routers"), Change, "networking.view_network",
    related=lambda statement: statement.join(Router, Router.id == Change.router_id).outerjoin(
        Contract, Contract.id == Change.contract_id).outerjoin(Customer, Customer.id == Contract.customer_id),
    columns=(
        Column("at", lazy("When"), Change.at, sort=True, lead=True),
        Column("router", lazy("Router"), Router.name),
        Column("contract", lazy("Contract"), Contract.number),
        Column("customer", lazy("Customer"), Customer.name),
        Column("action", lazy("What"), Change.action, words=words.ACTIONS),
        Column("cause", lazy("Because"), Change.cause, words=words.CAUSES),
        Column("words", lazy("Words to the router"), Change.words, css="long"),
        Column("state", lazy("State"), Change.state, words=words.CHANGE_STATES),
        Column("answer", lazy("Answer"), Change.answer),
    ),
    filters=(
        Choice("state", lazy("State"), Change.state, {key: one[0] for key, one in words.CHANGE_STATES.items()},
               chips=True),
        Choice("action", lazy("What"), Change.action, words.ACTIONS),
        Choices("router", lazy("Router"), Change.router_id, routers),
        Dates("at", lazy("When"), Change.at),
        Relation("customer", lazy("Customer"), Contract.customer_id, search=finding.choices, labels=finding.named),
    ),
    link=lambda row: url_for("networking.router", router_id=row.router_id), sort="-at",
    count=lambda count: ngettext("%(num)s change", "%(num)s changes", count),
    empty=Empty(lazy("Nothing was written yet"), lazy("Every command to a router stands here, with what it answered."),
                "network")))
