"""What the DIAN makes of an accepted document: CUFE or CUDE, QR, UBL document (reference 1.3, 1.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from html import escape
from typing import Any

HOSTS = {"1": "catalogo-vpfe.dian.gov.co", "2": "catalogo-vpfe-hab.dian.gov.co"}
ROOTS = {"01": ("Invoice", "InvoiceTypeCode"), "91": ("CreditNote", "CreditNoteTypeCode"),
         "92": ("DebitNote", "DebitNoteTypeCode")}
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"


def cut(value: Any) -> str:
    """Truncated to two decimals."""
    return str(Decimal(str(value or "0")).quantize(Decimal("0.01"), ROUND_DOWN))


def taxes(invoice: Mapping[str, Any]) -> dict[str, str]:
    """{tax: total} of the document."""
    return {one["codigoTOTALImp"]: cut(one["montoTotal"]) for one in invoice.get("impuestosTotales") or []}


def key_text(invoice: Mapping[str, Any], nit: str, secret: str, environment: str) -> str:
    """What the key is the SHA-384 of."""
    day, hour = invoice["fechaEmision"].split(" ")
    amounts = taxes(invoice)
    return (f"{invoice['consecutivoDocumento']}{day}{hour}-05:00{cut(invoice['totalSinImpuestos'])}"
            f"01{amounts.get('01', '0.00')}04{amounts.get('04', '0.00')}03{amounts.get('03', '0.00')}"
            f"{cut(invoice['totalMonto'])}{nit}{invoice['cliente']['numeroDocumento']}{secret}{environment}")


def key(text: str) -> str:
    return hashlib.sha384(text.encode()).hexdigest()


def qr(invoice: Mapping[str, Any], nit: str, cufe: str, environment: str) -> str:
    """The text of the QR."""
    day, hour = invoice["fechaEmision"].split(" ")
    amounts = taxes(invoice)
    others = sum((Decimal(amount) for code, amount in amounts.items() if code != "01"), Decimal("0.00"))
    return "\n".join((
        f"NumFac: {invoice['consecutivoDocumento']}", f"FecFac: {day}", f"HorFac: {hour}-05:00", f"NitFac: {nit}",
        f"DocAdq: {invoice['cliente']['numeroDocumento']}", f"ValFac: {cut(invoice['totalSinImpuestos'])}",
        f"ValIva: {amounts.get('01', '0.00')}", f"ValOtroIm: {others}", f"ValTolFac: {cut(invoice['totalMonto'])}",
        f"CUFE: {cufe}", f"QRCode: https://{HOSTS[environment]}/document/searchqr?documentkey={cufe}"))


def ubl(invoice: Mapping[str, Any], nit: str, cufe: str, environment: str) -> str:
    """The document as UBL 2.1, without the provider's signature."""
    root, kind = ROOTS[invoice["tipoDocumento"]]
    day, hour = invoice["fechaEmision"].split(" ")
    customer, name = invoice["cliente"], "CUFE-SHA384" if root == "Invoice" else "CUDE-SHA384"
    body = [f"<cbc:ID>{_text(invoice['consecutivoDocumento'])}</cbc:ID>",
            f'<cbc:UUID schemeID="{environment}" schemeName="{name}">{cufe}</cbc:UUID>',
            f"<cbc:IssueDate>{day}</cbc:IssueDate><cbc:IssueTime>{hour}-05:00</cbc:IssueTime>",
            f"<cbc:{kind}>{invoice['tipoDocumento']}</cbc:{kind}>",
            f"<cbc:DocumentCurrencyCode>{_text(invoice['moneda'])}</cbc:DocumentCurrencyCode>",
            _party("AccountingSupplierParty", "31", nit, ""),
            _party("AccountingCustomerParty", customer["tipoIdentificacion"], customer["numeroDocumento"],
                   customer["nombreRazonSocial"]), _totals(invoice)]
    body += [_line(root, index, line) for index, line in enumerate(invoice["detalleDeFactura"], 1)]
    space = f"urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
    return (f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{space}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">'
            f'<cbc:UBLVersionID>UBL 2.1</cbc:UBLVersionID>{"".join(body)}</{root}>')


