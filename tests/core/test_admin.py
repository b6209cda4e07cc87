"""The admin base, on a table of its own: permissions, companies, our column types, words instead of SQL."""

from __future__ import annotations

import datetime as dt
import re
import types
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Mapped, mapped_column

from core import companies, config, modules, schema, scope
from core.admin import ModelView, ReadOnlyView
from core.app import create_app
from core.db import Amount, BigId, CompanyScoped, Model, Scaled, UTCDateTime, db, secret
from core.models import AuditRecord, Company, Membership, Role, RolePermission, User
from core.security import hash_password


class Gadget(CompanyScoped, Model):
    """A made-up table with every type of column that the frame knows."""

    __tablename__ = "test_gadget"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    price: Mapped[Decimal | None] = mapped_column(Amount)
    rate: Mapped[Decimal | None] = mapped_column(Scaled(6))
    seen_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    since: Mapped[dt.date | None] = mapped_column(sa.Date)
    token: Mapped[str | None] = secret()
    active: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.name


Model.metadata.remove(Gadget.__table__)  # type: ignore[arg-type]  # migrations must not see it


class GadgetAdmin(ModelView):
    permission = "core.view_jobs"
    edit_permission = "core.run_jobs"
    column_searchable_list = ("name",)
    column_filters = ("name", "price", "seen_at")


class GadgetLook(ReadOnlyView):
    permission = "core.view_audit"


