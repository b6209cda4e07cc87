"""Selects on routers and connections that more than one place needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.db import among, db
from core.models import Company
from modules.contracts.models import Contract
from modules.networking import words
from modules.networking.models import Connection, Node, Router

# what takes longer than this is no longer "on its way"
ALARM = dt.timedelta(minutes=15)
# how long an address that somebody was connected with is taken for his: pools give it to others
SURE = dt.timedelta(hours=2)


def waits_too_long(state: str) -> sa.ColumnElement[bool]:
    """Connections that should be in this state, or be served no more, and wait for it for a while."""
    before = clock.now() - ALARM
    return sa.and_(Connection.desired == state if state == words.ON else Connection.desired != words.ON,
                   Connection.waits_since < before)


def still_cut() -> sa.ColumnElement[bool]:
    """Paid, or restored by somebody, and still cut: what the router stores, or the session that goes on."""
    read = sa.and_(Connection.applied != words.ON, sa.or_(Connection.applied != "", Connection.difference != ""))
    return sa.and_(waits_too_long(words.ON), sa.or_(read, Connection.difference == "still_cut"))


def still_on() -> sa.ColumnElement[bool]:
    """Cut, or ended, and still on: what the router stores, or the session that goes on."""
    return sa.and_(waits_too_long(words.CUT),
                   sa.or_(Connection.applied == words.ON, Connection.difference == "still_on"))


def routers() -> Sequence[Any]:
    """(router, node's name, linked, waiting, oldest wait, different) of each router in use, by name: one select."""
    counted = (sa.select(
        Connection.router_id, sa.func.count().label("linked"), sa.func.count(Connection.waits_since).label("waiting"),
        sa.func.min(Connection.waits_since).label("oldest"),
        sa.func.sum(sa.case((Connection.difference != "", 1), else_=0)).label("different"))
        .group_by(Connection.router_id).subquery())
    return db.session.execute(
        sa.select(Router, Node.name.label("node"), sa.func.coalesce(counted.c.linked, 0).label("linked"),
                  sa.func.coalesce(counted.c.waiting, 0).label("waiting"), counted.c.oldest,
                  sa.func.coalesce(counted.c.different, 0).label("different"))
        .outerjoin(Node, Node.id == Router.node_id).outerjoin(counted, counted.c.router_id == Router.id)
        .order_by(Router.active.desc(), Router.name, Router.id)).all()


def connection_of(contract_id: int) -> Connection | None:
    """Where a contract hangs."""
    return db.session.scalar(sa.select(Connection).where(Connection.contract_id == contract_id))


def connections_of(contract_ids: Sequence[int]) -> Sequence[Connection]:
    """Where these contracts hang, with their routers: one select."""
    return db.session.scalars(sa.select(Connection).where(Connection.contract_id.in_(contract_ids))
                              .options(joinedload(Connection.router))).all()


def nodes_of(contract_ids: Sequence[int]) -> Mapping[int, str]:
    """The node, else the router, by contract: one select."""
    rows = db.session.execute(
        sa.select(Connection.contract_id, Router.name, Node.name.label("node"))
        .join(Router, Router.id == Connection.router_id).outerjoin(Node, Node.id == Router.node_id)
        .where(among(Connection.contract_id, contract_ids)))
    return {row.contract_id: row.node or row.name for row in rows}


def is_cut_in_a_pool() -> sa.ColumnElement[bool]:
    """Cut by PPPoE, with an address of a pool: joined with its router. Its notice page needs to know it."""
    way = sa.case((Connection.method != "", Connection.method), else_=Router.method)
    return sa.and_(Connection.desired == words.CUT, Connection.address == "", way.startswith("pppoe"),
                   Router.state != "stopped")


def cut_at(address: str) -> Connection | None:
    """The cut connection that a source address belongs to; None where nobody or more than one has it.

    Who is connected with it comes before whom it was written down for on the same router; who is connected with
    another one has it no more.
    """
    way = sa.case((Connection.method != "", Connection.method), else_=Router.method)
    ways = (Connection.session_address == address, Connection.address == address,
            sa.and_(Connection.key == address, Connection.address == "", way == "address_list"))
    found = sa.union(*(sa.select(Connection.id).join(Router, Router.id == Connection.router_id).where(one)
                       for one in ways)).subquery()
    known = clock.now() - SURE
    rows = db.session.execute(
        sa.select(Connection, Contract.state, sa.case((Router.seen_at > known, Connection.session_address), else_="")
                  .label("now"))
        .join(Router, Router.id == Connection.router_id).join(found, found.c.id == Connection.id)
        .outerjoin(Contract, Contract.id == Connection.contract_id).where(sa.literal(address) != "")).all()
    connected = {row.Connection.router_id for row in rows if row.now == address}
    cut = [row.Connection for row in rows if row.state == "suspended" and (row.now == address or (
        row.now == "" and row.Connection.router_id not in connected and row.Connection.session_address != address))]
    return cut[0] if len(cut) == 1 else None


def trouble_counts(company: Company) -> sa.ColumnElement[str]:
    """An expression for the home page: "still cut/still on/routers that wait for a person or are away"."""
    def count(table: Any, *conditions: Any) -> Any:
        return sa.cast(sa.select(sa.func.count()).select_from(table).where(
            table.company_id == company.id, *conditions).scalar_subquery(), sa.String)

    before = clock.now() - ALARM
    return (count(Connection, still_cut()) + "/" + count(Connection, still_on()) + "/"
            + count(Router, Router.active, Router.state == "stopped") + "/"
            + count(Router, Router.active, Router.state == "away", Router.away_since < before))
