"""Made-up documents for the tests of printing: nothing here needs a database."""

from __future__ import annotations

import base64
import datetime as dt
import io
import re
import subprocess
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace as Bag
from typing import Any

from flask import render_template
from PIL import Image, ImageDraw

from core.models import Company
from modules.accounting import sheets
from modules.accounting.print_data import PayWay
from modules.accounting.sheets import Debt, Source
from modules.einvoice_ar.print import LegalFacts, part

QR = "https://www.arca.gob.ar/fe/qr/?p=" + base64.b64encode(
    b'{"ver":1,"fecha":"2026-11-01","cuit":30990000103,"ptoVta":3,"tipoCmp":6,"nroCmp":119,"importe":12100,'
    b'"moneda":"PES","ctz":1,"tipoDocRec":96,"nroDocRec":30111222,"tipoCodAut":"E","codAut":75123456789012}').decode()

BARCODE = "04470000000012100260111000042"


def company(**values: Any) -> Company:
    return Company(**{
        "id": 1, "code": "rcw", "name": "Río Cuarto Wireless S.A.", "trade_name": "Río Cuarto Wireless",
        "country": "AR", "tax_id": "30990000103", "currency": "ARS",
        "timezone": "America/Argentina/Buenos_Aires", "locale": "es_AR",
        "street": "Sobremonte 550", "city": "Río Cuarto", "region": "X", "postal_code": "X5800", "color": "#0f766e",
        "email": "cobros@rcw.example", "phone": "0358 400-0000", "website": "rcw.example",
        "environment": "production", **values})


def line(description: str = "Hogar 100 Megas", net: str = "10000", tax: str = "2100", **values: Any) -> Any:
    net_, tax_ = Decimal(net), Decimal(tax)
    return Bag(**{"description": description, "quantity": Decimal(1), "unit_price": net_, "price_includes_tax": False,
                  "discount": Decimal(0), "net": net_, "tax": tax_, "total": net_ + tax_,
                  "taxes": [{"code": "VAT", "rate": "21"}], "extra": {}, **values})


def tax(amount: str = "2100", base: str = "10000", code: str = "VAT", rate: str = "21", description: str = "") -> Any:
    return Bag(code=code, rate=Decimal(rate), base=Decimal(base), amount=Decimal(amount), description=description,
               jurisdiction="")


def named(name: str, code: str = "1", address: str = "") -> Any:
    """An invoice to this customer."""
    return invoice(snapshot={"customer": {"code": code, "name": name, "address": address}})


def invoice(**values: Any) -> Any:
    snapshot = {"customer": {"code": "C-00042", "name": "María Ñandú Güemes", "address": {
        "street": "Gral. Paz", "number": "1234", "unit": "2 B", "district": "Alberdi", "city": "Río Cuarto",
        "postal_code": "X5800", "region_name": "Córdoba"}}, "plan": "Hogar 100 Megas"}
    merged = {"id": 7, "kind": "invoice", "legal_number": "B 0003-00000119", "issue_date": dt.date(2026, 11, 1),
              "due_date": dt.date(2026, 11, 10), "second_due_date": dt.date(2026, 11, 20),
              "second_due_total": Decimal("12463.00"), "service_from": dt.date(2026, 11, 1),
              "service_to": dt.date(2026, 11, 30), "currency": "ARS", "exchange_rate": Decimal(1),
              "net": Decimal("10000"), "untaxed": Decimal(0), "exempt": Decimal(0), "total": Decimal("12100"),
              "open_amount": Decimal("12100"), "reason": "", "snapshot": snapshot, **values}
    merged["snapshot"] = {**snapshot, **merged["snapshot"]}
    return Bag(**merged)


def legal(**values: Any) -> LegalFacts:
    return LegalFacts(**{
        "accounting_kind": "invoice", "kind": 6, "point_of_sale": 3, "number": 119, "cae": "75123456789012",
        "cae_until": dt.date(2026, 11, 11), "qr_text": QR, "issuer_tax_id": "30-99000010-3",
        "issuer_condition": "IVA Responsable Inscripto", "gross_income_number": "904-123456-7",
        "activity_start": dt.date(2009, 3, 1), "customer_condition": "CF",
        "customer_condition_name": "Consumidor Final", "customer_document": "DNI 30.111.222", "vat": Decimal("2100"),
        **values})


def design(**values: Any) -> Any:
    return Bag(**{"color": "", "blocks": ["plan", "pay", "lines", "taxes", "payments", "debt", "text"],
                  "texts": {"bank": "Banco de Córdoba · CBU 0200345601000012345678\nAlias RCW.PAGOS",
                            "text": "Reclamos: 0358 400-0000."}, **values})


def source(**values: Any) -> Source:
    facts = values.pop("facts", None) or legal()
    return Source(**{
        "invoice": invoice(), "lines": [line()], "taxes": [tax()], "part": part(facts), "company": company(),
        "design": design(), "logo": sheets.logo_image(logo()),
        "pay": [PayWay("Rapipago · Pago Fácil", "Muestre este código en la caja", barcode=BARCODE)],
        "payments": [(dt.date(2026, 10, 8), "Transferencia", Decimal("12100"), "ARS")],
        "debts": [Debt(3, "B 0003-00000087", dt.date(2026, 10, 10), Decimal("3000")),
                  Debt(7, "B 0003-00000119", dt.date(2026, 11, 10), Decimal("12100"))], **values})


def html(made: Source) -> str:
    return render_template("accounting/print/invoice.html", sheet=sheets.build(made))


def logo() -> bytes:
    picture = Image.new("RGBA", (1600, 440), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((20, 20, 420, 420), fill="#0f766e")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def text(data: bytes) -> str:
    """What stands in the PDF, in reading order, blanks made one."""
    out = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True).stdout
    return re.sub(r"[ \u00a0]+", " ", out.decode())


def reach(data: bytes) -> tuple[float, float]:
    """Where its words begin at the left and end at the right, in mm."""
    out = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    left, right = (float(one) for one in (
        min(re.findall(r'xMin="([\d.]+)"', out), key=float), max(re.findall(r'xMax="([\d.]+)"', out), key=float)))
    return left / 72 * 25.4, right / 72 * 25.4


def codes(data: bytes, folder: Path, dpi: int = 200) -> list[str]:
    """What a reader of codes finds on the first page, printed and scanned at so many dots per inch."""
    path = folder / "page.pdf"
    path.write_bytes(data)
    printing = ["pdftoppm", "-r", str(dpi), "-gray", "-png", "-f", "1", "-l", "1", path, folder / "page"]
    subprocess.run(printing, check=True)
    (image,) = folder.glob("page-*.png")
    found = subprocess.run(["zbarimg", "-q", "--raw", image], capture_output=True, text=True, check=False)
    return found.stdout.split("\n")
