"""Each role, each address, one's own company and another's: the answer is what the address declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.routing import Rule

from core import modules, slots
from core.admin import ModelView
from core.db import db
from core.security import access
from tests.world import World, world

pytestmark = pytest.mark.once
ROLES = ("manager", "billing", "accountant", "support", "admin")
JSON = {"Accept": "application/json"}
# logging out ends the walk; /readyz wants a database that is not inside a transaction
LEFT_OUT = {"core.logout", "core.readyz", "static", "admin.static"}
# rows that belong to a person too, or of which the world has another sort: 404 though the company is one's own
# views that ask for more than they declare
FURTHER = {"accounting.reissue": {"accounting.issue_documents", "crm.edit_customers"},
           **{f"core.{name}": {"core.view_runs"} for name in ("run", "start_run", "change_run", "run_file")}}
SPECIAL = ("/notices/<int:message_id>/files/", "/imports/payments/", "/runs/", "/einvoice/<int:document_id>/said/<any(",
           "/einvoice/<int:document_id>/files/", "/gateways/layouts/", "/arrears/proofs/<int:proof_id>/file")
# making a company is an administrator's, whatever the permissions
ADMINISTRATORS = {"/setup/company"}
WRITING_ADMIN = ("create_view", "edit_view", "delete_view", "action_view", "ajax_update")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("matrix")) as made:
        yield made


def needed(place: World, rule: Rule) -> str | None:
    """The permission that an address declares; None where any login, or nobody's, will do."""
    view = place.app.view_functions[rule.endpoint]
    guard: str | None = getattr(view, "guard", None)
    if guard in (access.PUBLIC, access.LOGGED_IN):
        return None
    if guard is not None:
        return guard
    name = rule.endpoint.partition(".")[2]
    found = admin_view(place, rule)
    if isinstance(found, ModelView):
        return (found.edit_permission or found.permission) if name in WRITING_ADMIN else found.permission
    assert rule.endpoint == "admin.index", f"{rule.rule} declares nothing"
    return None


def admin_view(place: World, rule: Rule) -> Any:
    blueprint = rule.endpoint.partition(".")[0]
    return {one.endpoint: one for one in place.app.extensions["abona_admin"]._views}.get(blueprint)


def is_abroad(place: World, rule: Rule) -> bool:
    """Master data that only companies of another country have: there is nothing for anybody here."""
    return bool(getattr(admin_view(place, rule), "country", None) not in (None, "", place.country))


def walked(place: World) -> Iterator[tuple[Rule, str]]:
    for rule in place.app.url_map.iter_rules():
        for method in sorted({"GET", "POST"} & (rule.methods or set())):
            if rule.endpoint not in LEFT_OUT:
                yield rule, method


def answer_of(place: World, role: str, rule: Rule, method: str, company_id: int) -> int:
    """The status; what was written is taken back."""
    with place.app.test_request_context():
        path = place.app.url_map.bind("localhost").build(rule.endpoint, place.values(rule, company_id), method)
    if rule.endpoint.partition(".")[2] in ("edit_view", "details_view"):
        path += f"?id={place.rows['crm_customer', company_id]}"
    with place.undone():
        answer = place.open(role, method, path, headers=JSON, data={} if method == "POST" else None)
        answer.close()
        return int(answer.status_code)


def may(place: World, role: str) -> frozenset[str]:
    from core.models import User

    return access.permissions_of(db.session.get_one(User, place.users[role]), place.own)


@pytest.fixture
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One role draws every page; for the others the templates are left out, which tell nothing more."""
    if request.getfixturevalue("role") != "manager":
        monkeypatch.setattr("flask.templating._render", lambda *_given: "")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_each_address_declares(place: World, role: str) -> None:
    allowed, wrong = may(place, role), []
    for rule, method in walked(place):
        permission = needed(place, rule)
        status = answer_of(place, role, rule, method, place.own)
        is_let_in = (permission is None or permission in allowed) and FURTHER.get(rule.endpoint, set()) <= allowed
        is_let_in = is_let_in and (role == "admin" or rule.rule not in ADMINISTRATORS)
        fitting = status in (403, 404) if is_abroad(place, rule) else fits(status, is_let_in)
        if not fitting and not rule.endpoint.endswith("__change_view"):  # of persons
            wrong.append((method, rule.rule, permission, status))
    assert wrong == []


def fits(status: int, is_let_in: bool) -> bool:
    """Let in: a page, a redirection, a refusal in words, or an address that lacks its data; never a fault or a 401."""
    if not is_let_in:
        return status == 403
    return status in {200, 302, 303, 400, 404, 409, 422, 503}


@pytest.mark.parametrize("role", ["manager", "support"])
def test_nobody_reaches_rows_of_another_company(place: World, role: str) -> None:
    allowed, wrong = may(place, role), []
    for rule, method in walked(place):
        if not place.names_rows(rule):
            continue
        permission = needed(place, rule)
        status = answer_of(place, role, rule, method, place.other)
        expected = {404} if permission is None or permission in allowed else {403}
        if status not in (expected | {403} if rule.endpoint in FURTHER else expected):
            wrong.append((method, rule.rule, permission, status))
    assert wrong == []


def test_one_s_own_rows_are_found(place: World) -> None:
    """Else the walk above would prove nothing: with the same addresses, rows of one's own company are there."""
    missing = [rule.rule for rule, method in walked(place)
               if method == "GET" and place.names_rows(rule) and not rule.rule.startswith(SPECIAL)
               and answer_of(place, "manager", rule, method, place.own) != 200]
    assert missing == []


def test_every_permission_guards_something(place: World) -> None:
    guarded = {needed(place, rule) for rule, _method in walked(place)}
    guarded |= {slot.permission for found in slots._places.values() for slot in found.values()}
    asked_inside = {"core.share_views", "core.view_runs"}
    assert set(modules.permissions(place.app.extensions["abona_modules"])) - guarded - asked_inside == set()


def test_who_has_no_role_gets_nothing_but_his_own(place: World) -> Any:
    from core.models import User

    with place.undone():
        user = db.session.get_one(User, place.users["support"])
        user.memberships.clear()
        db.session.commit()
        open_, wrong = {"core.home", "core.search", "core.account", "core.second_factor", "core.settings", "core.runs",
                        "core.help", "admin.index"}, []
        for rule, method in walked(place):
            if method != "GET" or rule.arguments or getattr(
                    place.app.view_functions[rule.endpoint], "guard", "") == access.PUBLIC:
                continue
            status = place.open("support", "GET", rule.rule, headers=JSON).status_code
            if status == 200 and rule.endpoint not in open_ and rule.rule != "/search.json":
                wrong.append(rule.rule)
        assert wrong == []
