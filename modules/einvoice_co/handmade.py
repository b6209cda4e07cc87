"""Debit notes of who issues through Siigo: made by hand in Siigo Nube, and brought here by their XML.

Siigo's interface takes none (reference 3.3 and 5). What is given is taken only where it is the note that was issued
here: same issuer, buyer, total and invoice, in the same environment, and nobody else's key. What the file does not say
of the DIAN stands as a remark on the document.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from lxml import etree

from core import audit
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _, format_amount, format_date
from core.scope import current_company
from modules.accounting.models import Invoice, InvoiceLine
from modules.einvoice import services
from modules.einvoice.files import ANSWER, XML, Kept
from modules.einvoice.models import Document
from modules.einvoice.ports import WAITS_FOR_ORIGINAL
from modules.einvoice.services import Authorization
from modules.einvoice_co import bridge
from modules.einvoice_co.bridge import BY_SIIGO
from modules.einvoice_co.catalogs import DEBIT_NOTE
from modules.einvoice_co.parties import split_nit
from modules.einvoice_co.qr import url

LARGEST, KEY, VALIDATED = 5_000_000, re.compile(r"[0-9a-f]{96}"), "02"
_NUMBER = re.compile(r"([A-Z0-9]*?)(\d+)")


@dataclass(frozen=True)
class Note:
    """What the XML of a debit note says.

    `validated` is the code of the DIAN's answer, "" where it is not in the file.
    """

    name: str
    key: str
    date: dt.date
    production: bool
    issuer: str
    buyer: str
    total: Decimal
    of: str
    xml: bytes
    validated: str


def is_wanted(document: Document | None) -> bool:
    """Whether this is a debit note that a person must make in Siigo Nube."""
    return (document is not None and document.country == "CO" and document.kind == DEBIT_NOTE
            and document.series.startswith(BY_SIIGO) and document.state == "rejected"
            and document.cause != WAITS_FOR_ORIGINAL)


def lines_of(invoice: Invoice) -> list[InvoiceLine]:
    """What it has to say, line by line."""
    return list(db.session.scalars(sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
                                   .order_by(InvoiceLine.position)))


def adopt(document: Document, data: bytes) -> None:
    """Take the XML (a DebitNote, its AttachedDocument, or a ZIP with one of them) to the debit note it is of."""
    row = db.session.scalars(lock(sa.select(Document).where(Document.id == document.id))
                             .execution_options(populate_existing=True)).one()
    if not is_wanted(row):
        raise DomainError(_("Recording it is not possible because this document is no debit note that waits to be made "
                            "in Siigo Nube."))
    note = read(data)
    _check(row, db.session.get_one(Invoice, row.invoice_id), note)
    _authorize(row, note, data)


# --- what the file says ----------------------------------------------------------------------------------


def read(data: bytes) -> Note:
    """The note in a file; DomainError where there is none."""
    root = _parsed(_out_of_zip(data))
    validated = ""
    if _name(root) == "AttachedDocument":
        inside = [_parsed((one.text or "").strip().encode()) for one in root.iter("{*}Description") if one.text]
        validated = next((_text(one, "ResponseCode") for one in inside if _name(one) == "ApplicationResponse"), "")
        root = next((one for one in inside if _name(one) == "DebitNote"), root)
    if _name(root) != "DebitNote":
        raise _not_one(_("it is a %(found)s", found=_name(root)))
    try:
        return Note(
            _child(root, "ID"), _child(root, "UUID"), dt.date.fromisoformat(_child(root, "IssueDate")),
            _environment(root) == "1", _party(root, "AccountingSupplierParty"), _party(root, "AccountingCustomerParty"),
            Decimal(_text(root, "PayableAmount")), _reference(root), etree.tostring(root, encoding="UTF-8"), validated)
    except (ValueError, InvalidOperation):
        raise _not_one(_("its date or its amount cannot be read")) from None


def _out_of_zip(data: bytes) -> bytes:
    """The XML of a ZIP; other files as they are."""
    if not data or len(data) > LARGEST:
        raise _not_one(_("it is empty, or larger than 5 MB"))
    if not data.startswith(b"PK"):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = next((one for one in archive.infolist() if one.filename.lower().endswith(".xml")
                          and one.file_size <= LARGEST), None)
            return archive.read(found) if found else b""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise _not_one(_("the ZIP cannot be opened")) from None


def _parsed(data: bytes) -> Any:
    try:
        return etree.fromstring(data, etree.XMLParser(no_network=True, resolve_entities=False))
    except etree.XMLSyntaxError:
        raise _not_one(_("it is no XML that can be read")) from None


def _not_one(why: str) -> DomainError:
    return DomainError(_("To record the debit note you must give the XML that Siigo Nube has of it, or the ZIP: "
                         "%(why)s.", why=why), field="file")


def _name(root: Any) -> str:
    return str(etree.QName(root).localname)


def _child(root: Any, name: str) -> str:
    found = root.find(f"{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""


def _text(root: Any, name: str) -> str:
    found = next(root.iter(f"{{*}}{name}"), None)
    return (found.text or "").strip() if found is not None else ""


def _environment(root: Any) -> str:
    """1 production, 2 tests: the scheme of its key, or the profile's."""
    found = root.find("{*}UUID")
    return str((found.get("schemeID") if found is not None else "") or _child(root, "ProfileExecutionID"))


