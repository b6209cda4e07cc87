"""Debit notes of who issues through Siigo: made by hand in Siigo Nube, brought here by their XML."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest

from core import checks, scope
from core.db import db
from core.errors import DomainError
from modules.accounting import documents as papers
from modules.accounting import notes
from modules.accounting.drafts import DraftLine
from modules.accounting.models import Invoice
from modules.einvoice import reconciling
from modules.einvoice.files import of_documents
from modules.einvoice.models import Document
from modules.einvoice_co import handmade
from tests.modules.accounting.documents_sample import text
from tests.modules.einvoice_co.test_issuer import DAY, VAT, documents, issue, use, work

CUDE = "ab" * 48
UBL = ('<DebitNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:DebitNote-2" xmlns:cac="urn:cac" '
       'xmlns:cbc="urn:cbc"><cbc:ID>{name}</cbc:ID><cbc:UUID schemeID="{scheme}" schemeName="CUDE-SHA384">{key}'
       "</cbc:UUID><cbc:IssueDate>{day}</cbc:IssueDate><cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>FV22</cbc:ID>"
       '<cbc:UUID schemeName="CUFE-SHA384">{cufe}</cbc:UUID></cac:InvoiceDocumentReference></cac:BillingReference>'
       "<cac:AccountingSupplierParty><cac:Party><cbc:CompanyID>{issuer}</cbc:CompanyID></cac:Party>"
       "</cac:AccountingSupplierParty><cac:AccountingCustomerParty><cac:Party><cbc:CompanyID>{buyer}</cbc:CompanyID>"
       "</cac:Party></cac:AccountingCustomerParty><cac:RequestedMonetaryTotal><cbc:PayableAmount>{total}"
       "</cbc:PayableAmount></cac:RequestedMonetaryTotal></DebitNote>")
ANSWER = ('<ApplicationResponse xmlns="urn:ar" xmlns:cbc="urn:cbc"><cbc:ResponseCode>{code}</cbc:ResponseCode>'
          "</ApplicationResponse>")


@pytest.fixture
def company(isp: Any) -> Any:
    """The company of whoever logs in."""
    return scope.current_company()


@pytest.fixture
def debit(isp: Any, site: Any) -> Document:
    """A debit note of 23,800.00 on an invoice that Siigo numbered, waiting to be made by hand."""
    use("siigo")
    (invoice,) = issue(100000)
    work()
    line = DraftLine("Reconexión", D(1), D("23800"), price_includes_tax=True, taxes=VAT, code="REC")
    notes.debit(db.session.get_one(Invoice, invoice.id), "reconexión", [line])
    db.session.commit()
    work()
    return documents()[-1]


@pytest.fixture
def xml(debit: Document) -> Callable[..., bytes]:
    """`xml(total="1.00")`: the note as Siigo Nube gives it, but for what is said."""
    nit = scope.current_company().tax_id.split("-")[0]

    def make(**changes: str) -> bytes:
        said = {"name": "ND7", "scheme": "2", "key": CUDE, "day": DAY.isoformat(), "issuer": nit,
                "cufe": documents()[0].authorization_code, "buyer": "1020304050", "total": "23800.00"} | changes
        return UBL.format(**said).encode()

    return make


def container(content: bytes, code: str = "02") -> bytes:
    return (f'<AttachedDocument xmlns="urn:ad" xmlns:cbc="urn:cbc"><cbc:Description><![CDATA[{content.decode()}]]>'
            f"</cbc:Description><cbc:Description><![CDATA[{ANSWER.format(code=code)}]]></cbc:Description>"
            f"</AttachedDocument>").encode()


def zipped(content: bytes) -> bytes:
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("nota.pdf", b"%PDF")
        archive.writestr("ad.xml", content)
    return box.getvalue()


def test_it_waits_to_be_made_by_hand(debit):
    assert (debit.state, debit.kind, handmade.is_wanted(debit)) == ("rejected", "92", True)
    assert not handmade.is_wanted(documents()[0])


@pytest.mark.parametrize("form", ["plain", "container", "zip"])
def test_its_xml_makes_it_legal(debit, xml, form):
    given = {"plain": lambda: xml(), "container": lambda: container(xml()), "zip": lambda: zipped(container(xml()))}
    handmade.adopt(debit, given[form]())
    db.session.commit()
    found = documents()[-1]
    assert (found.state, found.authorization_code, found.number, found.issue_date) == ("authorized", CUDE, 1, DAY)
    invoice = db.session.get_one(Invoice, found.invoice_id)
    assert (invoice.legal_number, invoice.legal_state) == ("ND7", "authorized")
    # without the DIAN's answer in it, a person is told to look it up
    assert [one["code"] for one in found.observations] == (["not_validated"] if form == "plain" else [])
    assert set(of_documents([found.id])[found.id]) == ({"xml"} if form == "plain" else {"xml", "answer"})
    assert all(one.ok for one in checks.run_all(["numbers_no_gap", "numbers_no_duplicate", "one_document_per_invoice"]))


def test_what_is_printed_has_number_cude_and_qr(debit, xml):
    handmade.adopt(debit, container(xml()))
    db.session.commit()
    said = text(papers.preview(db.session.get_one(Invoice, documents()[-1].invoice_id)))
    assert "ND7" in said and "Nota débito" in said and CUDE[:24] in said.replace("\n", "")


@pytest.mark.parametrize(("changes", "word"), [
    ({"total": "23800.01"}, "total"), ({"buyer": "900373115"}, "cliente"), ({"issuer": "900390126"}, "emisor"),
    ({"cufe": "f" * 96}, "CUFE"), ({"scheme": "1"}, "ambiente"), ({"key": "abc"}, "CUDE"), ({"name": ""}, "número"),
    ({"day": "2026-10-01"}, "fecha"), ({"day": "ayer"}, "fecha"), ({"total": "mucho"}, "importe")])
def test_another_note_is_not_taken(debit, xml, changes, word):
    with pytest.raises(DomainError, match=word):
        handmade.adopt(debit, container(xml(**changes)))
    db.session.rollback()
    assert documents()[-1].state == "rejected"


@pytest.mark.parametrize("data", [b"", b"hola", b"PK\x03\x04rota", b"<Invoice xmlns='urn:x'/>",
                                  b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><DebitNote>&b;</DebitNote>'])
def test_what_is_no_debit_note_is_not_taken(debit, data):
    with pytest.raises(DomainError):
        handmade.adopt(debit, data)


def test_one_that_the_dian_has_refused_is_not_taken(debit, xml):
    with pytest.raises(DomainError, match="04"):
        handmade.adopt(debit, container(xml(), "04"))


def test_the_same_xml_is_one_document(debit, xml):
    handmade.adopt(debit, xml())
    db.session.commit()
    with pytest.raises(DomainError):
        handmade.adopt(documents()[-1], xml())
    db.session.rollback()
    line = DraftLine("Reconexión", D(1), D("23800"), price_includes_tax=True, taxes=VAT, code="REC")
    notes.debit(db.session.get_one(Invoice, documents()[0].invoice_id), "reconexión", [line])
    db.session.commit()
    work()
    with pytest.raises(DomainError, match="CUDE"):
        handmade.adopt(documents()[-1], xml())


def test_on_screen(debit, xml, login):
    browser = login("einvoice.view_documents", "einvoice.send_documents", "accounting.view_documents")
    address = f"/einvoice-co/debit-notes/{debit.id}"
    assert address in browser.get(f"/invoices/{debit.invoice_id}").text
    page = browser.get(address).text
    assert "FV-2-22" in page and "Reconexión" in page
    wrong = browser.post(address, data={"file": (io.BytesIO(xml(total="1.00")), "nota.xml")})
    assert wrong.status_code == 422 and "1,00" in wrong.text
    done = browser.post(address, data={"file": (io.BytesIO(xml()), "nota.xml")})
    assert (done.status_code, documents()[-1].state) == (302, "authorized")
    assert "type=\"file\"" not in browser.get(address).text


def test_reconciling_knows_it(debit, xml):
    handmade.adopt(debit, xml())
    db.session.commit()
    differences = reconciling.reconcile(scope.current_company(), "2026-11")["differences"]
    assert differences == []
