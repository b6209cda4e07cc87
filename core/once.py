"""What several parts of one page ask alike is read once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from flask import g, has_request_context

from core import scope

Found = TypeVar("Found")


def a_request(key: Hashable, read: Callable[[], Found]) -> Found:
    """What `read` finds, for the company in scope; within a request it is asked the first time only.

    Only for pages that read: what the request itself changes would not be seen. Outside of a request nothing is kept.
    """
    if not has_request_context():
        return read()
    kept: dict[Any, Any] = g.setdefault("once_a_request", {})
    place = (scope.company_id_or_none(), key)
    if place not in kept:
        kept[place] = read()
    return cast(Found, kept[place])
