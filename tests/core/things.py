"""A made-up table and its list, with every kind of column, filter and action: what the tests of lists work on.

A test file that imports `_app` from here runs on an app that has this list at /things.
"""

from __future__ import annotations

import datetime as dt
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask, render_template_string
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import config, lists, modules, schema, scope
from core.app import create_app
from core.db import Amount, BigId, CompanyScoped, Model, Scaled, UTCDateTime, db, write_rows
from core.errors import DomainError
from core.forms import DataRequired, Form, StringField
from core.lists import Action, Amounts, Bundle, Choice, Choices, Column, Dates, Done, List, Relation, Text
from core.models import User
from core.security import require
from tests.installation import fresh_database

STATES = {"open": ("Abierta", "warn"), "closed": ("Cerrada", "ok")}


class Thing(CompanyScoped, Model):
    """A row with every type of column."""

    __tablename__ = "test_thing"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    day: Mapped[dt.date] = mapped_column(sa.Date)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(sa.String(10), default="open")
    amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    currency: Mapped[str] = mapped_column(sa.String(3), default="ARS")
    rate: Mapped[Decimal | None] = mapped_column(Scaled(6))
    active: Mapped[bool] = mapped_column(default=True)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))

    __table_args__ = (sa.Index("ix_test_thing_day", "company_id", "day", "id"),
                      sa.Index("ix_test_thing_name", "company_id", "name", "id"))


Model.metadata.remove(Thing.__table__)  # type: ignore[arg-type]  # migrations must not see it


class RenameForm(Form):
    name = StringField("Nombre", [DataRequired()])


def close(thing_id: int, _values: dict[str, Any]) -> str:
    """Close one thing; negative ones are refused, and a fault waits in one of them."""
    thing = db.session.get_one(Thing, thing_id)
    if thing.amount < 0:
        raise DomainError(f"{thing.name} debe menos que nada.")
    if thing.name == "faulty":
        raise KeyError("secret detail")
    before, thing.state = thing.state, "closed"
    db.session.flush()
    return before


def reopen(ids: Sequence[int], notes: Any) -> None:
    for thing in db.session.scalars(sa.select(Thing).where(Thing.id.in_(ids))):
        thing.state = notes[thing.id]


def double(ids: Sequence[int], _values: dict[str, Any]) -> Done:
    """Double the amounts of a chunk at once; the whole chunk is refused where one of it is not active."""
    passive = db.session.scalar(sa.select(Thing.name).where(Thing.id.in_(ids), Thing.active.is_(False)))
    db.session.execute(sa.update(Thing).where(Thing.id.in_(ids)).values(amount=Thing.amount + Thing.amount)
                       .execution_options(synchronize_session=False))
    if passive:
        raise DomainError(f"{passive} no está activa.")
    return Done()


def rename(ids: Sequence[int], values: dict[str, Any]) -> None:
    db.session.execute(sa.update(Thing).where(Thing.id.in_(ids)).values(name=values["name"])
                       .execution_options(synchronize_session=False))


def find_people(text: str, limit: int) -> list[tuple[int, str]]:
    rows = db.session.scalars(sa.select(User).where(User.email.contains(text)).order_by(User.id).limit(limit))
    return [(user.id, user.email) for user in rows]


def name_people(ids: Sequence[int]) -> dict[int, str]:
    return {user.id: user.email for user in db.session.scalars(sa.select(User).where(User.id.in_(ids)))}


def bundled(session: Session, ids: Sequence[int], parts: Sequence[str]) -> Iterator[tuple[int, str, bytes]]:
    """A text of each thing and kind, in a folder of its own; what is closed has nothing."""
    for thing in session.scalars(sa.select(Thing).where(Thing.id.in_(ids), Thing.state == "open").order_by(Thing.id)):
        for part in parts:
            yield thing.id, f"../{thing.day:%Y-%m}/{thing.id}/{part}.txt", str(getattr(thing, part)).encode()


