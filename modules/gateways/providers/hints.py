"""Notices that nobody signs: a part of our address that nobody can guess proves them; they only make us ask. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from modules.gateways.access import Access
from modules.gateways.providers import values
from modules.gateways.shapes import Incoming

OK, NO_TOKEN, WRONG_TOKEN = "ok", "missing_token", "wrong_token"


def reason(access: Access, incoming: Incoming) -> str:
    """Whether it came to the account's own address: `notice_token` in it where that is given, else our own part."""
    expected = str(access.get("notice_token"))
    if expected:
        found = incoming.query.get("token") or incoming.path.rstrip("/").rpartition("/")[2]
    else:
        expected, found = _own(urlsplit(access.notice_url).path), _own(incoming.path)
    if not expected:
        return NO_TOKEN
    good = hmac.compare_digest(expected.encode("utf-8", "replace"), found.encode("utf-8", "replace"))
    return OK if good else WRONG_TOKEN


def _own(path: str) -> str:
    """The account's part of …/gateways/<part>/notice or …/back; "" for another path."""
    parts = path.rstrip("/").split("/")
    return parts[-2] if len(parts) > 2 and parts[-3] == "gateways" and parts[-1] in ("notice", "back") else ""


def fields(incoming: Incoming) -> Mapping[str, Any]:
    """What it says: JSON, a form, or the query."""
    if incoming.body.lstrip().startswith("{"):
        return values.body(incoming.body)
    try:
        form = dict(parse_qsl(incoming.body, keep_blank_values=True, max_num_fields=300))
    except ValueError:
        form = {}
    return form or dict(incoming.query)


def digest(incoming: Incoming) -> str:
    """An identity for what has none of its own."""
    query = "&".join(f"{name}={value}" for name, value in sorted(incoming.query.items()))
    return hashlib.sha256(f"{incoming.method} {query}\n{incoming.body}".encode("utf-8", "replace")).hexdigest()
