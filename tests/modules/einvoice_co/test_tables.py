"""Each row of the DIAN's code lists is a case: mapped for The Factory HKA, and taken by the rules of its simulator."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal as D
from typing import Any

import pytest

from modules.einvoice_co.providers.hka.simulator import rules
from tests.modules.einvoice_co.cases import REFERENCE, case, line, note, preview, valid
from tests.modules.tables import rows

pytestmark = pytest.mark.once
DEPARTMENTS = {row["codigo"]: row["nombre"] for row in rows("co", "departamentos")}
RANGE = {"prefix": "SETP", "first": 990000000, "last": 995000000, "valid_from": "2019-01-19",
         "valid_until": "2030-01-19"}


def plain(value: Any) -> Any:
    """As the simulator reads it: SOAP's wrappers of lists away."""
    if isinstance(value, Mapping):
        if len(value) == 1 and isinstance(next(iter(value.values())), list):
            return plain(next(iter(value.values())))
        return {name: plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def taken(data: dict[str, Any]) -> dict[str, Any]:
    """The request, which neither provider nor DIAN refuses."""
    invoice: dict[str, Any] = plain(valid(data).payload["factura"])
    assert rules.own(invoice, "0") + rules.local(invoice) + rules.dian(invoice, RANGE) == []
    return invoice


NUMBERS = {"11": "12345678", "12": "1020304050", "13": "1020304050", "21": "E12345", "22": "345678",
           "31": "900390126-6", "41": "AB123456", "42": "X99", "50": "J29384756", "91": "1020304050"}


@pytest.mark.parametrize("row", rows("co", "tipo_identificacion"), ids=lambda row: row["codigo"])
def test_each_kind_of_identification(row):
    found = taken(case(customer__tax_id_kind=row["codigo"], customer__tax_id=NUMBERS[row["codigo"]]))
    assert found["cliente"]["tipoIdentificacion"] == row["codigo"]


@pytest.mark.parametrize("row", rows("co", "medios_pago"), ids=lambda row: row["codigo"])
def test_each_means_of_payment(row):
    (paid,) = taken(case(payment={"terms": "credit", "method": row["codigo"]}))["mediosDePago"]
    assert paid["medioPago"] == row["codigo"]


@pytest.mark.parametrize("row", rows("co", "responsabilidades_basicas"), ids=lambda row: row["codigo"])
def test_each_responsibility(row):
    found = taken(case(customer__tax_condition="48", customer__tax_id_kind="NIT", customer__tax_id="900390126-6",
                       customer__extra={"responsabilidades": [row["codigo"]], "telefono": "3001234567"}))
    assert [one["obligaciones"] for one in found["cliente"]["responsabilidadesRut"]] == [row["codigo"]]


@pytest.mark.parametrize("row", rows("co", "tarifas_iva"), ids=lambda row: row["tarifa"])
def test_each_rate_of_iva(row):
    found = taken(case(lines=[line("33.33", [{"code": "VAT", "rate": row["tarifa"]}])]))
    (tax,) = found["impuestosGenerales"]
    due = (D("33.33") * D(row["tarifa"]) / 100).quantize(D("0.01"))
    assert (tax["porcentajeTOTALImp"], tax["valorTOTALImp"]) == (row["tarifa"], f"{due:.2f}")


@pytest.mark.parametrize("row", rows("co", "concepto_nota_credito"), ids=lambda row: row["codigo"])
def test_each_concept_of_a_credit_note(row):
    data = note(references=[REFERENCE | {"reason": row["codigo"]}])
    if row["codigo"] == "5":  # two meanings, by the annex
        assert [one for one in preview(data).problems if one.severity == "error"]
        return
    reasons = [one for one in taken(data)["documentosReferenciados"] if one.get("codigoInterno") == "4"]
    assert reasons[0]["codigoEstatusDocumento"] == row["codigo"]


@pytest.mark.parametrize("row", rows("co", "concepto_nota_debito"), ids=lambda row: row["codigo"])
def test_each_concept_of_a_debit_note(row):
    data = note("debit_note", references=[REFERENCE | {"reason": row["codigo"]}])
    reasons = [one for one in taken(data)["documentosReferenciados"] if one.get("codigoInterno") == "4"]
    assert reasons[0]["codigoEstatusDocumento"] == row["codigo"]


def test_each_municipality_by_its_code_and_with_its_department_by_its_name():
    unlike = []
    for row in rows("co", "municipios_divipola"):
        code, department = row["codigo"], row["codigo"][:2]
        for address in ({"city": row["nombre"], "region": department}, {"city": row["nombre"],
                                                                        "region": DEPARTMENTS[department]},
                        {"city": "?", "region": "", "extra": {"divipola": code}}):
            given = {"street": "Calle 1", "country": "CO", **address}
            found = plain(valid(case(customer__address=given)).payload["factura"])["cliente"]["direccionCliente"]
            if (found["codigoDepartamento"], found["municipio"]) != (department, code):
                unlike.append((address, found["municipio"]))
    assert unlike == []


def test_each_unit_of_measure():
    for row in rows("co", "unidades_medida"):
        found = plain(valid(case(lines=[line(extra={"unidadMedida": row["codigo"]})])).payload["factura"])
        assert found["detalleDeFactura"][0]["unidadMedida"] == row["codigo"]


@pytest.mark.parametrize(("kind", "letters"), [("invoice", "FA"), ("credit_note", "CA"), ("debit_note", "DA")])
def test_the_simulator_s_rules_bear_the_letters_of_the_document(kind, letters):
    """FA invoice, CA credit note, DA debit note (1.9)."""
    sent = plain(valid(case() if kind == "invoice" else note(kind)).payload["factura"]) | {"totalMonto": "1.00"}
    assert [one.split(",")[0] for one in rules.local(sent)] == [f"Regla: {letters}U14"]