THINGS = lists.register(List(
    "test.things", "Cosas", Thing, "core.view_jobs",
    related=lambda statement: statement.outerjoin(User, User.id == Thing.owner_id),
    columns=(
        Column("name", "Nombre", Thing.name, sort=True, lead=True),
        Column("day", "Día", Thing.day, sort=True),
        Column("at", "Momento", Thing.at),
        Column("state", "Estado", Thing.state, words=STATES),
        Column("amount", "Importe", Thing.amount, currency=Thing.currency, total=True),
        Column("rate", "Tasa", Thing.rate),
        Column("active", "Activa", Thing.active),
        Column("owner", "Dueño", User.name),
        Column("loud", "En voz alta", lambda row: row.name.upper(), default=False),
    ),
    filters=(
        Text("q", "Buscar", Thing.name),
        Choice("state", "Estado", Thing.state, STATES, chips=True),
        Choices("states", "Estados", Thing.state, STATES),
        Dates("day", "Día", Thing.day),
        Dates("at", "Momento", Thing.at),
        Amounts("amount", "Importe", Thing.amount),
        Relation("owner", "Dueño", Thing.owner_id, search=find_people, labels=name_people),
    ),
    actions=(
        Action("close", "Cerrar", "core.run_jobs", each=close, undo=reopen, only=Thing.state == "open", chunk=10),
        Action("double", "Duplicar", "core.run_jobs", apply=double, chunk=64),
        Action("rename", "Renombrar", "core.view_audit", apply=rename, form=RenameForm),
    ),
    link=lambda thing: f"/things/{thing.id}", file=Thing.file_id, sort="-day",
    bundle=Bundle("De cada cosa", lambda: {"name": "Su nombre", "day": "Su día"}, bundled, usual=("name",))))
# the same rows, of one owner only, in the order of their ids
OWNED = lists.register(List(
    "test.owned", "De uno", Thing, "core.view_jobs", columns=THINGS.columns[:2],
    select=lambda owner_id: sa.select(Thing).where(Thing.owner_id == owner_id)))

bp = Blueprint("things", __name__)
lists.attach(bp, "/things", THINGS)
lists.attach(bp, "/owners/<int:owner_id>/things", OWNED)


@bp.get("/owners/<int:owner_id>")
@require("core.view_jobs")
def owner(owner_id: int) -> str:
    """A page that shows the list among other things, limited to one owner."""
    shown = lists.show(THINGS, fixed={"owner": owner_id})
    page = '{% import "lists.html" as ls with context %}{{ ls.controls(shown) }}{{ ls.body(shown) }}'
    return render_template_string(page, shown=shown)


@contextmanager
def app_with_things(folder: Path, database_url: str) -> Iterator[Flask]:
    """An app with the list of things, on a database of its own."""
    real = modules.parts

    def parts(names: Any, file: str) -> Iterator[tuple[str, Any]]:
        if file == "views":
            yield "things", types.SimpleNamespace(bp=bp)
        yield from real(names, file)

    modules.parts = parts  # type: ignore[assignment]
    try:
        made = create_app(config.load(instance=folder, database_url=database_url, redis_url="", secret_key="k",
                                      testing=True))
    finally:
        modules.parts = real
    with made.app_context():
        schema.upgrade()
        Thing.__table__.create(db.engine)  # type: ignore[attr-defined]
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def _app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """In place of the app of the run: one that has the list of things."""
    folder = tmp_path_factory.mktemp("things")
    with fresh_database(folder) as url, app_with_things(folder, url) as made:
        yield made


def make(count: int, company_id: int, **values: Any) -> list[int]:
    """Write so many things of a company; their ids. A value may be a function of the number."""
    given: dict[str, Any] = {
        "name": lambda n: f"cosa {n:06d}", "day": lambda n: dt.date(2026, 1, 1) + dt.timedelta(days=n % 300),
        "at": lambda n: dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC) + dt.timedelta(seconds=n),
        "state": lambda n: "open" if n % 3 else "closed", "amount": lambda n: Decimal(n).scaleb(-2),
        "currency": "ARS", "rate": None, "active": True, "owner_id": None, "file_id": None, **values}
    with scope.every_company():
        first = (db.session.scalar(sa.select(sa.func.max(Thing.id))) or 0) + 1
    for begin in range(0, count, 10_000):
        write_rows(Thing.__table__, [
            {"id": first + n, "company_id": company_id,
             **{name: one(n) if callable(one) else one for name, one in given.items()}}
            for n in range(begin, min(begin + 10_000, count))])
    db.session.commit()
    return list(range(first, first + count))