def admin_views() -> list[Any]:
    return [
        GadgetAdmin(Gadget, name="Gadgets", category="Cosas"),
        GadgetLook(Gadget, name="Looks", endpoint="looks", url="/admin/looks"),
    ]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app of its own, with the admin views above, on its own SQLite file."""
    folder: Path = tmp_path_factory.mktemp("admin")
    real = modules.parts

    def parts(names: Any, file: str) -> Iterator[tuple[str, Any]]:
        if file == "admin":
            yield next(iter(modules.available())), types.SimpleNamespace(views=admin_views)
        else:
            yield from real(names, file)

    modules.parts = parts  # type: ignore[assignment]
    try:
        made = create_app(
            config.load(
                instance=folder,
                database_url=f"sqlite:///{folder / 'a.sqlite'}",
                redis_url="",
                secret_key="k",
                testing=True,
            )
        )
    finally:
        modules.parts = real
    made.config["WTF_CSRF_ENABLED"] = False
    for view in made.extensions["abona_admin"]._views:
        if isinstance(view, ModelView):
            view.country = None
    with made.app_context():
        schema.upgrade()
        Gadget.__table__.create(db.engine)  # type: ignore[attr-defined]
        for code, tax_id in (("one", "30990000103"), ("two", "30990000308")):
            companies.create_company("AR", code, tax_id, code=code)
        db.session.commit()
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def rows(app: Flask) -> Iterator[dict[str, int]]:
    """One gadget in each company; removed afterwards. Ids by company code."""
    found = {}
    with app.app_context():
        for one in db.session.scalars(sa.select(Company)):
            with scope.company_scope(one):
                gadget = Gadget(
                    name=f"g-{one.code}",
                    price=Decimal("1234.50"),
                    rate=Decimal("0.035"),
                    token="hush",
                    seen_at=dt.datetime(2026, 11, 3, 15, 30, tzinfo=dt.UTC),
                    since=dt.date(2026, 11, 3),
                )
                db.session.add(gadget)
                db.session.flush()
                found[one.code] = gadget.id
        db.session.commit()
    yield found
    with app.app_context(), scope.every_company():
        for table in (AuditRecord, Gadget, Membership, RolePermission, Role):
            db.session.execute(sa.delete(table))
        db.session.commit()


@pytest.fixture
def browse(app: Flask) -> Callable[..., FlaskClient]:
    """`browse("core.view_jobs")`: a browser of a person with these permissions in company "one"."""

    def enter(*permissions: str) -> FlaskClient:
        mark = f"{len(permissions)}-{dt.datetime.now().timestamp()}"
        with app.app_context():
            one = db.session.scalars(sa.select(Company).where(Company.code == "one")).one()
            role = Role(code=mark, name="r", permissions=[RolePermission(permission=p) for p in permissions])
            user = User(
                email=f"{mark}@example.com",
                name="Ana",
                locale="en",
                password_hash=hash_password("correct horse"),
                memberships=[Membership(company=one, role=role)],
            )
            db.session.add(user)
            db.session.commit()
        client = app.test_client()
        assert (
            client.post("/login", data={"email": f"{mark}@example.com", "password": "correct horse"}).status_code == 302
        )
        return client

    return enter


EDIT = ("core.view_jobs", "core.run_jobs")
URL = "/admin/test-gadget"


def read(app: Flask, row_id: int) -> Any:
    with app.app_context(), scope.every_company():
        found = db.session.get(Gadget, row_id)
        return found and types.SimpleNamespace(
            name=found.name,
            price=found.price,
            rate=found.rate,
            token=found.token,
            seen_at=found.seen_at,
            since=found.since,
            company=found.company_id,
        )


# --- who --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/new/", "/edit/?id=1", "/details/?id=1", "/export/csv/"])
def test_strangers_are_sent_to_the_login(app: Flask, path: str) -> None:
    assert app.test_client().get(URL + path).location.startswith("/login")


def test_without_the_permission_nothing_is_shown(browse: Any) -> None:
    browser = browse("core.view_audit")
    assert browser.get(f"{URL}/").status_code == 403
    assert browser.get("/admin/looks/").status_code == 200
    index = browser.get("/admin/").text
    assert "Looks" in index and "Gadgets" not in index


def test_who_may_look_may_not_change(app: Flask, browse: Any, rows: dict[str, int]) -> None:
    browser = browse("core.view_jobs")
    page = browser.get(f"{URL}/").text
    assert "g-one" in page and "/edit/" not in page and "/new/" not in page and "/delete/" not in page
    assert browser.get(f"{URL}/edit/?id={rows['one']}").status_code == 403
    assert browser.post(f"{URL}/new/", data={"name": "x"}).status_code == 403
    assert browser.post(f"{URL}/delete/", data={"id": rows["one"]}).status_code == 403
    assert browser.post(f"{URL}/action/", data={"action": "delete", "rowid": rows["one"]}).status_code == 403
    assert read(app, rows["one"]).name == "g-one"


def test_a_read_only_view_writes_nothing_whatever_is_sent(app: Flask, browse: Any, rows: dict[str, int]) -> None:
    browser = browse("core.view_audit")
    browser.post(f"/admin/looks/edit/?id={rows['one']}", data={"name": "changed"})
    browser.post("/admin/looks/delete/", data={"id": rows["one"]})
    browser.post("/admin/looks/action/", data={"action": "delete", "rowid": rows["one"]})
    assert read(app, rows["one"]).name == "g-one"


def test_a_view_of_another_country_is_not_there(app: Flask, browse: Any) -> None:
    view = next(one for one in app.extensions["abona_admin"]._views if one.endpoint == "looks")
    view.country = "EC"
    try:
        browser = browse("core.view_audit")
        assert browser.get("/admin/looks/").status_code == 404
        assert "Looks" not in browser.get("/admin/").text
    finally:
        view.country = None


# --- companies ----------------------------------------------------------------------------------------------


def test_rows_of_another_company_are_neither_listed_nor_opened_nor_changed(
    app: Flask, browse: Any, rows: dict[str, int]
) -> None:
    browser, theirs = browse(*EDIT), rows["two"]
    assert "g-two" not in browser.get(f"{URL}/").text
    assert "g-two" not in browser.get(f"{URL}/export/csv/").text
    assert browser.get(f"{URL}/details/?id={theirs}").status_code == 404
    assert browser.get(f"{URL}/edit/?id={theirs}").status_code == 404
    assert browser.post(f"{URL}/edit/?id={theirs}", data={"name": "mine"}).status_code == 404
    browser.post(f"{URL}/delete/", data={"id": theirs})
    browser.post(f"{URL}/action/", data={"action": "delete", "rowid": theirs})
    assert read(app, theirs).name == "g-two"


def test_a_new_row_belongs_to_the_company_in_scope_whatever_is_sent(
    app: Flask, browse: Any, rows: dict[str, int]
) -> None:
    browse(*EDIT).post(f"{URL}/new/", data={"name": "new", "company_id": "2"})
    with app.app_context(), scope.every_company():
        made = db.session.scalars(sa.select(Gadget.company_id).where(Gadget.name == "new")).one()
    assert made == read(app, rows["one"]).company


@pytest.mark.parametrize("key", ["x", "", "1 OR 1=1", "1,2"])
def test_an_id_that_is_none_is_not_found(browse: Any, key: str) -> None:
    assert browse(*EDIT).get(f"{URL}/edit/", query_string={"id": key}).status_code in {302, 404}


# --- our column types ------------------------------------------------------------------------------------------


def test_amounts_and_times_are_read_as_people_write_them(app: Flask, browse: Any, rows: dict[str, int]) -> None:
    browser = browse(*EDIT)
    page = browser.get(f"{URL}/edit/?id={rows['one']}").text
    assert 'value="1234.50"' in page and 'value="0.035"' in page and 'value="2026-11-03T12:30"' in page
    answer = browser.post(
        f"{URL}/edit/?id={rows['one']}",
        data={
            "name": "g-one",
            "price": "9.876,5",
            "rate": "0,123456",
            "seen_at": "2026-12-01T00:15",
            "since": "2026-12-31",
            "active": "y",
        },
    )
    assert answer.status_code == 302
    found = read(app, rows["one"])
    assert (found.price, found.rate, found.since) == (Decimal("9876.50"), Decimal("0.123456"), dt.date(2026, 12, 31))
    assert found.seen_at == dt.datetime(2026, 12, 1, 3, 15, tzinfo=dt.UTC)


def test_too_many_decimals_are_refused_beside_the_field(app: Flask, browse: Any, rows: dict[str, int]) -> None:
    page = browse(*EDIT).post(f"{URL}/edit/?id={rows['one']}", data={"name": "kept text", "price": "1,234567"})
    assert page.status_code == 200 and "field-error" in page.text and 'value="kept text"' in page.text
    assert read(app, rows["one"]).price == Decimal("1234.50")


def test_a_secret_is_never_shown_and_is_kept_when_left_empty(app: Flask, browse: Any, rows: dict[str, int]) -> None:
    browser = browse(*EDIT)
    for path in ("/", f"/edit/?id={rows['one']}", f"/details/?id={rows['one']}", "/export/csv/"):
        assert "hush" not in browser.get(URL + path).text
    browser.post(f"{URL}/edit/?id={rows['one']}", data={"name": "g-one", "token": ""})
    assert read(app, rows["one"]).token == "hush"
    browser.post(f"{URL}/edit/?id={rows['one']}", data={"name": "g-one", "token": "new secret"})
    assert read(app, rows["one"]).token == "new secret"
    with app.app_context():
        recorded = db.session.scalars(sa.select(AuditRecord.changes)).all()
        assert "new secret" not in str(recorded) and "hush" not in str(recorded)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("flt0_price_greater_than=1.000,00", True),
        ("flt0_price_greater_than=1234,50", False),
        ("flt0_price_equals=1234,5", True),
        ("flt0_price_smaller_than=1234,50", False),
        ("flt0_seen_at_since=2026-11-03", True),
        ("flt0_seen_at_since=2026-11-04", False),
        ("flt0_seen_at_before=2026-11-03", False),
        ("search=G-ONE", True),
        ("search=nothing", False),
    ],
)
def test_filters_compare_exactly_and_in_the_zone_of_the_company(browse: Any, query: str, shown: bool) -> None:
    assert ("g-one" in browse(*EDIT).get(f"{URL}/?{query}").text) is shown


# --- words, records, exports ------------------------------------------------------------------------------------


def test_a_name_taken_is_told_beside_the_field(browse: Any) -> None:
    page = browse(*EDIT).post(f"{URL}/new/", data={"name": "g-one"})
    assert "field-error" in page.text


def test_a_conflict_that_only_the_database_sees_is_told_in_words_without_sql(browse: Any) -> None:
    page = browse(*EDIT).post(f"{URL}/new/", data={"name": "g-two"})  # another company's, which the form cannot see
    assert "there is already a record like it" in page.text
    assert "INSERT" not in page.text and "UNIQUE" not in page.text


def test_every_change_is_on_record_with_before_and_after(app: Flask, browse: Any, rows: dict[str, int]) -> None:
    browser = browse(*EDIT)
    browser.post(f"{URL}/edit/?id={rows['one']}", data={"name": "renamed", "active": "y"})
    browser.post(f"{URL}/delete/", data={"id": rows["one"]})
    with app.app_context():
        edited, deleted = db.session.scalars(
            sa.select(AuditRecord).where(AuditRecord.action.startswith("admin.")).order_by(AuditRecord.id)
        )
        assert edited.changes["name"] == ["g-one", "renamed"]
        assert (deleted.action, deleted.object_id, deleted.label) == ("admin.delete", rows["one"], "renamed")


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)"])
def test_an_export_runs_no_formula(app: Flask, browse: Any, name: str) -> None:
    browser = browse(*EDIT)
    browser.post(f"{URL}/new/", data={"name": name, "price": "-5"})
    text = browser.get(f"{URL}/export/csv/").text
    assert f"'{name}" in text and ",-5.00," in text


def test_no_page_holds_inline_handlers(browse: Any, rows: dict[str, int]) -> None:
    browser = browse(*EDIT)
    for path in ("/", "/new/", f"/edit/?id={rows['one']}", f"/details/?id={rows['one']}"):
        page = browser.get(URL + path).text
        assert not re.search(r"\son[a-z]+=|javascript:|\sstyle=", page), path


def test_a_view_without_permission_or_with_inline_editing_cannot_be_made(app: Flask) -> None:
    class Open(ModelView):
        pass

    class Inline(ModelView):
        permission = "core.view_jobs"
        column_editable_list = ("name",)

    for kind in (Open, Inline):
        with pytest.raises(TypeError), app.app_context():
            kind(Gadget, endpoint=kind.__name__)
