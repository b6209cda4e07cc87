"""The small chart of accounts that a company starts with, per country: (code, name, kind, role) in its own words."""

from __future__ import annotations

from modules.accounting.charts import ar, co, ec, mx, pe

Row = tuple[str, str, str, str]
CHARTS: dict[str, tuple[Row, ...]] = {"AR": ar.CHART, "CO": co.CHART, "EC": ec.CHART, "MX": mx.CHART, "PE": pe.CHART}
