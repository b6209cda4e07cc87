"""What the stories of the billing desk share: a town of subscribers, and a look at each screen that they pass."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, companies, installation, scope
from core.db import db
from core.models import Job, Membership, Role, User
from core.security import hash_password
from modules.contracts import plans, services
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, Plan
from modules.crm import services as crm
from tests.browser.accessible import assert_accessible
from tests.browser.conftest import CHROMIUM, PASSWORD, Site, enter

STORY = [
    pytest.mark.browser, pytest.mark.once,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]
SINCE = dt.date(2025, 1, 1)
WIDTHS = (1280, 360)
SOON = dt.timedelta(seconds=5)
VAT21 = ({"code": "VAT", "rate": "21"},)


@contextmanager
def inside(site: Site) -> Iterator[None]:
    """The provider's own world; what was done there is committed."""
    with site.app.app_context(), scope.company_scope(companies.find_company("rcw")):
        yield
        db.session.commit()


def enter_as(role: str, chromium: Any, site: Site, width: int, complaints: list[str]) -> Any:
    """A page of a person who has one of the standard roles and nothing more."""
    email = f"{role}@example.com"
    with inside(site):
        installation.make_roles()
        if not db.session.scalar(sa.select(User.id).where(User.email == email)):
            held = db.session.scalars(sa.select(Role).where(Role.code == role)).one()
            db.session.add(User(email=email, name=held.name, locale="es", password_hash=hash_password(PASSWORD),
                                memberships=[Membership(company=companies.find_company("rcw"), role=held)]))
    return enter(chromium, site.address, width, complaints, email)


def plan(code: str, name: str, price: int) -> Plan:
    """A plan with IVA of 21 % in its price."""
    return plans.create_plan({"code": code, "name": name, "taxes": [{"code": "VAT", "rate": "21"}],
                              "includes_tax": True, "period_months": 1, "currency": ""}, Decimal(price), SINCE)


def subscriber(name: str, its_plan: Plan, *, since: dt.date = SINCE, **values: Any) -> Contract:
    """A consumer with a mail address, and his contract."""
    given = {"tax_condition": "CF", "tax_id": f"{27_000_000 + sum(map(ord, name)) * 37}", "tax_id_kind": "DNI",
             "emails": (f"{re.sub('[^a-z]', '', name.lower())}@example.com",), **values}
    customer = crm.create_customer(name=name, **given)
    return services.create_contract(ContractData(customer.id, its_plan.id, billing_from=since))


def idle(site: Site, page: Any, rounds: int = 1200) -> None:
    """Wait until no job is left to do, those that wait for a later moment aside; a round is a tenth of a second."""
    with site.app.app_context():
        for _round in range(rounds):
            if not db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
                    Job.state.in_(("pending", "running")), Job.run_at <= clock.now() + SOON)):
                return
            db.session.rollback()
            page.wait_for_timeout(100)
    raise AssertionError("jobs never end")


def sound(page: Any, name: str) -> None:
    """The screen as it stands can be used by everybody, and fits a desk and a phone."""
    own = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"), (
            f"{name} is wider than {width}")
        assert_accessible(page, f"{name} at {width}")
        if folder := os.environ.get("ABONA_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size(own)


def said(page: Any) -> str:
    """What the page says, no-break spaces made ordinary."""
    return str(page.inner_text("main")).replace("\xa0", " ")


def agree(page: Any, selector: str) -> None:
    """Press a button that asks first, and say yes."""
    page.once("dialog", lambda dialog: dialog.accept())
    page.click(selector)
