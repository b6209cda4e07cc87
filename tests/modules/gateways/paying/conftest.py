"""A gateway that opens pages and tickets, a bank account, and what a payer's browser does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from core.db import db
from modules.accounting import designs
from modules.gateways.models import Account


@pytest.fixture
def account(account: Account) -> Account:
    """One whose settings are complete: others are not offered to payers."""
    account.keys = json.dumps({"word": "open"})
    db.session.flush()
    return account


@pytest.fixture
def payer(client: FlaskClient) -> Callable[..., str]:
    """`payer(link)`: what a browser without a login is shown, as text; `status` is asserted."""

    def look(link: str, status: int = 200) -> str:
        answer = client.get(path(link))
        assert answer.status_code == status, answer.text
        return words(answer.text)

    return look


@pytest.fixture
def choose(client: FlaskClient) -> Callable[..., str]:
    """`choose(link, account)`: press a button of the page; where the browser goes."""

    def press(link: str, account: Account | int, method: str = "link", **more: Any) -> str:
        number = account if isinstance(account, int) else account.id
        answer = client.post(path(link), data={"account": number, "method": method, **more})
        assert answer.status_code == 303
        db.session.expire_all()
        return answer.location

    return press


@pytest.fixture
def bank(account: Account) -> str:
    """Where money can be transferred to, as the company's documents say it."""
    designs.current().texts = {"bank": "Alias RCW.PAGOS"}
    db.session.flush()
    return "Alias RCW.PAGOS"


def path(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def words(html: str) -> str:
    """The text of a page, blanks made one."""
    bare = re.sub(r"<(style|script|head)\b.*?</\1>", " ", html, flags=re.S)
    return re.sub(r"[\s\xa0]+", " ", unescape(re.sub(r"<[^>]+>", " ", bare)))
