"""Asobancaria's layouts and what their fields mean to us. Pure.

Source: "Recomendación: especificaciones técnicas para reportar la información del recaudo en el sector financiero
colombiano", Asobancaria, September 2001, as banks' files and public readers show it; the one of 1998 and the debt file
are not confirmed by a file.
"""

from __future__ import annotations

import csv
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.i18n import _
from modules.gateways import layouts
from modules.gateways.layout_files import merged
from modules.gateways.layout_shapes import Layout

DATA = Path(__file__).parent / "data"
COLLECTION_2001, COLLECTION_1998 = "asobancaria_2001_recaudo", "asobancaria_1998_recaudo"
DEBTS_2001 = "asobancaria_2001_facturacion"


@lru_cache
def layout(name: str) -> Layout:
    """One of the layouts with its map."""
    return layouts.load(as_data(name), name)


def as_data(name: str) -> dict[str, Any]:
    """One of the layouts with its map, as an operator would write it."""
    found = json.loads((DATA / "layouts.json").read_bytes())[name]
    added = json.loads((DATA / "maps.json").read_bytes())[name]
    whole = merged(found, added)
    spoken = whole.get("map", {})
    if "status" in spoken:
        # blanks in one bank, 000 in another: both mean that nothing came back
        spoken["status"]["words"].update(dict.fromkeys(found["not_a_return"], "approved"))
    if "channel" in spoken:
        spoken["channel"]["words"] = {row["codigo"]: row["canal"] for row in table("medios")}
    if found["direction"] == "in":
        _demand_dates(whole)
    return whole


def _demand_dates(found: dict[str, Any]) -> None:
    """A header without its dates is no header."""
    for record in found["records"].values():
        record["fields"] = [[name, width, "d!" if kind == "d" else kind] for name, width, kind in record["fields"]]


@lru_cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """A code list: `medios` (means of payment, with our channel), `procedencia` (networks)."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def bad_nit(value: Any) -> str:
    """The NIT as the files carry it: ten digits, the check digit among them."""


    return "" if re.fullmatch(r"\d{10}", re.sub(r"[.\-\s]", "", str(value))) else _(
        "Ten digits: the NIT and its check digit.")
