"""Each row of the SRI's code lists is a case: mapped, valid by its schema, and adding up as the simulator judges."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest

from modules.einvoice.case import parse
from modules.einvoice_ec import schemas
from modules.einvoice_ec.mapping import map_document
from modules.einvoice_ec.simulator import aritmetica, voucher
from tests.modules.einvoice_ec.cases import case, line, note, to
from tests.modules.tables import rows

pytestmark = pytest.mark.once
# objects, exempt: a tax node without a rate
CATEGORIES = {"6": "untaxed", "7": "exempt"}
CENT = D("0.01")
BUYERS = {"04": ("RUC", "1790012344001"), "05": ("CEDULA", "1710034065"), "06": ("PASAPORTE", "AB123456"),
          "07": ("CONSUMIDOR_FINAL", "9999999999999"), "08": ("EXTERIOR", "J-29384756")}


def good(data: dict[str, Any]) -> Any:
    """The voucher's tree: nothing refused, valid by its schema, and the SRI's sums hold."""
    found = map_document(parse(data))
    assert [(one.field, one.message) for one in found.problems if one.severity == "error"] == []
    read = voucher.read(found.xml)
    assert schemas.faults(read.tree, schemas.schema(read.root, read.tree.get("version"))) == []
    assert aritmetica.differences(read, CENT) == ""
    return read.tree


def refused(data: dict[str, Any]) -> set[str]:
    return {one.field for one in map_document(parse(data)).problems if one.severity == "error"}


@pytest.mark.parametrize("row", rows("ec", "tipo_identificacion"), ids=lambda row: row["codigo"])
def test_each_kind_of_buyer(row):
    kind, number = BUYERS[row["codigo"]]
    root = good(to(kind, number, lines=[line("10.00")]))
    assert root.findtext("infoFactura/tipoIdentificacionComprador") == row["codigo"]
    of_note = note(customer__tax_id_kind=kind, customer__tax_id=number, lines=[line("10.00")])
    if row["codigo"] == "07":  # of facturas only
        assert refused(of_note)
    else:
        assert good(of_note).findtext("infoNotaCredito/tipoIdentificacionComprador") == row["codigo"]


@pytest.mark.parametrize("row", rows("ec", "formas_pago"), ids=lambda row: row["codigo"])
def test_each_means_of_payment(row):
    root = good(case(payment={"method": row["codigo"]}, lines=[line("10.00")]))
    assert root.findtext("infoFactura/pagos/pago/formaPago") == row["codigo"]


def on_its_day(row: dict[str, str]) -> dict[str, Any]:
    """A factura of a day on which the rate is in force, or the note on one of its days."""
    tax = ({"code": "VAT", "category": CATEGORIES[row["codigo"]]} if row["codigo"] in CATEGORIES
           else {"code": "VAT", "rate": f"{D(row['tarifa']):f}"})
    lines = [line("33.33", [tax]), line("0.15", [tax])]
    if not row["hasta"]:
        return case(lines=lines)
    end = dt.date.fromisoformat(row["hasta"])
    reference = {"kind": "01", "series": "001-002", "number": 123, "date": f"{end}", "authorization_code": "",
                 "reason": "Corte"}
    return note(lines=lines, references=[reference])


@pytest.mark.parametrize("row", rows("ec", "iva_codigos"), ids=lambda row: row["codigo"])
def test_each_rate_of_iva_on_its_days(row):
    root = good(on_its_day(row))
    shown = [(one.findtext("codigo"), one.findtext("codigoPorcentaje")) for one in root.iter("totalImpuesto")]
    assert shown == [("2", row["codigo"])]


@pytest.mark.parametrize("row", [row for row in rows("ec", "iva_codigos") if row["hasta"]],
                         ids=lambda row: row["codigo"])
def test_a_rate_that_has_ended_is_refused_on_a_factura(row):
    taxes = [{"code": "VAT", "rate": f"{D(row['tarifa']):f}"}]
    assert "lines[0].taxes[0].rate" in refused(case(lines=[line(taxes=taxes)]))


@pytest.mark.parametrize("row", rows("ec", "ice_codigos_telecom"), ids=lambda row: row["codigo"])
def test_each_ice_of_telecommunications_stands_under_the_iva(row):
    ice = {"code": "ICE", "rate": row["tarifa"], "codigoPorcentaje": row["codigo"]}
    root = good(to("RUC", "1790012344001", lines=[line("20.00", [ice, {"code": "VAT", "rate": "15"}])]))
    found = {one.findtext("codigo"): (one.findtext("codigoPorcentaje"), one.findtext("baseImponible"),
                                      one.findtext("valor")) for one in root.iter("totalImpuesto")}
    due = D("20.00") * D(row["tarifa"]) / 100
    if not due:  # nothing of it is in the voucher
        assert "3" not in found and found["2"][1] == "20.00"
        return
    assert found["3"] == (row["codigo"], "20.00", f"{due:.2f}")
    assert found["2"][1] == f"{D('20.00') + due:.2f}"


@pytest.mark.parametrize("row", rows("ec", "tipos_comprobante"), ids=lambda row: row["codigo"])
def test_each_voucher_that_is_issued_in_its_version(row):
    made = {"01": lambda: case(lines=[line()]), "04": lambda: note(lines=[line()]),
            "05": lambda: note("debit_note", lines=[line(code="")])}
    if row["codigo"] not in made:  # liquidación, guía, retención: not of an internet provider
        return
    root = good(made[row["codigo"]]())
    assert (root.tag, root.get("version")) == (row["elemento_raiz"], row["version_a_emitir"])
