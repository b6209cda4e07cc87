"""Provinces, departments and states by the codes of the authorities, and the codes of places within them. Pure.

Colombia's municipalities (DIVIPOLA) and Peru's districts (ubigeo) are the official lists in `countries/data/`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from core.i18n import _
from modules.crm import countries, names
from modules.crm.drafts import AddressData

_DATA = Path(__file__).parent / "countries" / "data"
# How people write a region whose official name is another.
_ALSO = {
    "AR": {"C": "caba|capital federal|ciudad de buenos aires|capital|bs as capital", "B": "bs as|pcia bs as|gba|pba|"
           "provincia de buenos aires", "V": "tierra del fuego antartida e islas del atlantico sur",
           "G": "sgo del estero", "E": "e rios"},
    "EC": {"23": "santo domingo"},
    "CO": {"11": "bogota dc|bogota d c|distrito capital|santafe de bogota", "76": "valle",
           "88": "san andres|archipielago de san andres providencia y santa catalina", "54": "n de santander"},
    "MX": {"CMX": "cdmx|df|distrito federal|mexico df", "MEX": "mexico|edomex|edo mex|edo de mexico",
           "COA": "coahuila de zaragoza", "MIC": "michoacan de ocampo", "VER": "veracruz de ignacio de la llave",
           "QUE": "queretaro de arteaga"},
    "PE": {"07": "prov const del callao|provincia constitucional del callao", "15": "lima metropolitana"},
}
# The part of an address that holds the code of the place, by country.
PLACE_CODES = {"CO": "divipola", "PE": "ubigeo"}


def of(country: str) -> Mapping[str, str]:
    """Code -> name of the country's regions; empty where they are written freely."""
    found: Mapping[str, str] = getattr(countries.get(country), "REGIONS", {})
    return found


def name(country: str, region: str) -> str:
    """The region's name; what stands there where it is no code."""
    return of(country).get(region, region) if country in countries.countries else region


def code(country: str, written: str) -> str:
    """The code of a region written as code or name; what was written where it is neither."""
    known = of(country)
    plain = names.tidy(written)
    if not known or plain in known:
        return plain
    return _words(country).get(names.fold(plain), plain)


@lru_cache
def _words(country: str) -> dict[str, str]:
    found = {names.fold(title): key for key, title in of(country).items()}
    found |= {names.fold(key): key for key in of(country)}
    for key, spelled in _ALSO.get(country, {}).items():
        found |= dict.fromkeys(spelled.split("|"), key)
    return found


# --- places ----------------------------------------------------------------------------------------------


def completed(data: AddressData, country: str) -> AddressData:
    """The address with its region as a code, and the code of its place where only one fits."""
    region, key = code(country, data.region), PLACE_CODES.get(country)
    extra = dict(data.extra)
    if key and not extra.get(key) and (found := place_code(country, region, data.city, extra.get("province", ""))):
        extra[key] = found
    if key and extra.get(key) in _places(country):
        region = region or extra[key][:2]
    return replace(data, region=region, extra=extra)


def place_code(country: str, region: str, city: str, province: str = "") -> str:
    """The code of a municipality (CO) or district (PE) by its name; "" where none or several fit."""
    wanted = names.fold(city)
    found = [key for key in _by_name(country).get(wanted, ()) if key.startswith(region)]
    if not found and wanted and country == "CO":  # Cali is Santiago de Cali, Cúcuta is San José de Cúcuta
        found = [key for title, keys in _by_name(country).items()
                 if title.startswith(f"{wanted} ") or title.endswith(f" {wanted}")
                 for key in keys if key.startswith(region)]
    if len(found) > 1 and province:
        found = [key for key in found if names.fold(_places(country)[key][1]) == names.fold(province)]
    if len(found) > 1 and country == "PE":  # the district that is called like its province is meant
        found = [key for key in found if names.fold(_places(country)[key][1]) == names.fold(city)] or found
    return found[0] if len(found) == 1 else ""


def trouble(data: AddressData, country: str) -> tuple[str, str] | None:
    """(field, why) where the code of the place does not exist or contradicts the region; None where all is well."""
    key = PLACE_CODES.get(country)
    written = str(data.extra.get(key, "")) if key else ""
    if not key or not written:
        return None
    if written not in _places(country):
        return f"extra_{key}", _("There is no place with the code %(code)s; leave it empty to have it found.",
                                 code=written)
    if data.region in of(country) and not written.startswith(data.region):
        return f"extra_{key}", _("The code %(code)s (%(place)s) is not of %(region)s.", code=written,
                                 place=_places(country)[written][0], region=name(country, data.region))
    return None


@lru_cache
def _places(country: str) -> dict[str, tuple[str, str]]:
    """Code -> (name, province)."""
    files = {"CO": "co_municipalities.csv", "PE": "pe_districts.csv"}
    if country not in files:
        return {}
    with (_DATA / files[country]).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if country == "CO":
            return {row["codigo"]: (row["nombre"], "") for row in rows}
        return {row["ubigeo"]: (row["distrito"], row["provincia"]) for row in rows}


@lru_cache
def _by_name(country: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, (title, _province) in _places(country).items():
        found.setdefault(names.fold(title), []).append(key)
    return found
