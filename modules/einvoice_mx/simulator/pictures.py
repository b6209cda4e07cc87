"""What the PAC draws where it is asked: a picture of the QR, a PDF of one page."""

from __future__ import annotations

import io

import segno
from lxml import etree

from modules.einvoice_mx.schema import TFD


def _address(document: etree._Element) -> str:
    timbre = document.find(f".//{{{TFD}}}TimbreFiscalDigital")
    return f"https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?id={timbre.get('UUID')}" if (
        timbre is not None) else ""


def png_of(document: etree._Element) -> bytes:
    """The QR as PNG."""
    out = io.BytesIO()
    segno.make(_address(document) or "-", error="m").save(out, kind="png", scale=4)
    return out.getvalue()


def pdf_of(document: etree._Element) -> bytes:
    """One page that names the document."""
    line = f"BT /F1 12 Tf 40 780 Td (CFDI {document.get('Serie') or ''} {document.get('Folio') or ''}) Tj ET"
    parts = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
             "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> "
             ">> >>", f"<< /Length {len(line)} >>\nstream\n{line}\nendstream",
             "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, places = "%PDF-1.4\n", []
    for index, part in enumerate(parts, 1):
        places.append(len(out))
        out += f"{index} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(parts) + 1
    return (f"{out}xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
            f"startxref\n{len(out)}\n%%EOF\n").encode("latin-1", "replace")
