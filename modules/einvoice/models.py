"""Legal documents, and the sequences in which the authority counts them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime
from modules.accounting.models import Invoice
from modules.einvoice.states import STATES


class Sequence(CompanyScoped, Model):
    """One run of consecutive numbers: a series (point of sale) and a kind of document, in one environment."""

    __tablename__ = "einvoice_sequence"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    country: Mapped[str] = mapped_column(sa.String(2))
    # rehearsal, testing, production: each counts by itself
    environment: Mapped[str] = mapped_column(sa.String(12))
    series: Mapped[str] = mapped_column(sa.String(20))
    # the authority's code of the document kind, as text without zeros
    kind: Mapped[str] = mapped_column(sa.String(10))
    # the last number that the authority is known to have authorised
    last_number: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    # its date: where the law wants dates in order, the next document is not older
    last_date: Mapped[dt.date | None] = mapped_column(sa.Date)
    # why nothing is sent until a person has looked: another program issues here, wrong environment, closed series
    blocked_code: Mapped[str] = mapped_column(sa.String(40), default="")
    blocked_reason: Mapped[str] = mapped_column(sa.Text, default="")
    # what the authority or the line last said while it could not be reached; "" when all is well
    trouble: Mapped[str] = mapped_column(sa.Text, default="")
    trouble_since: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    next_try: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    failures: Mapped[int] = mapped_column(default=0)
    # of paper that is written by hand: each document brings its number, and none is ever given here
    by_hand: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # [[first, last]]: numbers of another program that a person accepted
    skipped: Mapped[list[list[int]]] = mapped_column(JSONText, default=list)

    __table_args__ = (sa.UniqueConstraint("company_id", "environment", "series", "kind"),)

    def __str__(self) -> str:
        return f"{self.series}/{self.kind}"


class Document(CompanyScoped, Model):
    """What makes an invoice a legal document: its number and the authority's word on it. One per invoice."""

    __tablename__ = "einvoice_document"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), unique=True)
    # null while the invoice could not even be put into a request
    sequence_id: Mapped[int | None] = mapped_column(sa.ForeignKey("einvoice_sequence.id"))
    country: Mapped[str] = mapped_column(sa.String(2))
    environment: Mapped[str] = mapped_column(sa.String(12))
    state: Mapped[str] = mapped_column(sa.String(12), default="pending")
    series: Mapped[str] = mapped_column(sa.String(20), default="")
    kind: Mapped[str] = mapped_column(sa.String(10), default="")
    number: Mapped[int | None] = mapped_column(sa.BigInteger)
    # the number of the last attempt; an answer may still come for it after the authority said that it was free
    tried_number: Mapped[int | None] = mapped_column(sa.BigInteger)
    # date on the document, which decides its place in the sequence
    issue_date: Mapped[dt.date] = mapped_column(sa.Date)
    # CAE, authorisation number, CUFE, UUID, hash
    authorization_code: Mapped[str] = mapped_column(sa.String(120), default="")
    valid_until: Mapped[dt.date | None] = mapped_column(sa.Date)
    # as sent and as answered, in the authority's own names
    request: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    response: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # [{"code", "message"}]: said together with an authorisation, not errors
    observations: Mapped[list[dict[str, str]]] = mapped_column(JSONText, default=list)
    # [{"code", "message", "field"}]: why it was refused
    problems: Mapped[list[dict[str, str]]] = mapped_column(JSONText, default=list)
    # code of the first problem: documents refused for the same cause are mended together
    cause: Mapped[str] = mapped_column(sa.String(40), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # when it became valid to hand over before the authority had decided; what is refused after that is withdrawn
    signed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    decided_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    # what only one country has and nothing queries
    data: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)

    sequence: Mapped[Sequence | None] = relationship()
    invoice: Mapped[Invoice] = relationship()

    __table_args__ = (
        sa.CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        # signed and authorised mean: numbered, with the provider's or the authority's code
        sa.CheckConstraint("state NOT IN ('signed', 'authorized') OR (number IS NOT NULL AND "
                           "authorization_code <> '')", name="authorized_is_complete"),
        sa.UniqueConstraint("company_id", "environment", "series", "kind", "number"),
        # the work queue of a sequence, and what is in flight on it; not partial, for SQLite would not use it then
        sa.Index("ix_einvoice_document_queue", "sequence_id", "state", "issue_date", "id"),
        sa.Index("ix_einvoice_document_list", "company_id", "state", "id"),
        sa.Index("ix_einvoice_document_date", "company_id", "issue_date", "id"),
        sa.Index("ix_einvoice_document_sequence", "sequence_id", "number"),
    )

    @property
    def currency(self) -> str:
        """That of the invoice."""
        return self.invoice.currency

    def __str__(self) -> str:
        return f"{self.series}-{self.number:08d}" if self.number else f"#{self.id}"


class DocumentFile(Model):
    """A file that belongs to a document: what was sent, what was answered. One of each role."""

    __tablename__ = "einvoice_document_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("einvoice_document.id"))
    # xml, answer, cdr, pdf
    role: Mapped[str] = mapped_column(sa.String(10))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("core_file.id"), index=True)

    __table_args__ = (sa.UniqueConstraint("document_id", "role"),)
