"""What must hold of routers, as `abona check` and the page of health tell it. Normally all of it is empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, lazy
from modules.contracts.models import Contract
from modules.networking import queries
from modules.networking.models import Connection, Router

SHOWN = 5


def _contracts(condition: sa.ColumnElement[bool]) -> Result:
    numbers = db.session.scalars(sa.select(sa.func.coalesce(Contract.number, Connection.key)).select_from(Connection)
                                 .outerjoin(Contract, Contract.id == Connection.contract_id).where(condition)
                                 .order_by(Connection.waits_since).limit(1001)).all()
    return _answer(numbers)


def _answer(found: Sequence[Any], words: Callable[[Any], str] = str) -> Result:
    return not found, len(found), ", ".join(words(one) for one in found[:SHOWN])


@check("connections_still_cut", words=Words(
    lazy("Who paid is on again"),
    means=lazy("A router has subscribers off, or in the profile of the cut, whose contracts are active."),
    hurts=lazy("They paid, or promised, and are without service."),
    cure=lazy("Open the connections that should be on and are cut; look at their routers, or restore them by hand.")))
def connections_still_cut() -> Result:
    """Active contracts that a router still has cut after a quarter of an hour."""
    return _contracts(queries.still_cut())


@check("connections_still_on", words=Words(
    lazy("Who was cut is off"),
    means=lazy("A router gives service to subscribers whose contracts are suspended or ended."),
    hurts=lazy("Nobody pays for what they use."),
    cure=lazy("Open the connections that should be cut and are on; look at their routers.")))
def connections_still_on() -> Result:
    """Suspended or ended contracts that a router still serves after a quarter of an hour."""
    return _contracts(queries.still_on())


@check("routers_obey", words=Words(
    lazy("Routers answer and obey"),
    means=lazy("A router waits for a person, or has not answered for a quarter of an hour."),
    hurts=lazy("Nobody there is cut or restored until it does; nothing is lost meanwhile."),
    cure=lazy("Open the router: its page says why and what to do.")))
def routers_obey() -> Result:
    """Routers in use that stopped, or are away for long."""
    before = queries.clock.now() - queries.ALARM
    found = db.session.scalars(sa.select(Router).where(Router.active, sa.or_(
        Router.state == "stopped", sa.and_(Router.state == "away", Router.away_since < before))).limit(1001)).all()
    return _answer(found, lambda router: f"{router.name}: {router.trouble}")


@check("routers_without_strangers", words=Words(
    lazy("Nothing of ours is forgotten on routers"),
    means=lazy("A router has cuts of ours that belong to no contract."),
    hurts=lazy("Somebody may be without service, and no screen shows why."),
    cure=lazy("Open the router, look at what belongs to nobody, and take it away there.")))
def routers_without_strangers() -> Result:
    """What bears our mark or is on our list, and belongs to no connection."""
    rows = db.session.execute(sa.select(Router.name, Router.stray_count).where(
        Router.active, Router.stray_count > 0).order_by(Router.name)).all()
    return not rows, sum(row.stray_count for row in rows), "; ".join(
        _("%(router)s: %(count)s", router=row.name, count=row.stray_count) for row in rows[:SHOWN])
