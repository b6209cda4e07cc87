"""What of ours a subscriber has at home."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, Model, UTCDateTime
from modules.contracts.models.contracts import Contract


class Equipment(CompanyScoped, Model):
    """A device lent with a contract: out until it came back, or did not."""

    __tablename__ = "contracts_equipment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_contract.id"), index=True)
    what: Mapped[str] = mapped_column(sa.String(100))
    serial: Mapped[str] = mapped_column(sa.String(60), default="")
    given_on: Mapped[dt.date] = mapped_column(sa.Date)
    # what is charged where it does not come back; null: nobody said
    value: Mapped[Decimal | None] = mapped_column(Amount)
    # out -> returned | lost
    state: Mapped[str] = mapped_column(sa.String(10), default="out")
    ended_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    charge_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contracts_charge.id"), unique=True)
    form_key: Mapped[str | None] = mapped_column(sa.String(64))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    contract: Mapped[Contract] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("company_id", "form_key"),
        sa.CheckConstraint("state IN ('out', 'returned', 'lost')", name="state"),
        sa.Index("ix_contracts_equipment_list", "company_id", "state", "given_on", "id"),
        sa.Index("ix_contracts_equipment_serial", "company_id", "serial"),
    )
