"""The company's rates of exchange, for documents that are written by hand: contracts' entry in the port."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core.db import db
from modules.accounting.ports import Rate
from modules.contracts.models import ExchangeRate


class ExchangeRates:
    """As accounting.ports.Rates: the same rates with which plans in another currency are billed."""

    def on(self, currency: str, day: dt.date) -> Rate | None:
        found = db.session.scalar(sa.select(ExchangeRate).where(
            ExchangeRate.currency == currency, ExchangeRate.day <= day).order_by(ExchangeRate.day.desc()).limit(1))
        return Rate(found.rate, found.day) if found else None
