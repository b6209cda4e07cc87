"""A company's way into Nubefact: profile, environment, terms in force, routes, series."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa

from core.db import db, insert_new, only
from core.i18n import _
from core.models import Company
from core.scope import current_company, current_company_id
from modules.einvoice import rehearsing
from modules.einvoice_pe.client import Nubefact
from modules.einvoice_pe.errors import NotEnabled
from modules.einvoice_pe.findings import Terms
from modules.einvoice_pe.models import FiscalProfile, LegalAmount, Route, Series


def profile() -> FiscalProfile:
    """The fiscal profile of the company in scope; made when it is first asked for."""
    return only(FiscalProfile)


def environment(company: Company | None = None) -> str:
    """Where the company's documents go: rehearsal while the company rehearses, else what the profile says."""
    return "rehearsal" if (company or current_company()).is_rehearsal else profile().environment


def terms(day: dt.date) -> Terms:
    """Amounts and rates in force on a day, and the company's service that bears a detracción."""
    rows = db.session.execute(sa.select(LegalAmount.code, LegalAmount.amount).where(LegalAmount.valid_from <= day)
                              .order_by(LegalAmount.valid_from))
    known = {field.name for field in dataclasses.fields(Terms)}
    amounts = {row.code: row.amount for row in rows if row.code in known}
    return dataclasses.replace(Terms(**amounts), detraction_kind=profile().detraction_kind, folds_credits=True)


def active_series(wanted: str) -> list[Series]:
    """The series of new documents in an environment, the first of each kind and letter counts."""
    return list(db.session.scalars(sa.select(Series).where(Series.environment == wanted, Series.active)
                                   .order_by(Series.id)))


def route_of(wanted: str, series: str, kind: int) -> Route:
    """The route on which a series is issued; NotEnabled where it is on none."""
    found = db.session.scalar(sa.select(Route).join(Series, Series.route_id == Route.id).where(
        Series.environment == wanted, Series.code == series, Series.kind == kind))
    if found is None:
        raise NotEnabled(_("To send documents of the series %(series)s you must first enter it: abona einvoice enable "
                           "PE, or Electronic invoices > Enable.", series=series))
    return found


def connect(wanted: str, series: str, kind: int) -> Nubefact:
    """The account of a series. In rehearsal it is opened by itself, also where the simulator was started anew."""
    if wanted == "rehearsal":
        from modules.einvoice_pe import rehearsal

        with rehearsing.alone("PE"):
            rehearsal.enable()
    row = route_of(wanted, series, kind)
    return Nubefact(row.address, row.token, row.form)


def keep_series(wanted: str, route: Route, chosen: dict[int, list[str]]) -> None:
    """Make these the series of a route by kind; others of its kinds are no longer used for new documents."""
    db.session.execute(sa.update(Series).where(Series.environment == wanted, Series.route_id == route.id)
                       .values(active=False))
    rows = [{"company_id": current_company_id(), "environment": wanted, "route_id": route.id, "kind": kind,
             "code": code, "active": True} for kind, codes in chosen.items() for code in codes]
    insert_new(Series.__table__, rows, ("company_id", "environment", "kind", "code"))
    for kind, codes in chosen.items():
        db.session.execute(sa.update(Series).where(Series.environment == wanted, Series.kind == kind,
                                                   Series.code.in_(codes)).values(active=True, route_id=route.id))
