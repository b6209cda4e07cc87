"""Nodes, routers, the connections that hang on them, ranges of addresses, and what was written onto which router."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime, secret
from modules.contracts.models import Contract
from modules.networking.words import CHANGE_STATES, STANDINGS, STATES, TLS


def _one_of(column: str, known: Any) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(repr(one) for one in known)})", name=column)


class Node(CompanyScoped, Model):
    """A place where routers stand: a tower, a cabinet, a street."""

    __tablename__ = "networking_node"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    notes: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (sa.UniqueConstraint("company_id", "name"),)

    def __str__(self) -> str:
        return self.name


class Router(CompanyScoped, Model):
    """A machine that connections hang on. Nothing is written onto it before somebody armed it."""

    __tablename__ = "networking_router"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    node_id: Mapped[int | None] = mapped_column(sa.ForeignKey("networking_node.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    driver: Mapped[str] = mapped_column(sa.String(20), default="routeros")
    host: Mapped[str] = mapped_column(sa.String(200), default="")
    port: Mapped[int] = mapped_column(default=8729)
    username: Mapped[str] = mapped_column(sa.String(60), default="abona")
    password: Mapped[str | None] = secret()
    tls: Mapped[str] = mapped_column(sa.String(15), default="tls_pinned")
    # SHA-256 of the certificate at first contact; and of whom it must be signed, for tls_ca
    fingerprint: Mapped[str] = mapped_column(sa.String(64), default="")
    ca: Mapped[str] = mapped_column(sa.Text, default="")
    # bytes of comments that are no UTF-8
    encoding: Mapped[str] = mapped_column(sa.String(10), default="utf-8")
    # how who does not pay is cut here, and with which list, profile and speed
    method: Mapped[str] = mapped_column(sa.String(20), default="pppoe_profile")
    cut_list: Mapped[str] = mapped_column(sa.String(60), default="abona-cut")
    cut_profile: Mapped[str] = mapped_column(sa.String(60), default="abona-cut")
    cut_limit: Mapped[str] = mapped_column(sa.String(40), default="64k/64k")
    has_ipv6: Mapped[bool] = mapped_column(default=False)
    # the speed of plans is put onto the router too
    sets_speed: Mapped[bool] = mapped_column(default=False)
    # what the nightly check finds is put right, or only listed
    heals: Mapped[bool] = mapped_column(default=True)
    # what it said of itself when it was last asked; serial number and name must stay
    serial: Mapped[str] = mapped_column(sa.String(40), default="")
    identity: Mapped[str] = mapped_column(sa.String(100), default="")
    version: Mapped[str] = mapped_column(sa.String(40), default="")
    board: Mapped[str] = mapped_column(sa.String(60), default="")
    # new: never spoken to; ok; away: tried again later; stopped: waits for a person
    state: Mapped[str] = mapped_column(sa.String(10), default="new")
    # why, by a code of ours and in words
    trouble_code: Mapped[str] = mapped_column(sa.String(20), default="")
    trouble: Mapped[str] = mapped_column(sa.String(500), default="")
    # how often in a row it did not come to an end; since when it does not answer; when it is tried again
    failures: Mapped[int] = mapped_column(default=0)
    # how often in a row it answered and something was not as it should be afterwards
    retries: Mapped[int] = mapped_column(default=0)
    away_since: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    next_try_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    seen_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # somebody saw what would be changed and let it be changed
    armed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # in the key of its next job: everything that is asked before that begins is one job
    generation: Mapped[int] = mapped_column(default=1)
    # what bears our mark or is on our list and belongs to no connection: [{"menu", "name", "detail"}], and how many
    strays: Mapped[list[dict[str, str]]] = mapped_column(JSONText, default=list)
    stray_count: Mapped[int] = mapped_column(default=0)
    # when it was read last which addresses somebody has there
    addresses_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    node: Mapped[Node | None] = relationship()

    __table_args__ = (sa.UniqueConstraint("company_id", "name"), _one_of("tls", TLS), _one_of("state", STANDINGS),
                      sa.Index("ix_networking_router_list", "company_id", "name", "id"))

    def __str__(self) -> str:
        return self.name


class Connection(CompanyScoped, Model):
    """Where a contract hangs, what it should be there, and what it was when that was last read."""

    __tablename__ = "networking_connection"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # null: nobody's any more, until what was changed there is put right; then the row goes
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_contract.id"), unique=True)
    router_id: Mapped[int] = mapped_column(sa.ForeignKey("networking_router.id"))
    # "": the router's
    method: Mapped[str] = mapped_column(sa.String(20), default="")
    # by what it is found on the router: name of the secret, queue or user, address, MAC
    key: Mapped[str] = mapped_column(sa.String(120))
    # the address that a person may have had at last; the notice page finds him by it
    address: Mapped[str] = mapped_column(sa.String(60), default="")
    address6: Mapped[str] = mapped_column(sa.String(60), default="")
    # the one that he had when the router was read last, "" where he was not connected
    session_address: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    # what stood on the router before we wrote there first
    former: Mapped[dict[str, str]] = mapped_column(JSONText, default=dict)
    # on, cut, gone: what it should be, why, and what was proved by reading ("": nothing yet)
    desired: Mapped[str] = mapped_column(sa.String(5), default="on")
    cause: Mapped[str] = mapped_column(sa.String(60), default="")
    applied: Mapped[str] = mapped_column(sa.String(5), default="")
    # up/down of the plan, in kb/s ("": nobody said); and what was proved
    speed: Mapped[str] = mapped_column(sa.String(40), default="")
    applied_speed: Mapped[str] = mapped_column(sa.String(40), default="")
    # since when it is not as it should be; null: it is, as far as anybody knows
    waits_since: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    applied_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # the sessions (by the router's session-id) that are to be thrown off, so that they come back with what is stored;
    # "open": what he has open is to be closed, so that it does not go on past the rules
    kick: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    # what is in the way, by a code of ours; "" where nothing is
    difference: Mapped[str] = mapped_column(sa.String(20), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    contract: Mapped[Contract] = relationship()
    router: Mapped[Router] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("router_id", "key"), _one_of("desired", STATES),
        sa.Index("ix_networking_connection_list", "company_id", "key", "id"),
        sa.Index("uq_networking_connection_address", "router_id", "address", unique=True,
                 sqlite_where=sa.text("address <> ''"), postgresql_where=sa.text("address <> ''")),
        sa.Index("ix_networking_connection_by_address", "address"),
        sa.Index("ix_networking_connection_by_key", "key"),
        sa.Index("ix_networking_connection_by_session", "session_address",
                 sqlite_where=sa.text("session_address <> ''"), postgresql_where=sa.text("session_address <> ''")),
        sa.Index("ix_networking_connection_waits", "company_id", "router_id", "waits_since",
                 sqlite_where=sa.text("waits_since IS NOT NULL"), postgresql_where=sa.text("waits_since IS NOT NULL")),
        sa.Index("ix_networking_connection_different", "company_id", "difference",
                 sqlite_where=sa.text("difference <> ''"), postgresql_where=sa.text("difference <> ''")),
    )


class Change(CompanyScoped, Model):
    """A thing that was written onto a router for a connection: words without secrets, and what the router said."""

    __tablename__ = "networking_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    router_id: Mapped[int] = mapped_column(sa.ForeignKey("networking_router.id"))
    connection_id: Mapped[int | None] = mapped_column(sa.ForeignKey("networking_connection.id"))
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_contract.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    # restore, cut, speed, kick
    action: Mapped[str] = mapped_column(sa.String(10))
    cause: Mapped[str] = mapped_column(sa.String(60), default="")
    words: Mapped[str] = mapped_column(sa.String(500))
    # sending: nobody knows yet; unknown: sent, and read again afterwards
    state: Mapped[str] = mapped_column(sa.String(10), default="sending")
    answer: Mapped[str] = mapped_column(sa.String(300), default="")
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    answered_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    router: Mapped[Router] = relationship()
    contract: Mapped[Contract | None] = relationship()

    __table_args__ = (
        _one_of("state", CHANGE_STATES),
        sa.Index("ix_networking_change_contract", "contract_id", "at"),
        sa.Index("ix_networking_change_list", "company_id", "at", "id"),
        sa.Index("ix_networking_change_router", "router_id", "id"),
        sa.Index("ix_networking_change_open", "router_id", sqlite_where=sa.text("state = 'sending'"),
                 postgresql_where=sa.text("state = 'sending'")),
    )


class InUse(CompanyScoped, Model):
    """An address that somebody has on a router, as that was read there last."""

    __tablename__ = "networking_address_in_use"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    router_id: Mapped[int] = mapped_column(sa.ForeignKey("networking_router.id"))
    address: Mapped[str] = mapped_column(sa.String(60))

    __table_args__ = (sa.UniqueConstraint("router_id", "address"),
                      sa.Index("ix_networking_address_in_use_address", "company_id", "address"))


class Pool(CompanyScoped, Model):
    """Addresses that are given one by one: ranges and networks, one per line; of one router, or of all."""

    __tablename__ = "networking_pool"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    # whose connections get them; null: those of any router
    router_id: Mapped[int | None] = mapped_column(sa.ForeignKey("networking_router.id"))
    ranges: Mapped[str] = mapped_column(sa.Text)
    notes: Mapped[str] = mapped_column(sa.Text, default="")

    router: Mapped[Router | None] = relationship()

    __table_args__ = (sa.UniqueConstraint("company_id", "name"),)

    def __str__(self) -> str:
        return self.name


class Given(CompanyScoped, Model):
    """An address of a pool that somebody has, or that is kept back. One address is given once."""

    __tablename__ = "networking_given_address"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    pool_id: Mapped[int] = mapped_column(sa.ForeignKey("networking_pool.id"))
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    address: Mapped[str] = mapped_column(sa.String(60))
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    pool: Mapped[Pool] = relationship()
    contract: Mapped[Contract | None] = relationship()

    __table_args__ = (sa.UniqueConstraint("pool_id", "address"),)
