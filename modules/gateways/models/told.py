"""What a network that asks us told, with what we answered: asked again, it gets the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime


class Told(CompanyScoped, Model):
    """A payment or a reversal by the network's own number: once, with one content and one answer."""

    __tablename__ = "gateways_told"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    number: Mapped[str] = mapped_column(sa.String(64))
    # pay, reverse
    verb: Mapped[str] = mapped_column(sa.String(8))
    # what was told; the same number with another content is refused
    content: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # of a reversal: its payment never came
    kept: Mapped[bool] = mapped_column(default=False)
    transaction_id: Mapped[int | None] = mapped_column(sa.ForeignKey("gateways_transaction.id"), index=True)
    told_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("account_id", "number", "verb"),
                      sa.CheckConstraint("verb IN ('pay', 'reverse')", name="verb"))
