"""Numbers that the company gives itself: receipts, and documents that no authority numbers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.db import db, insert_new
from core.scope import current_company_id
from modules.accounting.models import Numbering

RECEIPT = "receipt"


def take(name: str, count: int = 1) -> list[int]:
    """The next numbers of a sequence; its row stays locked until the transaction ends, so that there are no gaps."""
    if count <= 0:
        return []
    table: Any = Numbering.__table__
    company_id = current_company_id()
    insert_new(table, [{"company_id": company_id, "name": name, "next_number": 1}], ("company_id", "name"))
    after = db.session.scalar(
        sa.update(table).where(table.c.company_id == company_id, table.c.name == name)
        .values(next_number=table.c.next_number + count).returning(table.c.next_number))
    return list(range(after - count, after))
