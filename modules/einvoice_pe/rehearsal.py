"""Rehearsal: the account at Nubefact comes from the simulator, so that nothing has to be asked of anybody."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import current_app

from core import clock, logs
from core.db import db
from core.scope import current_company
from modules.einvoice.rehearsing import Rehearsal
from modules.einvoice_pe import access
from modules.einvoice_pe.catalogs import BOLETA, CREDITO, DEBITO, FACTURA
from modules.einvoice_pe.models import Route, Series

REHEARSAL = "rehearsal"
# by kind: of facturas and their notes, of boletas and theirs
# and the paper of contingencies
PAPER = "0001"
USUAL = {FACTURA: ["F001", PAPER], BOLETA: ["B001", PAPER], CREDITO: ["FC01", "BC01", PAPER],
         DEBITO: ["FD01", "BD01", PAPER]}

log = logs.get(__name__)


def simulator_url() -> str:
    """Base address of the rehearsal's Nubefact."""
    return str(current_app.extensions["abona"].simulators_url).rstrip("/") + "/nubefact"


def prepare() -> None:
    """Series to issue on in rehearsal, without talking to anybody: the account is opened when it is needed."""
    if db.session.scalar(sa.select(Series.id).where(Series.environment == REHEARSAL).limit(1)) is None:
        access.keep_series(REHEARSAL, _route(), USUAL)


def _route() -> Route:
    found = db.session.scalar(sa.select(Route).where(Route.environment == REHEARSAL))
    if found is None:
        found = Route(environment=REHEARSAL, address="", token="")
        db.session.add(found)
        db.session.flush()
    return found


def enable(chosen: dict[int, list[str]] | None = None) -> Route:
    """Have the company's account at the simulator, with these series. Repeatable; commits.

    Route and token stay the same where the simulator was started anew.
    """
    prepare()
    route = _route()
    if chosen:
        access.keep_series(REHEARSAL, route, chosen)
    body = _account(route)
    db.session.commit()
    answer = _open(body)
    address = f"{simulator_url()}/api/v1/{answer['route']}"
    route = _route()
    if (route.address, route.token) != (address, answer["token"]):
        route.address, route.token, route.verified_at = address, answer["token"], clock.now()
        log.info("nubefact_rehearsal_enabled", company=body["ruc"])
    db.session.commit()
    return route


def _account(route: Route) -> dict[str, Any]:
    """What the simulator is told: who, with which series, and what it gave before."""
    company = current_company()
    codes = sorted(set(db.session.scalars(sa.select(Series.code).where(Series.environment == REHEARSAL))))
    known = {"route": route.address.rsplit("/", 1)[-1], "token": route.token} if route.address else {}
    return {"ruc": company.tax_id, "name": company.name, "series": codes,
            "address": f"{company.street} {company.city}".strip(), **known}


def _open(body: dict[str, Any]) -> dict[str, Any]:
    return Rehearsal("Nubefact", "nubefact", simulator_url()).tell("account", body)
