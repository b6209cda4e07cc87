"""How a company's documents look. A design is never changed: editing makes the next revision.

Each issued document names the revision it was drawn with, so that a reprint years later is the same.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime

# The blocks that may be left out or put in another order. Head, parties, amount due and the legal foot are fixed.
BLOCKS = ("plan", "pay", "lines", "taxes", "payments", "debt", "text")


class InvoiceDesign(CompanyScoped, Model):
    """One revision of the company's document design; the newest is used for new documents."""

    __tablename__ = "accounting_invoice_design"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int]
    # names out of BLOCKS, in the order of printing
    blocks: Mapped[list[str]] = mapped_column(JSONText, default=lambda: list(BLOCKS))
    # {"text": free text, "bank": bank information, "footer": foot of every page, "receipt": foot of receipts}
    texts: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # "#rrggbb"; empty: the company's colour
    color: Mapped[str] = mapped_column(sa.String(7), default="")
    # core_file.id of the logo; empty: the company's logo
    logo_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "revision"),)
