"""The chart of notices on the home page: what became of them, by channel."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.notifications.models import Message
from modules.notifications.services import notify

VIEW = "notifications.view_messages"


def test_notices_of_the_week_by_what_became_of_them(login: Any, make_customer: Callable[..., Any], run_jobs: Any,
                                                    frozen: Any) -> None:
    """One is sent, one has no address; one of nine days ago is not counted."""
    frozen(2026, 11, 1, 15)
    notify(make_customer("old@example.com"), "test.bill", "invoice:1", {"amount": "$ 10"})
    db.session.commit()
    run_jobs()
    frozen(2026, 11, 10, 15)
    notify(make_customer("ana@example.com"), "test.bill", "invoice:2", {"amount": "$ 10"})
    notify(make_customer(), "test.bill", "invoice:3", {"amount": "$ 10"})
    db.session.commit()
    run_jobs()
    page = login(VIEW).get("/").text.split("chart-notices-email", 1)[1].split("</figure>")[0]
    parts = re.findall(r'<a href="([^"]+)">([^<]+)</a><strong>(\d+)</strong>', page)
    assert [(words, count) for _url, words, count in parts] == [("Enviados", "1"), ("Sin dirección", "1")]
    listed = login(VIEW).get(html.unescape(parts[0][0])).text
    assert "ana@example.com" in listed and "old@example.com" not in listed
    assert "chart-notices" not in login("crm.view_customers").get("/").text


def test_each_channel_has_its_bar(login: Any, make_customer: Callable[..., Any]) -> None:
    notify(make_customer("ana@example.com"), "test.bill", "invoice:1", {"amount": "$ 10"})
    notify(make_customer("eva@example.com"), "test.bill", "invoice:2", {"amount": "$ 10"})
    db.session.flush()
    first = db.session.scalars(sa.select(Message).order_by(Message.id)).first()
    assert first is not None
    first.channel = "sms"
    db.session.commit()
    page = login(VIEW).get("/").text
    assert "chart-notices-email" in page and "chart-notices-sms" in page
