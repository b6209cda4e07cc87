"""Column types: exact money as scaled integers, aware UTC times, encrypted secrets, JSON."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from core import crypto

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSONText = sa.JSON().with_variant(JSONB(), "postgresql")


class Scaled(TypeDecorator[Decimal]):
    """A Decimal of at most `places` decimals, stored as an integer of that scale.

    A float is refused with TypeError, more decimals than the scale with ValueError: nothing is rounded silently.
    """

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, places: int = 6) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        return None if value is None else self.whole(value)

    def whole(self, value: Any) -> int:
        """The integer that stands for a value."""
        if isinstance(value, float):
            raise TypeError(f"a float is not exact: {value!r}; give a Decimal")
        scaled = (value if type(value) is Decimal else Decimal(value)).scaleb(self.places)
        if scaled != (whole := int(scaled)):
            raise ValueError(f"{value} has more than {self.places} decimals")
        return whole

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)


class Amount(Scaled):
    """Money: a Decimal of two decimals, stored in minor units."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(2)


class UTCDateTime(TypeDecorator[dt.datetime]):
    """An aware moment, stored and returned in UTC; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Encrypted(TypeDecorator[str]):
    """Secret text, encrypted with the installation's key. Use `core.db.secret()` to declare such a column."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else crypto.encrypt(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else crypto.decrypt(value)


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """How alembic writes our types into a migration: as plain SQLAlchemy types, without importing the product."""
    if kind != "type":
        return False
    if isinstance(item, Scaled):
        return "sa.BigInteger()"
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Encrypted):
        return "sa.Text()"
    if isinstance(item, sa.BigInteger) and "sqlite" in item._variant_mapping:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    if isinstance(item, sa.JSON) and "postgresql" in item._variant_mapping:
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False
