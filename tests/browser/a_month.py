"""What B1 and B2 look at: a month that is not billed yet, with all that may have changed since the one before."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, months
from core.db import db
from core.scope import current_company
from modules.contracts import billing, extras, services
from modules.contracts.models import Contract, Plan
from tests.browser.conftest import Site
from tests.browser.desk import idle, inside, plan, subscriber


def a_month(site: Site, chromium: Any) -> dt.date:
    """This month, the one before billed; since then people came, left, changed, and three lack something."""
    with inside(site):
        this = months.of(clock.today())
        slow, fast = plan("H50", "Hogar 50", 12100), plan("H100", "Hogar 100", 24200)
        plan("NEW", "Fibra 300", 30000).prices[0].valid_from = months.add(this, 12)
        for name in ("Godoy, Raúl", "Leal, Carla", "Sosa, Elena", "Vera, Ana", "Ñáñez, María José"):
            subscriber(name, slow)
        subscriber("Paz, Inés", fast)
        db.session.commit()
        billing.start_run(current_company(), months.add(this, -1))
    page = chromium.new_page()
    idle(site, page)
    page.close()
    with inside(site):
        known = {one.customer.name: one for one in db.session.scalars(sa.select(Contract))}
        services.end(known["Leal, Carla"], this - months.DAY)
        services.change_plan(known["Sosa, Elena"], _plan("H100"), this)
        services.set_courtesy(known["Vera, Ana"], this, None, "Antena en su techo")
        extras.add_discount(known["Paz, Inés"], "Tres meses de promoción", percent=Decimal(50), first_month=this)
        subscriber("Nuevo, Andrés", _plan("H50"), since=this)
        subscriber("Uno Sin CUIT", _plan("H50"), since=this, tax_condition="RI")
        subscriber("Dos Sin Condición", _plan("H50"), since=this, tax_condition="")
        subscriber("Tres Sin Precio, con un nombre muy largo que no termina nunca S.A.S.", _plan("NEW"), since=this)
        return this


def _plan(code: str) -> Plan:
    return db.session.scalars(sa.select(Plan).where(Plan.code == code)).one()
