"""Prices with IVA inside: every tax is its rate of its base, and the document is the invoice to the cent, at both."""

from __future__ import annotations

from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core import scope
from core.db import db
from core.errors import DomainError
from modules.accounting import notes, totals
from modules.accounting.checks import document_totals, ledger_balanced
from modules.accounting.models import Invoice
from modules.accounting.totals import Line
from modules.einvoice_co.amounts import CO
from modules.einvoice_co.estratos import BY_ESTRATO
from modules.einvoice_co.rounding import split
from tests.modules.einvoice_co.cases import EXCLUDED, EXEMPT, VAT, case, line, siigo, valid
from tests.modules.einvoice_co.test_issuer import documents, issue, use, work

CENT = D("0.01")
# (price with IVA, quantity, discount): (base, IVA, what is left over)
TABLE = [
    ("10000.00", "1", "0", ("8403.36", "1596.64", "0")), ("100000.00", "1", "0", ("84033.61", "15966.39", "0")),
    ("59900.00", "1", "0", ("50336.13", "9563.86", "0.01")), ("89900.00", "1", "0", ("75546.22", "14353.78", "0")),
    ("49900.00", "1", "0", ("41932.77", "7967.23", "0")), ("100.00", "7", "0", ("588.23", "111.76", "0.01")),
    ("10000.00", "1", "1000.00", ("7563.02", "1436.97", "0.01")), ("0.03", "1", "0", ("0.02", "0.00", "0.01")),
    ("79900.00", "1", "0", ("67142.86", "12757.14", "0")), ("33333.33", "3", "0", ("84033.60", "15966.38", "0.01")),
]


def exact(value: D) -> D:
    return value.quantize(CENT, ROUND_HALF_UP)


@given(st.integers(1, 10**9), st.sampled_from([("19",), ("5",), ("19", "8"), ("0",), ()]))
def test_any_amount_is_split_exactly(cents, rates):
    amount, percents = D(cents) / 100, [D(rate) for rate in rates]
    found = split(amount, percents, exact)
    assert found.net + sum(found.taxes) + found.odd == amount
    assert list(found.taxes) == [exact(found.net * rate / 100) for rate in percents]
    assert D(0) <= found.odd <= CENT * len(rates)
    assert split(-amount, percents, exact).net == -found.net


@pytest.mark.parametrize(("price", "quantity", "discount", "expected"), TABLE)
def test_the_document_of_the_factory_hka_adds_up(price, quantity, discount, expected):
    base, iva, odd = map(D, expected)
    found = valid(case(lines=[line(price, quantity=quantity, discount=discount, price_includes_tax=True)]))
    factura = found.payload["factura"]
    row = factura["detalleDeFactura"]["FacturaDetalle"][0]
    assert (D(row["precioTotalSinImpuestos"]), D(factura["impuestosTotales"]["ImpuestosTotales"][0]["montoTotal"]),
            D(factura["redondeoAplicado"])) == (base, iva, odd)
    assert D(factura["totalBrutoConImpuesto"]) == base + iva == D(row["precioTotal"])
    assert D(factura["totalMonto"]) == base + iva + odd == D(price) * D(quantity) - D(discount)


@pytest.mark.parametrize(("price", "quantity", "discount", "expected"), TABLE)
def test_siigo_s_own_computing_comes_to_the_same(price, quantity, discount, expected):
    """Per item base = round(q·p − discount, 2), iva = round(base·rate/100, 2); payments are exactly their sum."""
    made = valid(siigo(lines=[line(price, quantity=quantity, discount=discount, price_includes_tax=True)])).payload
    total = D(0)
    for item in made["items"]:
        rate = D(19) if item.get("taxes") else D(0)
        gross = D(str(item["quantity"])) * D(str(item.get("taxed_price", item.get("price"))))
        base = exact(gross / (1 + rate / 100)) if "taxed_price" in item else exact(gross - D(str(item["discount"])))
        total += base + exact(base * rate / 100)
    assert D(str(made["payments"][0]["value"])) == total == D(price) * D(quantity) - D(discount)
    assert len(made["items"]) == (2 if D(expected[2]) else 1)


@pytest.mark.parametrize("provider", ["hka", "siigo"])
def test_documents_at_the_provider_have_the_invoices_totals(isp, provider):
    use(provider)
    prices = (59900, 9000, 10000)
    made = issue(*prices)
    work()
    assert [(one.state, one.observations) for one in documents()] == [("authorized", [])] * len(prices)
    assert [one.total for one in made] == [D(one) for one in prices]
    assert all(one.net + one.untaxed + one.tax_total == one.total and one.tax_total == exact(one.net * D("0.19"))
               for one in db.session.scalars(sa.select(Invoice)))
    with scope.every_company():
        assert document_totals()[0] and ledger_balanced()[0]


@pytest.mark.parametrize("provider", ["hka", "siigo"])
def test_a_note_on_the_whole_takes_back_what_was_left_over_too(isp, provider):
    use(provider)
    made = issue(59900)
    work()
    notes.credit(made[0], "Anulación")
    db.session.commit()
    work()
    assert [(one.state, one.kind) for one in documents()] == [("authorized", "01"), ("authorized", "91")]
    invoice, note = db.session.scalars(sa.select(Invoice).order_by(Invoice.id))
    assert (note.total, note.net, note.tax_total, note.untaxed) == (
        invoice.total, invoice.net, invoice.tax_total, invoice.untaxed)


def test_lines_with_and_without_iva_inside_keep_their_own(isp):
    found = totals.compute([Line(D(1), D("59900"), True, D(0), VAT), Line(D(1), D("50336.13"), False, D(0), VAT),
                            Line(D(1), D("100"), True, D(0), EXEMPT), Line(D(1), D("50"), True, D(0), EXCLUDED)],
                           (), CO)
    assert [(one.net, one.tax, one.total) for one in found.lines] == [
        (D("50336.14"), D("9563.86"), D("59900.00")), (D("50336.13"), D("9563.86"), D("59899.99")),
        (D("100.00"), D("0.00"), D("100.00")), (D("50.00"), D("0.00"), D("50.00"))]
    assert [(one.rate, one.base, one.amount) for one in found.taxes] == [(D(19), D("100672.26"), D("19127.72"))]
    assert (found.net, found.untaxed, found.exempt, found.total) == (
        D("100672.26"), D("50.01"), D("100.00"), D("119949.99"))


def test_what_is_left_over_is_not_printed_as_excluded():
    printed = valid(case(lines=[line("59900", price_includes_tax=True)])).printed.legends
    assert not any("Excluido" in one for one in printed)


def test_an_invoice_by_hand_cannot_follow_the_estrato():
    with pytest.raises(DomainError, match="estrato"):
        totals.compute([Line(D(1), D(100), False, D(0), BY_ESTRATO)], (), CO)


def test_a_rounding_below_zero_is_only_what_was_said(isp: Any):
    found = valid(case(lines=[line("59900", price_includes_tax=True)], extra__redondeoAplicado="-0.50"))
    assert found.payload["factura"]["redondeoAplicado"] == "-0.49"
    assert found.payload["factura"]["totalMonto"] == "59899.50"
