"""The walks over addresses and texts again where they differ by country: the pages that a country's module adds, the
guide to its authority, its files, and the pages of all countries into which it puts something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.routing import Rule

from core import schema
from core.db import Base, db
from modules.einvoice.states import STATES
from tests.core.test_permission_matrix import ROLES, fits, may, needed, walked
from tests.core.test_pseudo_language import Brackets, data, foreign, said
from tests.world import COUNTRIES, World, world

pytestmark = pytest.mark.once
# Argentina's are walked together with everything else
ABROAD = [country for country in COUNTRIES if country != "AR"]
# pages of all countries that a country's module adds to, or that speak in its law's words
SHARED = ("accounting.invoice", "accounting.month_end", "accounting.policy", "contracts.draft", "contracts.preview",
          "core.company", "core.health", "core.home", "core.services", "core.setup", "crm.", "einvoice.")
NOT_OF_COUNTRY = {"einvoice.document_said", "einvoice.document_file"}  # files: there are none of a made-up document


@pytest.fixture(scope="module", params=ABROAD)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("countries"), request.param) as made:
        Base.metadata.create_all(db.engine)
        yield made


def own(place: World) -> Iterator[tuple[Rule, str]]:
    """(rule, method) of what the country's module adds, and of the guide and the files that it fills.

    Kept views of lists belong to persons.
    """
    for rule, method in walked(place):
        is_filled = rule.arguments & {"step_key", "code"} and rule.endpoint.startswith("einvoice.")
        if (place.country_of(rule) == place.country or is_filled) and not rule.endpoint.endswith("__change_view"):
            yield rule, method


def statuses(place: World, role: str, company_id: int) -> Iterator[tuple[Rule, str, str, int]]:
    for rule, method in own(place):
        for values in place.every(rule, company_id):
            path = place.address(rule, values, company_id)
            with place.undone():
                answer = place.open(role, method, path, headers={"Accept": "application/json"},
                                    data={} if method == "POST" else None)
                answer.close()
            yield rule, method, path, answer.status_code


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_each_address_of_a_country_declares(place: World, role: str,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    if role != "manager":  # one role draws the pages
        monkeypatch.setattr("flask.templating._render", lambda *_given: "")
    allowed, wrong, count = may(place, role), [], 0
    for rule, method, path, status in statuses(place, role, place.own):
        count += 1
        permission = needed(place, rule)
        if not fits(status, permission is None or permission in allowed):
            wrong.append((method, path, permission, status))
    assert wrong == []
    assert count > 20


def test_nobody_reaches_a_country_s_rows_of_another_company(place: World) -> None:
    allowed = may(place, "manager")
    wrong = [(method, path, status) for rule, method, path, status in statuses(place, "manager", place.other)
             if place.names_rows(rule) and status != (404 if needed(place, rule) in allowed else 403)]
    assert wrong == []


# --- texts -----------------------------------------------------------------------------------------------------


@pytest.fixture
def pages(place: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`pages(method, path, form)`: the HTML that the administrator gets in the language of brackets, or None."""
    monkeypatch.setattr("flask_babel.Domain.get_translations", lambda _self: Brackets())
    monkeypatch.setattr(schema, "is_current", lambda: True)  # it asks for a connection of its own

    def get(method: str, path: str, form: dict[str, str] | None = None) -> str | None:
        client = place.app.test_client()
        name, _, value = place.cookies["admin"].partition("=")
        client.set_cookie(name, value)
        with place.undone():
            answer = client.open(path, method=method, data=form, follow_redirects=method == "POST")
            is_page = answer.mimetype == "text/html" and answer.status_code not in (301, 302, 303)
            page = answer.get_data(as_text=True) if is_page else None
            assert answer.status_code < 500 or answer.status_code == 503, path
            answer.close()
        return page

    return get


@pytest.fixture(scope="module")
def known(place: World) -> set[str]:
    return data(place.country)


def unsaid(known: set[str], shown: Iterator[tuple[str, str | None]]) -> dict[str, str]:
    """Texts outside the catalogs, with the address of the page."""
    return {" ".join(text.split())[:120]: path for path, page in shown if page
            for text in said(page) if foreign(text, known) and not text.startswith("tests · ")}


def test_no_text_of_a_country_is_outside_the_catalogs(place: World, known: set[str], pages: Any) -> None:
    def shown() -> Iterator[tuple[str, str | None]]:
        for rule, method in walked(place):
            is_own = place.country_of(rule) == place.country
            if method == "GET" and (is_own or rule.endpoint.startswith(SHARED)) and rule.endpoint not in NOT_OF_COUNTRY:
                for values in place.every(rule, place.own):
                    path = place.address(rule, values, place.own)
                    yield path, pages("GET", path)

    assert unsaid(known, shown()) == {}


def test_what_a_country_says_when_nothing_was_filled_in_is_in_the_catalogs(place: World, known: set[str],
                                                                                   pages: Any) -> None:
    def shown() -> Iterator[tuple[str, str | None]]:
        for rule, method in own(place):
            if method == "POST" and not rule.endpoint.endswith("__export"):
                for values in place.every(rule, place.own):
                    path = place.address(rule, values, place.own)
                    yield path, pages("POST", path, {})

    assert unsaid(known, shown()) == {}


def test_each_state_of_a_document_and_each_step_has_its_words(place: World, known: set[str], pages: Any) -> None:
    table = Base.metadata.tables["einvoice_document"]
    paths = [f"/einvoice/{place.rows['einvoice_document', place.own]}", "/einvoice/", "/einvoice/refused", "/"]

    def shown() -> Iterator[tuple[str, str | None]]:
        for state in STATES:
            with place.changed(sa.update(table).where(table.c.company_id == place.own).values(
                    state=state, number=7, authorization_code="1", kind="1", problems=[{"code": "x", "message": "x"}])):
                yield from ((f"{path} ({state})", pages("GET", path)) for path in paths)
        for key in place.words(place.own)["step_key"]:
            yield key, pages("GET", f"/einvoice/enable?step={key}")

    assert unsaid(known, shown()) == {}
