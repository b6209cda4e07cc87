"""Every code of ARCA in our words, and the field to mend where it is the customer's."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from modules.einvoice_ar import catalogs, explanations

pytestmark = pytest.mark.once
ROWS = list(csv.DictReader((Path(catalogs.__file__).parent / "data" / "errors.csv").open(encoding="utf-8")))
FIELDS = {"tax_id", "tax_id_kind", "tax_condition", "name", ""}


@pytest.mark.parametrize("row", [row for row in ROWS if row["donde"] == "Observaciones"], ids=lambda row: row["codigo"])
def test_every_code_of_a_document_is_explained(row: dict[str, str]) -> None:
    found = explanations.explanation(row["codigo"], "")
    assert found.text.endswith(".") and found.field in FIELDS
    if row["clase"] == "cliente":
        assert found.field or row["codigo"] in {"10176", "10177", "10178"}
    if row["efecto"] == "observa" and row["clase"] in {"aviso", "contador", "cliente"}:
        assert found.text.startswith("It is authorised")


def test_a_code_that_nobody_knows_keeps_arcas_words() -> None:
    assert explanations.explanation("99999", "algo") == explanations.Explanation("")
    assert explanations.explain("99999", "algo") == "algo"
    assert explanations.explain("10005", "no habilitado").endswith("ARCA said: no habilitado")


@pytest.mark.parametrize("code", ["10004", "10005", "11002", "10104"])
def test_a_point_of_sale_that_is_not_open_says_where_to_open_it(code: str) -> None:
    assert "Administración de puntos de venta" in explanations.explanation(code, "").text
