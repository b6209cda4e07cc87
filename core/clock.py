"""The one source of "now". Times are aware UTC; fiscal dates are computed in the company's zone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from core.models import Company

_frozen: dt.datetime | None = None


def now() -> dt.datetime:
    """The present moment, aware, in UTC."""
    return _frozen or dt.datetime.now(dt.UTC)


def today(company: Company | None = None) -> dt.date:
    """The date in the company's zone (the company in scope when none is given)."""
    return local(now(), company).date()


def local(moment: dt.datetime, company: Company | None = None) -> dt.datetime:
    """A moment in the company's zone."""
    from core.scope import current_company

    return moment.astimezone(ZoneInfo((company or current_company()).timezone))


@contextmanager
def freeze(moment: dt.datetime) -> Iterator[None]:
    """Hold the clock at `moment` (aware) for the block; tests and simulations only."""
    global _frozen
    before, _frozen = _frozen, moment.astimezone(dt.UTC)
    try:
        yield
    finally:
        _frozen = before
