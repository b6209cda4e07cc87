"""What Nubefact makes of a document: XML, hash, QR, PDF, CDR. Small real files, good for tests and for looking at."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from typing import Any
from xml.sax.saxutils import escape

from modules.einvoice_pe.simulator.reading import Values

SUNAT_TYPES = {1: "01", 2: "03", 3: "07", 4: "08"}
NAMES = {1: "Factura", 2: "Boleta de venta", 3: "Nota de crédito", 4: "Nota de débito"}
ROOTS = {1: "Invoice", 2: "Invoice", 3: "CreditNote", 4: "DebitNote"}
CURRENCIES = {1: "PEN", 2: "USD", 3: "EUR", 4: "GBP"}
UBL = "urn:oasis:names:specification:ubl:schema:xsd"


def xml(values: Values, account: Any) -> bytes:
    """A reduced UBL document, always the same for the same request."""
    kind = values.integer("tipo_de_comprobante")
    root, currency = ROOTS[kind], CURRENCIES[values.integer("moneda")]
    date = values.date("fecha_de_emision")
    lines = "".join(
        f"<cac:Line><cbc:ID>{index}</cbc:ID><cbc:Quantity unitCode=\"{escape(item.text('unidad_de_medida'))}\">"
        f"{item.text('cantidad')}</cbc:Quantity><cbc:Description>{escape(item.text('descripcion'))}</cbc:Description>"
        f"<cbc:LineExtensionAmount currencyID=\"{currency}\">{item.number('subtotal'):.2f}</cbc:LineExtensionAmount>"
        f"<cbc:TaxAmount currencyID=\"{currency}\">{item.number('igv'):.2f}</cbc:TaxAmount></cac:Line>"
        for index, item in enumerate(values.rows("items"), 1))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{UBL}:{root}-2" xmlns:cbc="{UBL}:'
        f'CommonBasicComponents-2" xmlns:cac="{UBL}:CommonAggregateComponents-2"><cbc:UBLVersionID>2.1'
        f"</cbc:UBLVersionID><cbc:ID>{values.text('serie')}-{values.integer('numero')}</cbc:ID><cbc:IssueDate>{date}"
        f"</cbc:IssueDate><cbc:InvoiceTypeCode>{SUNAT_TYPES[kind]}</cbc:InvoiceTypeCode><cac:Supplier><cbc:ID>"
        f"{account['ruc']}</cbc:ID><cbc:Name>{escape(account['name'])}</cbc:Name></cac:Supplier><cac:Customer><cbc:ID>"
        f"{escape(values.text('cliente_numero_de_documento'))}</cbc:ID><cbc:Name>"
        f"{escape(values.text('cliente_denominacion'))}</cbc:Name></cac:Customer>{lines}<cbc:PayableAmount "
        f'currencyID="{currency}">{values.number("total"):.2f}</cbc:PayableAmount></{root}>\n').encode()


def digest(document: bytes) -> str:
    """codigo_hash: SHA-256 in base64, 44 characters."""
    return base64.b64encode(hashlib.sha256(document).digest()).decode()


def qr(values: Values, account: Any, code: str) -> str:
    """cadena_para_codigo_qr."""
    date = values.date("fecha_de_emision")
    assert date is not None
    parts = [account["ruc"], SUNAT_TYPES[values.integer("tipo_de_comprobante")], values.text("serie"),
             f"{values.integer('numero'):06d}", f"{values.number('total_igv'):.2f}", f"{values.number('total'):.2f}",
             date.strftime("%d/%m/%Y"), values.text("cliente_tipo_de_documento"),
             values.text("cliente_numero_de_documento"), code]
    return " | ".join(parts) + " |"


def cdr(name: str, code: str, description: str) -> bytes:
    """SUNAT's answer, an XML in a zip."""
    text = (f'<?xml version="1.0" encoding="UTF-8"?>\n<ApplicationResponse xmlns="{UBL}:ApplicationResponse-2" '
            f'xmlns:cbc="{UBL}:CommonBasicComponents-2"><cbc:ReferenceID>{name}</cbc:ReferenceID><cbc:ResponseCode>'
            f"{code}</cbc:ResponseCode><cbc:Description>{escape(description)}</cbc:Description></ApplicationResponse>\n")
    return zipped(f"R-{name}.xml", text.encode())


def zipped(name: str, content: bytes) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return box.getvalue()


def pdf(lines: list[str]) -> bytes:
    """One page of plain text."""
    text = "\n".join(f"({_escaped(line)}) '" for line in lines)
    stream = f"BT /F1 11 Tf 14 TL 50 790 Td\n{text}\nET".encode("cp1252", "replace")
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R "
               b">> >> >>", b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def page(values: Values, account: Any) -> bytes:
    """The PDF of a document."""
    kind = values.integer("tipo_de_comprobante")
    rows = [f"{item.text('cantidad')}  {item.text('descripcion')[:60]}  {item.number('total'):.2f}"
            for item in values.rows("items")]
    return pdf([f"{account['name']}  RUC {account['ruc']}", f"{NAMES[kind].upper()} ELECTRONICA "
                f"{values.text('serie')}-{values.integer('numero')}", values.text("cliente_denominacion"), *rows,
                f"TOTAL {values.number('total'):.2f}", "Simulador de Nubefact, sin validez fiscal"])


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


