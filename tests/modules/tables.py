"""The code lists of a country as rows, for tests that have a case for each of them."""

from __future__ import annotations

import csv
from pathlib import Path

MODULES = Path(__file__).parents[2] / "modules"


def rows(country: str, name: str) -> list[dict[str, str]]:
    """The rows of modules/einvoice_XX/data/NAME.csv, whatever separates their columns."""
    text = (MODULES / f"einvoice_{country}" / "data" / f"{name}.csv").read_text(encoding="utf-8")
    head = text.partition("\n")[0]
    found = list(csv.DictReader(text.splitlines(), delimiter=";" if ";" in head else ","))
    assert found, name
    return found
