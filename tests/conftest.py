"""One app and schema per run; each test inside an outer transaction that is rolled back.

The same tests run on SQLite, or on PostgreSQL when ABONA_TEST_DATABASE_URL names a server.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from core import clock, companies, config, heartbeats, jobs, schema, scope
from core.app import create_app
from core.db import db
from core.models import Company, Membership, Role, RolePermission, User
from tests.installation import Installation, RedisServer, fresh_database, own_redis

# a beat in the middle of a job would use the one connection of the test from a thread of its own
heartbeats.EVERY = 86_400.0
# a busy machine fails no test
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins."""
    def is_long(item: pytest.Item) -> bool:
        return any(item.iter_markers("slow")) or any(item.iter_markers("browser"))

    items.sort(key=lambda item: not is_long(item))


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of this run's own, its tables there."""
    with fresh_database(tmp_path_factory.mktemp("database"), migrated=True) as url:
        yield url


@pytest.fixture(scope="session")
def _app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    instance = tmp_path_factory.mktemp("instance")
    app = create_app(config.load(instance=instance, database_url=database_url, redis_url="", secret_key="test-key",
                                 testing=True))
    with app.app_context():
        schema.upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(_app: Flask) -> Iterator[Flask]:
    """The app, its database wrapped in a transaction that ends with the test."""
    with _app.app_context():
        real = db.engine
        connection = real.connect()
        outer = connection.begin()
        engines = db._app_engines[_app]  # the only place that reaches into Flask-SQLAlchemy
        engines[None] = connection  # type: ignore[assignment]
        db.session.remove()
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            yield _app
        finally:
            db.session.remove()
            outer.rollback()
            connection.close()
            engines[None] = real


@pytest.fixture
def instance(app: Flask) -> Path:
    """The instance folder of the test app."""
    return Path(app.extensions["abona"].instance)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation of the test's own, its tables there, not yet made: `installation.init()` makes it."""
    with fresh_database(tmp_path, migrated=True) as url:
        yield from _installed(tmp_path, url)


@pytest.fixture
def empty_installation(tmp_path: Path) -> Iterator[Installation]:
    """The same without tables, where it matters how they come."""
    with fresh_database(tmp_path) as url:
        yield from _installed(tmp_path, url)


def _installed(place: Path, database_url: str) -> Iterator[Installation]:
    (folder := place / "instance").mkdir()
    made = Installation(folder, database_url)
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own; skips where Redis is not tested."""
    with own_redis() as server:
        yield server


@pytest.fixture
def company(app: Flask) -> Iterator[Company]:
    """An Argentine responsable inscripto in scope, with everything that a new company gets."""
    made = companies.create_company(
        "AR", "Río Cuarto Wireless S.A.", "30990000103", code="rcw", tax_condition="RI", street="Sobremonte 550",
        city="Río Cuarto", region="X", postal_code="5800", email="cobros@rcw.example", phone="+543584000000")
    db.session.commit()
    with scope.company_scope(made):
        yield made


@pytest.fixture
def other_company(app: Flask) -> Company:
    """A second company of the same installation, to prove that nothing leaks."""
    made = companies.create_company("AR", "Otra S.A.", "30990000308", code="otra", tax_condition="RI")
    db.session.commit()
    return made


@pytest.fixture
def frozen() -> Iterator[Callable[..., dt.datetime]]:
    """`frozen(2026, 11, 3, 12)` holds the clock at that time (UTC) until the test ends."""
    stack: list[Any] = []

    def hold(*parts: int) -> dt.datetime:
        moment = dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]
        context = clock.freeze(moment)
        context.__enter__()
        stack.append(context)
        return moment

    yield hold
    for context in reversed(stack):
        context.__exit__(None, None, None)


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Run every due job until none is left; how many ran."""
    return jobs.run_jobs


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


@pytest.fixture
def make_user(company: Company) -> Callable[..., User]:
    """`make_user("crm.view_customers", ...)`: a person with exactly these permissions in the company."""

    def make(*permissions: str, email: str | None = None, admin: bool = False) -> User:
        from core.security import hash_password

        mark = uuid.uuid4().hex[:8]
        user = User(email=email or f"u{mark}@example.com", name="Ana", is_admin=admin, locale="es",
                    password_hash=hash_password("correct horse"))
        if permissions:
            role = Role(code=f"r{mark}", name="Rol", permissions=[RolePermission(permission=p) for p in permissions])
            user.memberships.append(Membership(company=company, role=role))
        db.session.add(user)
        db.session.commit()
        return user

    return make


@pytest.fixture
def login(client: FlaskClient, make_user: Callable[..., User]) -> Callable[..., FlaskClient]:
    """`login("crm.view_customers")`: a browser of a person with these permissions; `login(admin=True)` may do all."""

    def enter(*permissions: str, admin: bool = False) -> FlaskClient:
        user = make_user(*permissions, admin=admin)
        response = client.post("/login", data={"email": user.email, "password": "correct horse"})
        assert response.status_code == 302, response.get_data(as_text=True)
        return client

    return enter
