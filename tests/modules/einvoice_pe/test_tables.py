"""Each row of the reference's code lists is a case: mapped, and taken by the simulator of Nubefact."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from modules.einvoice_pe.simulator import rules
from modules.einvoice_pe.simulator.reading import Values
from tests.modules.einvoice_pe.cases import RUC, case, factura, line, note, payload, refusals
from tests.modules.tables import rows

pytestmark = pytest.mark.once
SERIES = frozenset({"F001", "B001", "FC01", "BC01", "FD01", "BD01", "0001"})
OF_FACTURA = {"kind": "01", "series": "F001", "number": 88, "date": "2025-02-01"}
TOTALS = {"1000": "total_gravada", "9996": "total_gratuita", "9997": "total_exonerada", "9998": "total_inafecta",
          "9995": "total_inafecta"}
EXPORTED = "9995"
NEW_QUOTAS = 13


def taken(data: dict[str, Any]) -> dict[str, Any]:
    """The request, which Nubefact's rules take."""
    request = payload(data)
    rules.check(Values(request), SERIES, dt.date(2025, 3, 1), 0, lambda kind, series, number: True)
    return request


def number(row: dict[str, str], column: str) -> int | None:
    return int(row[column]) if row[column].isdecimal() else None


@pytest.mark.parametrize("row", rows("pe", "sunat_cat07_afectacion_igv"), ids=lambda row: row["codigo"])
def test_each_affectation_of_the_igv_has_its_total(row):
    kind = number(row, "nubefact_tipo_de_igv")
    if kind is None:  # IVAP, of rice: no line of an internet provider
        return
    taxes = None if row["codigo"].startswith("1") else [{"code": "VAT", "category": "untaxed"}]
    given = {"taxes": taxes or [{"code": "VAT", "rate": "18"}], "extra": {"tipo_de_igv": kind}}
    if row["tributo"] == EXPORTED:
        data = factura(lines=[line("50.00") | given], customer__tax_id_kind="0", customer__tax_id="X123",
                       extra={"sunat_transaction": 2})
    else:
        data = case(lines=[line("89.00"), line("50.00") | given])
    found = taken(data)
    item = found["items"][-1]
    assert (item["tipo_de_igv"], item["subtotal"]) == (kind, "50.00")
    taxed = {"total_gravada": "89.00"} | ({"total_gravada": "139.00"} if row["tributo"] == "1000" else {})
    wanted = {TOTALS[row["tributo"]]: "50.00"} | ({} if row["tributo"] == EXPORTED else taxed)
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("by", ["nubefact", "sunat"])
@pytest.mark.parametrize("row", rows("pe", "sunat_cat09_nota_credito"), ids=lambda row: row["codigo_sunat"])
def test_each_kind_of_nota_de_credito_by_either_number(row, by):
    kind = number(row, "nubefact_tipo_de_nota_de_credito")
    said: dict[str, Any] = {"extra": {"tipo_de_nota_de_credito": kind}, "references": [OF_FACTURA]}
    if by == "sunat":
        said = {"references": [OF_FACTURA | {"reason": row["codigo_sunat"]}]}
    if kind == NEW_QUOTAS:
        quotas = [{"cuota": 1, "fecha_de_pago": "2025-04-15", "importe": "89.00"}]
        said |= {"lines": [line("0.00")], "extra": said.get("extra", {}) | {"venta_al_credito": quotas}}
    data = factura(kind="credit_note", **{"issuer__series": "FC01", "number": 3} | said)
    assert taken(data)["tipo_de_nota_de_credito"] == kind


@pytest.mark.parametrize("by", ["nubefact", "sunat"])
@pytest.mark.parametrize("row", rows("pe", "sunat_cat10_nota_debito"), ids=lambda row: row["codigo_sunat"])
def test_each_kind_of_nota_de_debito_by_either_number(row, by):
    kind = number(row, "nubefact_tipo_de_nota_de_debito")
    reference = {"kind": "03", "series": "B001", "number": 124, "date": "2025-02-01"}
    said: dict[str, Any] = {"extra": {"tipo_de_nota_de_debito": kind}, "references": [reference]}
    if by == "sunat":
        said = {"references": [reference | {"reason": row["codigo_sunat"]}]}
    assert taken(note("debit_note", **{"issuer__series": "BD01"} | said))["tipo_de_nota_de_debito"] == kind


NUMBERS = {"0": "X123", "1": "45678912", "4": "001234567", "6": RUC, "7": "AB123456", "A": "A12", "B": "X99",
           "G": "123", "-": "-"}


@pytest.mark.parametrize("row", rows("pe", "sunat_cat06_tipo_identidad"), ids=lambda row: row["codigo"])
def test_each_identity_that_nubefact_takes_and_no_other(row):
    data = case(customer__tax_id_kind=row["codigo"], customer__tax_id=NUMBERS.get(row["codigo"], "123456"),
                **({"extra": {"sunat_transaction": 29}} if row["codigo"] == "0" else {}))
    if row["nubefact"]:
        assert taken(data)["cliente_tipo_de_documento"] == row["nubefact"]
    else:
        assert "customer.tax_id_kind" in {field for field, _code in refusals(data)}


@pytest.mark.parametrize("row", rows("pe", "nubefact_detraccion_tipo"), ids=lambda row: row["codigo_sunat_cat54"])
def test_each_service_that_bears_a_detraccion(row):
    data = factura(lines=[line("1000.00")], extra={"detraccion_tipo": row["nubefact_detraccion_tipo"]})
    found = taken(data)
    assert (int(found["detraccion_tipo"]), found["sunat_transaction"], found["detraccion_total"]) == (
        number(row, "nubefact_detraccion_tipo"), 30, "141.60")


@pytest.mark.parametrize("row", rows("pe", "nubefact_medio_de_pago_detraccion"), ids=lambda row: row["nubefact"])
def test_each_way_of_paying_a_detraccion(row):
    data = factura(lines=[line("1000.00")], extra={"medio_de_pago_detraccion": row["nubefact"]})
    assert int(taken(data)["medio_de_pago_detraccion"]) == int(row["nubefact"])


@pytest.mark.parametrize(("price", "kind", "said"), [
    ("699.99", "-", False), ("700.00", "-", True), ("700.00", "1", False), ("593.21", "-", False),
    ("5000.00", "4", False)])
def test_who_buys_for_700_or_more_is_identified(price, kind, said):
    data = case(customer__tax_id_kind=kind, customer__tax_id=NUMBERS[kind],
                lines=[line(price, price_includes_tax=True)])
    assert ("2396" in {code for _field, code in refusals(data)}) == said
    if not said:
        taken(data)
