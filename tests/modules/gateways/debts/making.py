"""Making a file of debts, and looking at it."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db
from modules.gateways import files_out
from modules.gateways.models import Account, DebtLine, File, FileProblem


def make(account: Account, reason: str = "") -> File:
    """Begin and make it."""
    row = files_out.begin(account, reason=reason)
    db.session.commit()
    files_out.make(row.id)
    return row


def text(row: File) -> list[str]:
    """Its lines."""
    with files_out.content(row) as file:
        return file.read().decode("latin-1").splitlines()


def lines(row: File) -> list[DebtLine]:
    return list(db.session.scalars(sa.select(DebtLine).where(DebtLine.file_id == row.id).order_by(DebtLine.position)))


def left_out(row: File) -> list[tuple[int | None, str]]:
    return [(one.invoice_id, one.code) for one in db.session.scalars(
        sa.select(FileProblem).where(FileProblem.file_id == row.id).order_by(FileProblem.invoice_id))]