def _party(root: Any, name: str) -> str:
    party = next(root.iter(f"{{*}}{name}"), None)
    return _text(party, "CompanyID") if party is not None else ""


def _reference(root: Any) -> str:
    """The CUFE of the invoice that it is on."""
    found = next(root.iter("{*}InvoiceDocumentReference"), None)
    return _text(found, "UUID").lower() if found is not None else ""


# --- whether it is ours ----------------------------------------------------------------------------------


def _check(row: Document, invoice: Invoice, note: Note) -> None:
    if not KEY.fullmatch(note.key) or not note.name:
        raise _not_one(_("it has no number, or no CUDE of 96 characters"))
    if note.validated and note.validated != VALIDATED:
        raise DomainError(_("Recording it is not possible because the DIAN has refused this note (answer %(code)s): "
                            "correct it in Siigo Nube.", code=note.validated), field="file")
    said = "; ".join(_differences(row, invoice, note))
    if said:
        raise DomainError(_("Recording it is not possible because it is another note: %(differs)s. Make it in Siigo "
                            "Nube as it stands here, or give this one up.", differs=said), field="file")
    taken = db.session.scalar(sa.select(Document).where(Document.authorization_code == note.key))
    if taken is not None:
        raise DomainError(_("Recording it is not possible because another document has this CUDE: %(document)s.",
                            document=taken.invoice), field="file")


def _differences(row: Document, invoice: Invoice, note: Note) -> list[str]:
    """What the file says otherwise than the note that was issued here, for people."""
    original = db.session.scalar(sa.select(Document.authorization_code).where(
        Document.invoice_id == (invoice.original_id or 0))) or ""
    customer = (invoice.snapshot or {}).get("customer") or {}
    words = {True: _("production"), False: _("tests")}
    pairs = [
        (_("issuer"), _bare(current_company().tax_id), _bare(note.issuer)),
        (_("customer"), _bare(customer.get("tax_id") or ""), _bare(note.buyer)),
        (_("total"), format_amount(invoice.total, invoice.currency), format_amount(note.total, invoice.currency)),
        (_("CUFE of the invoice"), original[:12], note.of[:12]),
        (_("environment"), words[row.environment == "production"], words[note.production])]
    found = [_("%(name)s here %(ours)s, there %(theirs)s", name=name, ours=ours or "-", theirs=theirs or "-")
             for name, ours, theirs in pairs if ours != theirs]
    if note.date < invoice.issue_date:
        found.append(_("its date %(theirs)s lies before %(ours)s", theirs=format_date(note.date),
                       ours=format_date(invoice.issue_date)))
    return found


def _bare(number: str) -> str:
    """Without check digit, which the DIAN's files write apart."""
    return split_nit(number, "")[0] or re.sub(r"\W", "", number).upper()


# --- taking it -------------------------------------------------------------------------------------------


def _authorize(row: Document, note: Note, data: bytes) -> None:
    """As if Siigo had answered: it counts on a sequence of its own, and bears Siigo's number."""
    match = _NUMBER.fullmatch(note.name)
    name = {"name": note.name, "prefix": match.group(1) if match else "", "number": int(match.group(2)) if match else 0}
    place = (row.environment, row.series, DEBIT_NOTE)
    row.sequence_id, row.state = services.ensure_sequences("CO", {place})[place], "pending"
    number = services.next_number(row.sequence_id)
    row.data = bridge.data_of(row.invoice_id) | name | {"handmade": True, "qr": url(note.key, note.production)}
    db.session.flush()
    services.advance(row.sequence_id, number, note.date)
    services.authorize([Authorization(
        row.id, number, note.key, None, {"validated": note.validated}, note.date, observations=_remarks(note),
        files=(Kept(XML, f"{note.name}.xml", "application/xml", note.xml), *_container(note, data)))])
    audit.record("einvoice_co.adopt_debit_note", row, {"number": note.name, "cude": note.key})


def _container(note: Note, data: bytes) -> tuple[Kept, ...]:
    """The AttachedDocument with the DIAN's answer, where that is what was given."""
    content = _out_of_zip(data)
    return (Kept(ANSWER, f"ad{note.name}.xml", "application/xml", content),) if note.validated else ()


def _remarks(note: Note) -> list[dict[str, str]]:
    return [] if note.validated else [{"code": "not_validated", "message": _(
        "The XML does not say that the DIAN has validated it: look it up by its CUDE at %(address)s.",
        address=url(note.key, note.production))}]
