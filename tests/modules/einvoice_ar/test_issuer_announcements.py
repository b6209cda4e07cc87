"""ARCA's announcements are kept once and shown until they are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.einvoice_ar import access
from modules.einvoice_ar.client import Message
from modules.einvoice_ar.models import Notice


def test_the_same_announcement_is_kept_once_and_leaves_when_seen(company: Company, login: Callable[..., Any]) -> None:
    for _time in range(3):
        access.note_events((Message("39", "Nueva obligacion RG 5616"),))
    db.session.commit()
    notice = db.session.scalars(sa.select(Notice)).one()
    browser = login("einvoice.view_documents")
    assert "Nueva obligacion RG 5616" in browser.get("/").get_data(as_text=True)
    browser.post(f"/einvoice-ar/announcements/{notice.id}/seen")
    assert "Nueva obligacion" not in browser.get("/").get_data(as_text=True)
