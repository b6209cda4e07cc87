"""Tax identities per country: pure functions on texts, no database. `get("AR").validate("CUIT", "20-11111111-2")`."""

from __future__ import annotations

from core.registry import Registry, UnknownKey
from modules.crm.countries import ar, br, cl, co, do, ec, mx, pe, uy, ve
from modules.crm.countries.base import Country, TaxIdCheck

countries: Registry[Country] = Registry("countries")
for _code, _country in {"AR": ar, "BR": br, "CL": cl, "CO": co, "DO": do, "EC": ec, "MX": mx, "PE": pe, "UY": uy,
                        "VE": ve}.items():
    countries.register(_code, _country)


def get(country: str) -> Country:
    """The rules of a country by its ISO code, in any case; UnknownKey lists those that exist."""
    return countries.get(str(country).upper())


__all__ = ["Country", "TaxIdCheck", "UnknownKey", "countries", "get"]
