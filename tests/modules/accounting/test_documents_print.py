"""The printed invoice: what the law asks, what the subscriber looks for, whatever the names and numbers."""

from __future__ import annotations

import datetime as dt
import io
import logging
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from core import pdf
from core.i18n import use_locale
from modules.accounting import sheets
from modules.accounting.print_data import CountryPart
from modules.accounting.sheets import Debt
from tests.modules.accounting import documents_sample as sample

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def spanish(app: Flask, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Documents speak Spanish, and the renderer has nothing to complain about."""
    with use_locale("es_AR"), caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.records] == []


def render(**values: Any) -> bytes:
    return pdf.render(sample.html(sample.source(**values)))


def page_count(data: bytes) -> int:
    return len(PdfReader(io.BytesIO(data)).pages)


@pytest.mark.parametrize("wanted", [
    "COD. 006", "ORIGINAL", "Punto de Venta: 00003 Comp. Nro: 00000119", "01/11/2026", "Río Cuarto Wireless S.A.",
    "CUIT: 30-99000010-3", "IVA Responsable Inscripto", "Ingresos Brutos: 904-123456-7",
    "Inicio de actividades: 01/03/2009",
    "María Ñandú Güemes", "DNI 30.111.222 · Consumidor Final", "Gral. Paz 1234 2 B",
    "Condición de venta: Cuenta corriente",
    "01/11/2026 al 30/11/2026", "Pague hasta el 10/11/2026", "20/11/2026: $12.463,00", "Comprobante Autorizado",
    "CAE N°: 75123456789012", "Fecha de Vto. de CAE: 11/11/2026", "Página 1 de 1",
    "Régimen de Transparencia Fiscal al Consumidor (Ley 27.743)", "IVA Contenido: $ 2.100,00",
    "Otros Impuestos Nacionales Indirectos: $ 0,00", "CBU 0200345601000012345678", "B 0003-00000087",
])
def test_every_field_that_law_and_subscriber_need_is_there(wanted: str, printed: str) -> None:
    assert wanted in printed


@pytest.fixture(scope="module")
def printed(_app: Flask) -> str:
    with _app.app_context(), use_locale("es_AR"):
        return sample.text(render())


def test_one_month_of_service_fits_one_page() -> None:
    assert page_count(render()) == 1


def test_the_codes_are_read_back_from_a_scan(tmp_path: Path) -> None:
    found = sample.codes(render(), tmp_path)
    assert sample.QR in found and "04470000000012100260111000042" in found


@pytest.mark.parametrize("dpi", [120, 150, 300])
def test_the_qr_is_read_from_good_and_bad_scans(tmp_path: Path, dpi: int) -> None:
    assert sample.QR in sample.codes(render(), tmp_path, dpi)


def test_the_qr_is_25_mm_at_least() -> None:
    images = list(PdfReader(io.BytesIO(render())).pages[0].images)
    assert len(images) == 2  # logo and QR
    assert 'style="width: 86pt; height: 86pt"' in sample.html(sample.source())


def test_the_logo_is_embedded_small() -> None:
    widths = sorted(image.image.width for image in PdfReader(io.BytesIO(render())).pages[0].images if image.image)
    assert widths[-1] == 400


def test_an_a_shows_net_rates_and_taxes() -> None:
    perception = sample.tax("300", code="IIBB", rate="3", description="Perc. IIBB Córdoba")
    found = sample.text(render(facts=sample.legal(kind=1, customer_condition="RI"), taxes=[sample.tax(), perception]))
    assert "COD. 001" in found and "Transparencia" not in found
    assert "Neto gravado $10.000,00" in found and "IVA 21 % $2.100,00" in found
    assert "Perc. IIBB Córdoba $300,00" in found


def test_an_a_to_a_monotributista_carries_the_legend_of_law_27618() -> None:
    found = " ".join(sample.text(render(facts=sample.legal(kind=1, customer_condition="MO"))).split())
    assert "El crédito fiscal discriminado" in found and "Ley Nº 27.618" in found


def test_a_b_shows_final_prices() -> None:
    found = sample.text(render())
    assert "12.100,00 12.100,00" in found and "Neto gravado" not in found


def test_a_c_has_no_iva_and_no_transparency() -> None:
    found = sample.text(render(facts=sample.legal(kind=11), taxes=[],
                               lines=[sample.line(net="12100", tax="0", taxes=[])]))
    assert "COD. 011" in found and "IVA Contenido" not in found and "Transparencia" not in found


def test_without_cae_nothing_looks_like_an_invoice() -> None:
    data = render(facts=sample.legal(cae="", number=None))
    found = sample.text(data)
    assert "COD." not in found and "CAE N°" not in found and "00000119" not in found.replace("B 0003-00000119", "")
    assert len(PdfReader(io.BytesIO(data)).pages[0].images) == 1
    raw = "".join(PdfReader(io.BytesIO(data)).pages[0].extract_text().split())
    assert "DOCUMENTONOVÁLIDOCOMOFACTURA" in raw


def test_a_rehearsal_is_marked_on_every_page() -> None:
    data = render(company=sample.company(environment="rehearsal"), lines=[sample.line(f"Línea {n}") for n in range(40)])
    for page in PdfReader(io.BytesIO(data)).pages:
        assert "Ensayo:sinvalidezfiscal" in "".join(page.extract_text().split())


def test_forty_lines_run_over_pages_with_head_and_number_on_each() -> None:
    data = render(lines=[sample.line(f"Concepto número {number}", "250", "52.50") for number in range(40)])
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]
    assert len(pages) == 2 or len(pages) == 3
    out = sample.text(data)
    for number in range(40):
        assert f"Concepto número {number} " in out
    for number, page in enumerate(pages, 1):
        assert "75123456789012" in page
        assert f"Página {number} de {len(pages)}" in out
        if "Concepto" in page:
            assert "Descripción" in page
    for page in pages[1:]:
        assert "María Ñandú Güemes" in page and "00000119" in page


def test_long_names_stay_inside_the_page() -> None:
    name = "Cooperativa de Provisión de Servicios Públicos y Vivienda de General Deheza Limitada y Asociados " * 2
    made = sample.source(invoice=sample.named(name.strip(), address="x" * 60),
                         lines=[sample.line("Servicio de acceso a internet simétrico por fibra óptica " * 4)])
    data = pdf.render(sample.html(made))
    out = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    rights = [float(value) for value in re.findall(r'xMax="([\d.]+)"', out)]
    assert rights and max(rights) <= 595 - 35
    assert "Asociados" in sample.text(data)


@pytest.mark.parametrize(("country", "size"), [("AR", (595, 842)), ("EC", (595, 842)), ("PE", (595, 842)),
                                               ("MX", (612, 792)), ("CO", (612, 792))])
def test_the_paper_is_the_countrys_and_all_of_it_is_used(country: str, size: tuple[int, int]) -> None:
    data = pdf.render(sample.html(sample.source(company=sample.company(country=country))))
    pages = PdfReader(io.BytesIO(data)).pages
    assert [tuple(round(float(one)) for one in (page.mediabox.width, page.mediabox.height)) for page in pages] == [size]
    left, right = sample.reach(data)
    wide = size[0] / 72 * 25.4
    assert 13 <= left <= 15 and wide - 18 <= right <= wide - 13


def test_zero_amounts_say_that_there_is_nothing_to_pay() -> None:
    zero = Decimal(0)
    found = sample.text(render(invoice=sample.invoice(total=zero, open_amount=zero, net=zero),
                               lines=[sample.line("Cortesía", "0", "0")], taxes=[sample.tax("0", "0")], debts=[]))
    assert "$0,00" in found and "No hay nada que pagar" in found and "Pague hasta" not in found


def test_credit_in_favour_is_applied_and_said() -> None:
    found = sample.text(render(invoice=sample.invoice(open_amount=Decimal("11950"))))
    assert "Se aplicó su saldo a favor de $150,00" in found and "$11.950,00" in found
    assert "20/11/2026: $12.313,00" in found


def test_a_foreign_currency_prints_its_rate_and_the_pesos() -> None:
    found = sample.text(render(invoice=sample.invoice(currency="USD", exchange_rate=Decimal("1050.5"))))
    assert "US$12.100,00" in found and "1 USD = $1.050,50" in found and "$12.711.050,00" in found
    assert "Importe USD" in found


def test_a_credit_note_asks_for_no_payment() -> None:
    found = sample.text(render(facts=sample.legal(kind=8, accounting_kind="credit_note"),
                               invoice=sample.invoice(kind="credit_note", reason="Corte del servicio")))
    assert "Nota de Crédito" in found and "COD. 008" in found and "Corte del servicio" in found
    assert "Cómo pagar" not in found and "Pague hasta" not in found


def test_discounts_are_shown_and_prices_stay_consistent() -> None:
    row = sheets.line_row(sample.line(net="9000", tax="1890", unit_price=Decimal(10000), discount=Decimal(1000)),
                          CountryPart("Factura", tax_in_prices=False), "es_AR")
    assert (row.price, row.amount, row.details) == ("10.000,00", "9.000,00", ("Bonificación: -1.000,00",))


@pytest.mark.parametrize(("includes", "in_prices", "price", "amount"), [
    (False, False, "100,00", "200,00"), (False, True, "121,00", "242,00"),
    (True, True, "121,00", "242,00"), (True, False, "100,00", "200,00"),
])
def test_prices_with_and_without_tax(includes: bool, in_prices: bool, price: str, amount: str) -> None:
    made = sample.line(net="200", tax="42", quantity=Decimal(2), price_includes_tax=includes,
                       unit_price=Decimal("121" if includes else "100"))
    row = sheets.line_row(made, CountryPart("Factura", tax_in_prices=in_prices), "es_AR")
    assert (row.price, row.amount) == (price, amount)


def test_blocks_are_printed_in_the_order_of_the_design_and_others_left_out() -> None:
    found = sample.text(render(design=sample.design(blocks=["lines", "payments"])))
    assert "Cómo pagar" not in found and "Su cuenta" not in found and "Reclamos" not in found
    assert found.index("Descripción") < found.index("Últimos pagos")


def test_what_billing_says_of_the_contract_is_printed() -> None:
    extra = {"plan": "Hogar 100, Cámara", "contracts": ["17", "18"], "service_address": "Ruta 8 km 601"}
    found = sample.text(render(invoice=sample.invoice(snapshot={"extra": extra})))
    assert "Hogar 100, Cámara" in found and "17, 18" in found and "Ruta 8 km 601" in found


def test_a_single_open_document_is_not_repeated_as_debt() -> None:
    found = sample.text(render(debts=[Debt(7, "B 0003-00000119", dt.date(2026, 11, 10), Decimal("12100"))]))
    assert "Su cuenta" not in found


@pytest.mark.parametrize("color", ["#ffff00", "#ffffff", "#0f766e", "#000000", "#ff8800"])
def test_a_pale_company_colour_is_darkened_until_it_can_be_read(color: str) -> None:
    made = sheets.readable(color)
    assert sheets.contrast(made) >= 450
    assert made == color or color not in ("#0f766e", "#000000")


def test_text_that_looks_like_html_is_printed_as_text() -> None:
    made = sample.source(invoice=sample.named("A & B <script>", code="<b>"))
    assert "A & B <script>" in sample.text(pdf.render(sample.html(made)))


def test_the_same_invoice_is_the_same_file() -> None:
    assert render() == render()


def test_names_with_rare_letters_are_embedded() -> None:
    made = sample.source(invoice=sample.named("Ysapy Ñe'ẽ Łukasz"))
    assert "Ñe'ẽ Łukasz" in sample.text(pdf.render(sample.html(made)))


def test_a_unit_price_leads_to_its_amount() -> None:
    """180.25 + 21 % a metre: 218.10 × 32.5 would not be what is billed."""
    cable = sample.line("Cable por metro", "5858.13", "1230.20", quantity=Decimal("32.5"), unit_price=Decimal("180.25"))
    row = sheets.line_row(cable, CountryPart("Factura", tax_in_prices=True), "es_AR")
    assert (row.price, row.amount) == ("218,1025", "7.088,33")
    assert sheets.line_row(sample.line(), CountryPart("Factura", tax_in_prices=True), "es_AR").price == "12.100,00"
