"""Column types: amounts are exact, times are UTC, secrets are unreadable in the database, NULL stays NULL."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, mapped_column

from core import crypto, secrets_store
from core.crypto import SecretUnreadable
from core.db import Amount, BigId, JSONText, Model, Scaled, UTCDateTime, db, secret
from core.types import Encrypted, render_item


class Sample(Model):
    """One column of each type."""

    __tablename__ = "test_types_sample"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    price: Mapped[Decimal | None] = mapped_column(Amount)
    rate: Mapped[Decimal | None] = mapped_column(Scaled(6))
    at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    hidden: Mapped[str | None] = secret()
    facts: Mapped[Any] = mapped_column(JSONText, nullable=True)


@pytest.fixture(autouse=True)
def table(app: Flask) -> Iterator[None]:
    Sample.__table__.create(db.session.connection())  # type: ignore[attr-defined]
    db.session.flush()
    yield
    db.session.rollback()


def stored(**values: Any) -> Sample:
    """The row, read back from the database."""
    row = Sample(**values)
    db.session.add(row)
    db.session.flush()
    row_id = row.id
    db.session.expunge_all()
    found = db.session.get(Sample, row_id)
    assert found is not None
    return found


def raw(column: str) -> Any:
    return db.session.execute(sa.text(f"SELECT {column} FROM test_types_sample")).scalar()


@pytest.mark.parametrize("text", ["0.10", "-0.01", "12345678901234.56", "9007199254740993.01", "0.00", "7"])
def test_an_amount_comes_back_to_the_cent(text: str) -> None:
    assert stored(price=Decimal(text)).price == Decimal(text)
    assert raw("price") == int(Decimal(text) * 100)


def test_a_thousand_dimes_are_a_hundred() -> None:
    db.session.execute(sa.insert(Sample), [{"price": Decimal("0.10")} for _n in range(1000)])
    assert db.session.scalar(sa.select(sa.func.sum(Sample.price))) == Decimal("100.00")


def test_amounts_are_compared_as_amounts() -> None:
    stored(price=Decimal("10.05"))
    for condition in (Sample.price == Decimal("10.05"), Sample.price > Decimal("10.04"), Sample.price < 11,
                      Sample.price.in_([Decimal("10.05")]), Sample.price.between(Decimal("10"), Decimal("10.05"))):
        assert db.session.scalar(sa.select(sa.func.count()).where(condition)) == 1


@pytest.mark.parametrize("value, error", [(0.1, TypeError), (Decimal("0.001"), ValueError)])
def test_what_is_not_exact_is_refused_instead_of_rounded(value: Any, error: type[Exception]) -> None:
    with pytest.raises(StatementError) as caught:
        stored(price=value)
    assert isinstance(caught.value.orig, error)
    db.session.rollback()


def test_a_rate_has_six_decimals() -> None:
    assert stored(rate=Decimal("0.123456")).rate == Decimal("0.123456")
    with pytest.raises(StatementError):
        stored(rate=Decimal("0.1234567"))
    db.session.rollback()


def test_a_moment_comes_back_in_utc_whatever_zone_it_was_in() -> None:
    local = dt.datetime(2026, 11, 3, 9, 30, 1, 250000, tzinfo=ZoneInfo("America/Argentina/Buenos_Aires"))
    found = stored(at=local).at
    assert found == local and found is not None and found.tzinfo == dt.UTC and found.hour == 12
    assert db.session.scalar(sa.select(sa.func.count()).where(Sample.at == local)) == 1


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(StatementError):
        stored(at=dt.datetime(2026, 11, 3))
    db.session.rollback()


def test_nothing_stays_nothing() -> None:
    found = stored()
    assert (found.price, found.rate, found.at, found.hidden, found.facts) == (None,) * 5


def test_a_json_column_keeps_decimals_and_dates_as_text() -> None:
    facts = {"amount": Decimal("12.30"), "on": dt.date(2026, 11, 3), "list": [1, None, "Ñ"]}
    assert stored(facts=facts).facts == {"amount": "12.30", "on": "2026-11-03", "list": [1, None, "Ñ"]}


# --- secrets ---------------------------------------------------------------------------------------------------


def with_keys(app: Flask, monkeypatch: pytest.MonkeyPatch, secret_key: str, *encryption_keys: str) -> None:
    settings = dataclasses.replace(app.extensions["abona"], secret_key=secret_key, encryption_keys=encryption_keys)
    monkeypatch.setitem(app.extensions, "abona", settings)


def test_a_secret_is_read_back_and_cannot_be_read_in_the_database() -> None:
    assert stored(hidden="clave fiscal").hidden == "clave fiscal"
    assert "clave" not in raw("hidden")


def test_a_secret_is_not_loaded_with_its_row() -> None:
    assert "hidden" in sa.inspect(stored(hidden="x")).unloaded


def test_a_lost_key_hurts_only_who_needs_the_secret(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    row = stored(hidden="x", price=Decimal(1))
    with_keys(app, monkeypatch, "another key")
    assert row.price == 1
    with pytest.raises(SecretUnreadable, match=r"secret\.key"):
        _ = row.hidden


def test_a_new_key_writes_and_the_old_ones_still_read(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    old = crypto.encrypt("x")
    first = app.extensions["abona"].secret_key
    with_keys(app, monkeypatch, first, "new key")
    assert crypto.decrypt(old) == "x"
    new = crypto.rotate(old)
    with_keys(app, monkeypatch, "new key")
    assert crypto.decrypt(new) == "x"
    with pytest.raises(SecretUnreadable):
        crypto.decrypt(old)


def test_rotating_reaches_every_encrypted_column_and_counts_what_it_cannot_open(
        app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(hidden="x")
    db.session.execute(sa.text("INSERT INTO test_types_sample (id, hidden) VALUES (900, 'gAAAA nonsense')"))
    before = raw("hidden")
    first = app.extensions["abona"].secret_key
    with_keys(app, monkeypatch, first, "new key")
    columns = [(Sample.__table__, Sample.__table__.c.hidden)]
    monkeypatch.setattr(secrets_store, "encrypted_columns", lambda: iter(columns))
    assert secrets_store.rotate_all() == (1, 1)
    assert raw("hidden") != before and secrets_store.unreadable() == ["test_types_sample.hidden"]


def test_the_product_s_secrets_are_found_by_their_type() -> None:
    found = {f"{table.name}.{column.name}" for table, column in secrets_store.encrypted_columns()}
    assert "core_user.totp_secret" in found and not [name for name in found if name.startswith("test_")]


def test_a_keyed_hash_depends_on_the_installation(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    one = crypto.keyed_hash("token")
    assert one == crypto.keyed_hash("token") and len(one) == 64
    with_keys(app, monkeypatch, "another key")
    assert crypto.keyed_hash("token") != one


@pytest.mark.parametrize("item, text", [
    (Amount(), "sa.BigInteger()"), (Scaled(6), "sa.BigInteger()"), (UTCDateTime(), "sa.DateTime(timezone=True)"),
    (Encrypted(), "sa.Text()"), (BigId, 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")')])
def test_migrations_are_written_without_the_product_s_types(item: Any, text: str) -> None:
    assert render_item("type", item, None) == text
    assert render_item("type", sa.String(5), None) is False
