"""The home page with everything on it: what waits, what moved, first steps, charts, at a fixed number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core import clock, setup, slots
from core.db import Base, db
from tests.bench.measure import counting
from tests.world import World, world

pytestmark = pytest.mark.once
# reference/performance.md, and tests/bench/screens.py at a million invoices
MOST = 40


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("home")) as made:
        yield made


def set_all(made: World, name: str, **values: object) -> None:
    table = Base.metadata.tables[name]
    db.session.connection().execute(sa.update(table).where(table.c.company_id == made.own).values(values))


def trouble(made: World) -> None:
    """Everything that can wait for a person, waits."""
    set_all(made, "contracts_billing_run", state="running")
    set_all(made, "einvoice_document", state="rejected", cause="x", issue_date=clock.now().date())
    set_all(made, "einvoice_sequence", blocked_code="10016")
    set_all(made, "notifications_message", state="failed")
    set_all(made, "accounting_cash_account", is_default=False)
    first = clock.now().date().replace(day=1) - dt.timedelta(days=1)
    entries = Base.metadata.tables["accounting_entry"]
    write = db.session.connection()
    newest = write.scalar(sa.select(sa.func.max(entries.c.id)).where(entries.c.company_id == made.own))
    write.execute(sa.update(entries).where(entries.c.id == newest).values(date=first))
    db.session.commit()


def test_a_full_home_page_takes_few_statements(place: World) -> None:
    with place.undone():
        trouble(place)
        place.open("admin", "GET", "/")  # what a process learns once, it knows
        with counting() as seen:
            page = place.open("admin", "GET", "/").text
        seen = [one for one in seen if not one.startswith("BEGIN")]
    assert page.count('class="notice notice-') >= 7 and page.count('class="card chart-card"') >= 5
    assert "Primeros pasos" in page and page.count('class="figure"') == 4
    assert len(seen) <= MOST, "\n".join(seen)


def test_what_the_first_steps_ask_is_asked_anew_each_time(place: World) -> None:
    with place.undone():
        assert "Primera factura de ensayo" in place.open("admin", "GET", "/").text
        before = place.open("admin", "GET", "/setup").text.count('class="is-done')
        set_all(place, "einvoice_document", state="authorized", environment="rehearsal", number=1,
                authorization_code="61000000000000")
        db.session.commit()
        page = place.open("admin", "GET", "/setup").text
        # tax data, certificate and point of sale, first invoice
        assert page.count('class="is-done') == before + 3
        assert "Primeros pasos" not in place.open("admin", "GET", "/").text


def test_each_registered_fact_is_one_value(place: World) -> None:
    from core.models import Company
    from core.scope import company_scope

    with place.undone():
        company = db.session.get(Company, place.own)
        assert company is not None
        with company_scope(company):
            values = {name: setup.fact(company, name) for name, _fact in setup.facts.items()}
    assert values["crm.customers"] and values["contracts.plans"] and not values["accounting.logo"]
    assert slots.places()["setup.steps"]


def test_what_a_countrys_module_adds_stands_in_its_country_alone(place: World,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    from core import scope
    from core.models import Company

    monkeypatch.setattr("core.security.can", lambda permission: True)
    with place.undone():
        company = db.session.get(Company, place.own)
        assert company is not None
        seen = {}
        for country in ("AR", "PE"):
            company.country = country
            db.session.flush()
            with scope.company_scope(company):
                seen[country] = {slot.key for slot in slots.entries("home.todo")}
    assert "einvoice_ar" in seen["AR"] and "einvoice_ar" not in seen["PE"] and "contracts" in seen["PE"]
