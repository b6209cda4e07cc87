"""That an invoice was taken back whole and issued again to the right receiver."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, Model, UTCDateTime
from modules.accounting.models.documents import Invoice


class Replacement(CompanyScoped, Model):
    """Three documents that belong together: the wrong invoice, its credit note, the right invoice. Once per invoice."""

    __tablename__ = "accounting_replacement"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    wrong_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), unique=True)
    note_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), unique=True)
    right_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), unique=True)
    reason: Mapped[str] = mapped_column(sa.String(300))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    wrong: Mapped[Invoice] = relationship(foreign_keys=wrong_id)
    note: Mapped[Invoice] = relationship(foreign_keys=note_id)
    right: Mapped[Invoice] = relationship(foreign_keys=right_id)
