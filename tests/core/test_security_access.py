"""What a person may do, and in which company."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import people, scope
from core.db import db
from core.errors import DomainError
from core.models import AuditRecord, Company, Job, Membership, Role, RolePermission, User
from core.security import passwords
from core.security.access import permissions_of

Login = Callable[..., FlaskClient]
MakeUser = Callable[..., User]


def roles_of(user: User, company: Company) -> list[int]:
    return list(
        db.session.scalars(
            sa.select(Membership.role_id).where(Membership.user_id == user.id, Membership.company_id == company.id)
        )
    )


def member(user: User, company: Company, *permissions: str) -> Role:
    role = Role(
        code=f"{company.code}-{user.id}",
        name="Rol",
        permissions=[RolePermission(permission=one) for one in permissions],
    )
    user.memberships.append(Membership(company=company, role=role))
    db.session.commit()
    return role


# --- permissions ---------------------------------------------------------------------------------------------


def test_a_permission_opens_its_page_and_no_other(login: Login) -> None:
    browser = login("core.view_jobs")
    assert browser.get("/jobs").status_code == 200
    assert browser.get("/people").status_code == 403
    assert browser.post("/jobs/run-again", data={"function": "x"}).status_code == 403


def test_the_menu_shows_what_the_person_may_open(login: Login) -> None:
    page = login("core.view_jobs").get("/").text
    assert 'href="/jobs"' in page and 'href="/people"' not in page


@pytest.mark.parametrize(("permission", "gathered", "tables"), [
    ("core.view_jobs", False, False), ("crm.view_customers", False, False), ("core.edit_company", True, False),
    ("crm.edit_settings", True, True)])
def test_settings_are_offered_to_who_has_any(login: Login, permission: str, gathered: bool, tables: bool) -> None:
    menu = login(*{permission, "crm.view_customers"}).get("/").text.split('<nav class="side"')[1].split("</nav>")[0]
    assert ('href="/settings"' in menu, 'href="/admin/"' in menu) == (gathered, tables)
    assert ("Configuración" in menu) == (gathered or tables)


def test_permissions_are_those_of_the_company_in_scope(
    make_user: MakeUser, company: Company, other_company: Company
) -> None:
    user = make_user("core.view_jobs")
    member(user, other_company, "core.view_audit")
    assert permissions_of(user, company.id) == {"core.view_jobs"}
    assert permissions_of(user, other_company.id) == {"core.view_audit"}
    assert permissions_of(user, None) == frozenset()


def test_an_administrator_may_do_everything(login: Login) -> None:
    browser = login(admin=True)
    for path in ("/jobs", "/people", "/roles", "/audit", "/company"):
        assert browser.get(path).status_code == 200


def test_taking_a_role_away_works_at_the_next_click(login: Login, company: Company) -> None:
    browser = login("core.view_jobs")
    assert browser.get("/jobs").status_code == 200
    db.session.execute(sa.delete(Membership))
    db.session.commit()
    assert browser.get("/jobs").status_code == 403


# --- companies ------------------------------------------------------------------------------------------------


def test_the_company_is_switched_for_this_login(
    client: FlaskClient, make_user: MakeUser, company: Company, other_company: Company
) -> None:
    user = make_user("core.edit_company")
    member(user, other_company, "core.edit_company")
    client.post("/login", data={"email": user.email, "password": "correct horse"})
    for one in (company, other_company, company):
        assert client.post("/company/choose", data={"company": one.id}).status_code == 302
        assert f'value="{one.name}"' in client.get("/company").text


def test_a_company_of_others_cannot_be_chosen(login: Login, company: Company, other_company: Company) -> None:
    browser = login("core.edit_company")
    assert browser.post("/company/choose", data={"company": other_company.id}).status_code == 404
    assert f'value="{company.name}"' in browser.get("/company").text


def test_a_chosen_company_is_left_when_the_person_no_longer_belongs_to_it(
    client: FlaskClient, make_user: MakeUser, company: Company, other_company: Company
) -> None:
    user = make_user("core.edit_company")
    role = member(user, other_company, "core.edit_company")
    client.post("/login", data={"email": user.email, "password": "correct horse"})
    client.post("/company/choose", data={"company": other_company.id})
    db.session.execute(sa.delete(Membership).where(Membership.role_id == role.id))
    db.session.commit()
    assert f'value="{company.name}"' in client.get("/company").text


def test_who_belongs_to_no_company_is_told_so(client: FlaskClient, make_user: MakeUser) -> None:
    user = make_user()
    client.post("/login", data={"email": user.email, "password": "correct horse"})
    assert client.get("/").status_code == 200
    assert client.get("/account").status_code == 200


def test_jobs_of_another_company_are_not_shown(login: Login, company: Company, other_company: Company) -> None:
    mine = Job(function="modules.x.jobs.mine", company_id=company.id, state="failed")
    theirs = Job(function="modules.x.jobs.theirs", company_id=other_company.id, state="failed")
    db.session.add_all([mine, theirs])
    db.session.commit()
    browser = login("core.view_jobs", "core.run_jobs")
    page = browser.get("/jobs?state=failed").text
    assert "x · mine" in page and "theirs" not in page
    assert browser.get(f"/jobs/{theirs.id}").status_code == 404
    assert browser.post(f"/jobs/{theirs.id}/run-again").status_code == 404


def test_the_record_of_another_company_is_not_shown(login: Login, company: Company, other_company: Company) -> None:
    from core import audit

    with scope.company_scope(other_company):
        audit.record("test.secret_action")
    db.session.commit()
    assert "test.secret_action" not in login("core.view_audit").get("/audit").text


def test_a_request_does_not_inherit_the_company_of_its_thread(client: FlaskClient, company: Company) -> None:
    assert scope.company_id_or_none() == company.id
    assert str(company) not in client.get("/login").text
    assert scope.company_id_or_none() == company.id


# --- jobs on screen -----------------------------------------------------------------------------------------------


def test_a_failed_job_is_run_again_from_the_screen(login: Login, company: Company) -> None:
    job = Job(function="modules.x.jobs.y", company_id=company.id, state="failed", attempts=8, error="boom")
    db.session.add(job)
    db.session.commit()
    browser = login("core.view_jobs", "core.run_jobs")
    assert "boom" in browser.get(f"/jobs/{job.id}").text
    assert browser.post(f"/jobs/{job.id}/run-again").status_code == 302
    db.session.refresh(job)
    assert (job.state, job.attempts) == ("pending", 0)
    assert (
        db.session.scalar(sa.select(AuditRecord.object_id).where(AuditRecord.action == "core.run_job_again")) == job.id
    )


def test_a_job_that_is_done_is_not_run_again(login: Login, company: Company) -> None:
    job = Job(function="modules.x.jobs.y", company_id=company.id, state="done")
    db.session.add(job)
    db.session.commit()
    browser = login("core.view_jobs", "core.run_jobs")
    browser.post(f"/jobs/{job.id}/run-again")
    db.session.refresh(job)
    assert job.state == "done"


# --- people ---------------------------------------------------------------------------------------------------------


def test_a_new_person_gets_a_link_and_a_role(login: Login, company: Company, run_jobs: Callable[[], int]) -> None:
    role = Role(code="reader", name="Lectura", permissions=[RolePermission(permission="core.view_jobs")])
    db.session.add(role)
    db.session.commit()
    browser = login("core.manage_users", "core.view_jobs")
    answer = browser.post(
        "/people/new", data={"email": "Eva@Example.com", "name": "Eva", "locale": "es", "role": role.id}
    )
    assert answer.status_code == 302
    made = db.session.scalars(sa.select(User).where(User.email == "eva@example.com")).one()
    assert roles_of(made, company) == [role.id] and made.password_hash == ""
    assert run_jobs() == 1


def test_nobody_gives_a_role_that_can_do_more_than_himself(login: Login, make_user: MakeUser, company: Company) -> None:
    strong = Role(code="strong", name="Fuerte", permissions=[RolePermission(permission="core.view_audit")])
    db.session.add(strong)
    db.session.commit()
    target = make_user("core.view_jobs")
    login("core.manage_users").post(f"/people/{target.id}/roles", data={"role": strong.id})
    assert strong.id not in roles_of(target, company)


@pytest.mark.parametrize("verb", ["admin", "disable"])
def test_only_administrators_touch_administrators(
    login: Login, make_user: MakeUser, company: Company, verb: str
) -> None:
    boss = make_user("core.view_jobs", admin=True)
    login("core.manage_users", "core.view_jobs").post(f"/people/{boss.id}/{verb}")
    db.session.refresh(boss)
    assert boss.active and boss.is_admin


def test_nobody_makes_himself_administrator(login: Login, make_user: MakeUser) -> None:
    browser = login("core.manage_users")
    me = db.session.scalars(sa.select(User).order_by(User.id.desc())).first()
    assert me is not None
    browser.post(f"/people/{me.id}/admin")
    db.session.refresh(me)
    assert not me.is_admin


def test_people_of_other_companies_are_not_reachable(
    login: Login, make_user: MakeUser, company: Company, other_company: Company
) -> None:
    stranger = make_user()
    member(stranger, other_company, "core.view_jobs")
    browser = login("core.manage_users")
    assert stranger.email not in browser.get("/people").text
    assert browser.get(f"/people/{stranger.id}").status_code == 404
    assert browser.post(f"/people/{stranger.id}/disable").status_code == 404


def test_a_disabled_person_is_logged_out(app: Flask, client: FlaskClient, make_user: MakeUser) -> None:
    target = make_user("core.view_jobs")
    other = app.test_client()
    other.post("/login", data={"email": target.email, "password": "correct horse"})
    boss = make_user(admin=True)
    client.post("/login", data={"email": boss.email, "password": "correct horse"})
    client.post(f"/people/{target.id}/disable")
    assert other.get("/account").status_code == 302


def test_a_role_keeps_permissions_of_modules_that_are_switched_off(make_user: MakeUser) -> None:
    role = Role(
        code="mixed",
        name="Mixto",
        permissions=[RolePermission(permission="gone.do"), RolePermission(permission="core.view_jobs")],
    )
    db.session.add(role)
    db.session.flush()
    people.save_role(role, "Mixto", "", ["core.view_audit"], by=make_user(admin=True))
    assert {one.permission for one in role.permissions} == {"gone.do", "core.view_audit"}


def test_a_role_in_use_is_not_deleted(make_user: MakeUser, company: Company) -> None:
    user = make_user("core.view_jobs")
    with pytest.raises(DomainError):
        people.delete_role(user.memberships[0].role, by=make_user(admin=True))


def test_a_role_is_edited_on_screen(login: Login) -> None:
    role = Role(code="r", name="Antes", permissions=[])
    db.session.add(role)
    db.session.commit()
    browser = login(admin=True)
    assert browser.get(f"/roles/{role.id}").status_code == 200
    browser.post(f"/roles/{role.id}", data={"name": "Después", "description": "", "permission": ["core.view_jobs"]})
    db.session.refresh(role)
    assert role.name == "Después" and [one.permission for one in role.permissions] == ["core.view_jobs"]


def test_the_company_is_edited_and_the_change_is_on_record(login: Login, company: Company) -> None:
    browser = login("core.edit_company")
    refused = browser.post("/company", data={"name": "", "email": "no"})
    assert refused.status_code == 422
    answer = browser.post(
        "/company",
        data={
            "name": company.name,
            "trade_name": "RCW",
            "timezone": company.timezone,
            "color": "#112233",
            "street": "",
            "city": "",
            "region": "",
            "phone": "",
            "postal_code": "",
            "email": "a@b.example",
            "website": "",
        },
    )
    assert answer.status_code == 302
    db.session.refresh(company)
    assert company.trade_name == "RCW"
    entry = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "core.edit_company")).one()
    assert entry.changes["trade_name"] == ["", "RCW"]


def test_a_verified_password_is_not_kept_in_clear(make_user: MakeUser) -> None:
    assert make_user().password_hash.startswith("$argon2id$")
    assert not passwords.verify_password("not a hash", "x")
