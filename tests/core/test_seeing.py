"""Looking through the eyes of a role: less than one's own, never more, and nothing written."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from core.models import AuditRecord, Company, Role, RolePermission, User

Login = Callable[..., FlaskClient]
MakeUser = Callable[..., User]


@pytest.fixture
def role(company: Company) -> Role:
    made = Role(code="looks", name="Mostrador", permissions=[
        RolePermission(permission=one) for one in ("crm.view_customers", "core.view_jobs")])
    db.session.add(made)
    db.session.commit()
    return made


def actions() -> list[str]:
    return list(db.session.scalars(sa.select(AuditRecord.action).order_by(AuditRecord.id)))


def test_an_administrator_sees_what_the_role_sees_until_he_stops(login: Login, role: Role) -> None:
    browser = login(admin=True)
    assert browser.post(f"/roles/{role.id}/see").status_code == 302
    home = browser.get("/")
    assert "Mostrador" in home.text and 'href="/customers/"' in home.text and 'href="/people"' not in home.text
    assert browser.get("/customers/").status_code == 200
    assert browser.get("/people").status_code == 403
    assert browser.get(f"/roles/{role.id}").status_code == 403
    browser.post("/stop-seeing")
    assert browser.get("/people").status_code == 200 and "Mostrador" not in browser.get("/").text
    assert [one for one in actions() if "see" in one] == ["core.see_as_role", "core.stop_seeing_as_role"]


def test_nothing_can_be_written_meanwhile(login: Login, role: Role, company: Company) -> None:
    role.permissions.append(RolePermission(permission="core.edit_company"))
    db.session.commit()
    browser = login(admin=True)
    browser.post(f"/roles/{role.id}/see")
    answer = browser.post("/company", data={"name": "Otra", "timezone": company.timezone, "color": "#112233"},
                          headers={"Accept": "application/json"})
    assert answer.status_code == 403 and answer.json["error"]["code"] == "not_allowed"
    assert browser.post("/account/profile", data={"name": "X", "locale": "es"}).status_code == 403
    db.session.refresh(company)
    assert company.name != "Otra"
    assert browser.post("/logout").status_code == 302


def test_a_role_gives_nobody_what_he_lacks(login: Login, role: Role) -> None:
    browser = login("core.manage_roles")
    browser.post(f"/roles/{role.id}/see")
    assert browser.get("/customers/").status_code == 403
    assert browser.get("/jobs").status_code == 403
    assert browser.get("/roles").status_code == 403


def test_only_who_manages_roles_looks_through_them(login: Login, role: Role) -> None:
    browser = login("core.manage_users")
    assert browser.post(f"/roles/{role.id}/see").status_code == 403
    assert browser.get(f"/roles/{role.id}/sees").status_code == 403


def test_only_the_open_company_is_seen_meanwhile(login: Login, role: Role, company: Company,
                                                 other_company: Company) -> None:
    browser = login(admin=True)
    browser.post("/company/choose", data={"company": company.id})
    assert other_company.name in browser.get("/").text
    browser.post(f"/roles/{role.id}/see")
    assert other_company.name not in browser.get("/").text
    browser.post("/company/choose", data={"company": other_company.id})
    assert company.name in browser.get("/").text


def test_an_administrator_s_view_of_all_companies_is_gone_meanwhile(login: Login, role: Role, company: Company,
                                                                   other_company: Company) -> None:
    from core.models import Job

    db.session.add(Job(function="modules.x.jobs.theirs", state="failed", company_id=other_company.id, error="boom"))
    db.session.commit()
    browser = login(admin=True)
    browser.post("/company/choose", data={"company": company.id})
    assert "theirs" in browser.get("/jobs?state=failed").text
    browser.post(f"/roles/{role.id}/see")
    assert "theirs" not in browser.get("/jobs?state=failed").text


def test_a_deleted_role_ends_the_look_without_a_gain(login: Login, role: Role) -> None:
    browser = login("core.manage_roles")
    browser.post(f"/roles/{role.id}/see")
    db.session.delete(role)
    db.session.commit()
    assert browser.get("/roles").status_code == 200
    assert browser.get("/customers/").status_code == 403


def test_what_a_role_sees_is_told_from_the_guards(login: Login, role: Role) -> None:
    page = login(admin=True).get(f"/roles/{role.id}/sees").text
    assert "/customers/…/edit" in page and "/billing/runs" in page  # told also where it is not allowed
    menu = page.split('class="cards"')[1].split("</section>")[0]
    assert re.findall("<li>(.*?)</li>", menu) == ["Clientes", "Tareas"]


def test_another_s_device_is_logged_out_but_not_an_administrator_s(login: Login, make_user: MakeUser,
                                                                  app: object) -> None:
    from core.security import sessions

    clerk, boss = make_user("core.view_jobs"), make_user("core.view_jobs", admin=True)
    for user in (clerk, boss):
        sessions.open_session(user, "10.0.0.1", "Firefox")
    db.session.commit()
    browser = login("core.manage_users")
    for user in (clerk, boss):
        browser.post(f"/people/{user.id}/sessions/{sessions.living_sessions(user)[0].id}/revoke")
    assert sessions.living_sessions(clerk) == [] and len(sessions.living_sessions(boss)) == 1
    assert "10.0.0.1" in browser.get("/people/logins").text