def container(document: Mapping[str, Any], xml: str) -> str:
    """The AttachedDocument: the document, and the DIAN's ApplicationResponse that validates it."""
    answer = (f'<?xml version="1.0" encoding="UTF-8"?><ApplicationResponse xmlns="urn:oasis:names:specification:ubl:'
              f'schema:xsd:ApplicationResponse-2" xmlns:cac="{CAC}" xmlns:cbc="{CBC}"><cbc:UBLVersionID>UBL 2.1'
              f"</cbc:UBLVersionID><cac:DocumentResponse><cac:Response><cbc:ResponseCode>02</cbc:ResponseCode>"
              f"<cbc:Description>Documento validado por la DIAN</cbc:Description></cac:Response><cac:DocumentReference>"
              f"<cbc:ID>{_text(document['number'])}</cbc:ID><cbc:UUID>{document['cufe']}</cbc:UUID>"
              f"</cac:DocumentReference></cac:DocumentResponse></ApplicationResponse>")
    return (f'<?xml version="1.0" encoding="UTF-8"?><AttachedDocument xmlns="urn:oasis:names:specification:ubl:schema:'
            f'xsd:AttachedDocument-2" xmlns:cac="{CAC}" xmlns:cbc="{CBC}"><cbc:UBLVersionID>UBL 2.1</cbc:UBLVersionID>'
            f"<cbc:ParentDocumentID>{_text(document['number'])}</cbc:ParentDocumentID><cac:Attachment>"
            f"<cac:ExternalReference><cbc:MimeCode>text/xml</cbc:MimeCode><cbc:Description><![CDATA[{xml}]]>"
            f"</cbc:Description></cac:ExternalReference></cac:Attachment><cac:ParentDocumentLineReference>"
            f"<cbc:LineID>1</cbc:LineID><cac:DocumentReference><cbc:ID>{_text(document['number'])}</cbc:ID>"
            f"<cac:Attachment><cac:ExternalReference><cbc:MimeCode>text/xml</cbc:MimeCode><cbc:Description>"
            f"<![CDATA[{answer}]]></cbc:Description></cac:ExternalReference></cac:Attachment></cac:DocumentReference>"
            f"</cac:ParentDocumentLineReference></AttachedDocument>")


def _party(name: str, kind: str, number: str, title: str) -> str:
    return (f"<cac:{name}><cac:Party><cac:PartyTaxScheme><cbc:RegistrationName>{_text(title)}</cbc:RegistrationName>"
            f'<cbc:CompanyID schemeName="{kind}">{_text(number)}</cbc:CompanyID></cac:PartyTaxScheme></cac:Party>'
            f"</cac:{name}>")


def _totals(invoice: Mapping[str, Any]) -> str:
    pairs = (("LineExtensionAmount", "totalSinImpuestos"), ("TaxExclusiveAmount", "totalBaseImponible"),
             ("TaxInclusiveAmount", "totalBrutoConImpuesto"), ("PayableAmount", "totalMonto"))
    inside = "".join(f'<cbc:{name} currencyID="COP">{invoice[field]}</cbc:{name}>' for name, field in pairs)
    return f"<cac:LegalMonetaryTotal>{inside}</cac:LegalMonetaryTotal>"


def _line(root: str, index: int, line: Mapping[str, Any]) -> str:
    name = f"{root}Line"
    return (f"<cac:{name}><cbc:ID>{index}</cbc:ID><cbc:LineExtensionAmount currencyID=\"COP\">"
            f"{line['precioTotalSinImpuestos']}</cbc:LineExtensionAmount><cac:Item><cbc:Description>"
            f"{_text(line['descripcion'])}</cbc:Description></cac:Item></cac:{name}>")


def _text(value: Any) -> str:
    return escape(str(value), quote=False)
