"""Stamped XML that comes by hand: downloaded from the PAC's or the SAT's site after its answer was lost, or its acuse.

What is uploaded is taken only where it is, letter by letter, what we sealed: same RFC, series, folio, total, same seal,
same cadena original, and one timbre over that seal (reference: Mexico, 5 and 9).
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from lxml import etree

from core import audit, clock, storage
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from modules.einvoice import services
from modules.einvoice.files import XML, Kept, keep
from modules.einvoice.models import Document
from modules.einvoice.services import IN_FLIGHT, Authorization
from modules.einvoice_mx import acuses, cadena, client, proofs, schema, seal
from modules.einvoice_mx.client import Timbre
from modules.einvoice_mx.errors import BadCsd, NotOurs
from modules.einvoice_mx.models import Stampable
from modules.einvoice_mx.papers import PAPERS
from modules.einvoice_mx.schema import CFDI, TFD

ROOT = "Acuse"
# a document that was not stamped within this time never will be (401)
WINDOW = dt.timedelta(hours=72)
LARGEST = 20_000_000
Row = Document | Stampable


@dataclass(frozen=True)
class Adopted:
    """What an upload became: the row it belongs to, and a sentence for people."""

    row: Any
    text: str


def adopt(data: bytes) -> Adopted:
    """Take a stamped XML, or the acuse of a cancelling, to the document that it is of. NotOurs where it is none."""
    root = _read(data)
    if etree.QName(root).localname == ROOT:
        return _adopt_acuse(root, data)
    if root.tag != f"{{{CFDI}}}Comprobante":
        raise NotOurs(_("To adopt a document you must give the XML of a CFDI 4.0, or the acuse of its cancelling; this "
                        "is %(found)s.", found=etree.QName(root).localname))
    _check_timbre(root)
    row = _row_of(root)
    timbre = _proved(row, root, data)
    _authorize(row, timbre)
    return Adopted(row, _("%(folio)s is stamped: %(uuid)s.", folio=proofs.number(root), uuid=timbre.uuid))


def _read(data: bytes) -> etree._Element:
    if not data or len(data) > LARGEST:
        raise NotOurs(_("To adopt a document you must choose its XML file, of 20 MB at most."))
    try:
        return schema.parse(data)
    except ValueError as error:
        raise NotOurs(_("To adopt a document you must give a whole XML file; this one cannot be read: %(reason)s",
                        reason=error)) from None


# --- whose it is -----------------------------------------------------------------------------------------


def _check_timbre(root: etree._Element) -> None:
    """Of this company, with one timbre; sealed by the certificate that it carries."""
    rfc, ours = schema.rfc_of(root, "Emisor"), current_company().tax_id
    if rfc != ours:
        raise NotOurs(_("Adopting it is not possible because it is of another issuer: %(theirs)s, and the company is "
                        "%(ours)s.", theirs=rfc or "-", ours=ours))
    if len(root.findall(f".//{{{TFD}}}TimbreFiscalDigital")) != 1:
        raise NotOurs(_("To adopt a document it must carry its timbre (TimbreFiscalDigital): download the stamped XML "
                        "from the PAC or the SAT."))
    try:
        csd = seal.read_certificate(base64.b64decode(str(root.get("Certificado"))))
    except (BadCsd, ValueError, binascii.Error):
        csd = None
    if csd is None or csd.rfc != rfc or not csd.verifies(cadena.original(root), str(root.get("Sello"))):
        raise NotOurs(_("Adopting it is not possible because its seal is not of what it says: the file was changed."))


def _row_of(root: etree._Element) -> Row:
    """The document that waits under this series and folio."""
    kind, series, folio = (str(root.get(name) or "") for name in ("TipoDeComprobante", "Serie", "Folio"))
    found: list[Row] = []
    if folio.isdecimal() and len(folio) < 16:
        number = int(folio)
        found += db.session.scalars(lock(sa.select(Document).where(
            Document.country == "MX", Document.series == series, Document.kind == kind,
            sa.func.coalesce(Document.number, Document.tried_number) == number)))
        for paper in PAPERS.values():
            found += db.session.scalars(lock(sa.select(paper.model).where(
                paper.model.series == series, paper.model.number == number)))
    same = [one for one in found if seal_of(one) == root.get("Sello")]
    if same:
        return same[0]
    if found:
        raise _not_the_same(root, _differences(found[0], root))
    raise NotOurs(_("Adopting it is not possible because no document with series %(series)s and folio %(folio)s was "
                    "made here.", series=series or "-", folio=folio or "-"))


def _not_the_same(root: etree._Element, differs: str) -> NotOurs:
    return NotOurs(_("Adopting it is not possible because it is not what was sealed here under %(folio)s: %(differs)s",
                     folio=proofs.number(root), differs=differs))


def xml_of(row: Row) -> str:
    """What was sealed of a row; "" where nothing was yet."""
    return str(row.request.get("xml") or "") if isinstance(row, Document) else row.xml


def seal_of(row: Row) -> str:
    """The seal of a row; "" where it has none yet."""
    text = xml_of(row)
    return str(schema.parse(text.encode()).get("Sello") or "") if text else ""


def _differences(row: Row, root: etree._Element) -> str:
    """What their document says otherwise than ours, for people."""
    ours = schema.parse(xml_of(row).encode())
    pairs = [(name, str(ours.get(name)), str(root.get(name))) for name in ("Fecha", "SubTotal", "Total", "Moneda")]
    pairs.append(("Receptor", schema.rfc_of(ours, "Receptor"), schema.rfc_of(root, "Receptor")))
    said = [_("%(name)s here %(ours)s, there %(theirs)s", name=name, ours=here, theirs=there)
            for name, here, there in pairs if here != there]
    return "; ".join(said) or _("it carries another seal")


def _proved(row: Row, root: etree._Element, data: bytes) -> Timbre:
    """Its timbre, proved to be of what we sealed, and nobody else's."""
    try:
        timbre = client.read_timbre(xml_of(row).encode(), data)
    except ValueError as error:
        raise _not_the_same(root, str(error)) from None
    if row.state in ("authorized", "cancelling", "cancelled"):
        raise NotOurs(_("Adopting it is not needed because %(folio)s is stamped already.", folio=proofs.number(root)))
    taken = db.session.scalar(sa.select(Document.id).where(Document.authorization_code == timbre.uuid))
    taken = taken or next((found for paper in PAPERS.values() if (found := db.session.scalar(
        sa.select(paper.model.id).where(paper.model.uuid == timbre.uuid)))), None)
    if taken is not None:
        raise NotOurs(_("Adopting it is not possible because another document has its UUID %(uuid)s.",
                        uuid=timbre.uuid))
    return timbre


# --- taking it ---------------------------------------------------------------------------------------------


def _authorize(row: Row, timbre: Timbre) -> None:
    """As if the PAC had answered."""
    if isinstance(row, Document):
        if row.state not in ("pending", *IN_FLIGHT):
            raise NotOurs(_("Adopting it is not possible because the document was refused; send it again first."))
        services.authorize([Authorization(
            row.id, row.number or row.tried_number or 0, timbre.uuid, None, client.as_json(timbre), row.issue_date,
            files=(Kept(XML, f"{timbre.uuid}.xml", "application/xml", timbre.xml),))])
    else:
        _authorize_paper(row, timbre)
    audit.record("einvoice_mx.adopt", row, {"uuid": timbre.uuid})


def _authorize_paper(row: Stampable, timbre: Timbre) -> None:
    if row.state != "sending":
        raise NotOurs(_("Adopting it is not possible because the document was refused; send it again first."))
    (file_id,) = storage.store_many([(timbre.xml, f"{timbre.uuid}.xml", "application/xml")])
    row.state, row.uuid, row.stamped_xml, row.xml_file_id = "authorized", timbre.uuid, timbre.xml.decode(), file_id
    row.problems, row.next_try = [], None
    db.session.flush()
    next(one for one in PAPERS.values() if isinstance(row, one.model)).stamped([row.id])


# --- acuses ------------------------------------------------------------------------------------------------


def _adopt_acuse(root: etree._Element, data: bytes) -> Adopted:
    """Keep the SAT's receipt of a cancelling with its document; what became of it only the SAT's query says."""
    said = {etree.QName(one).localname: (one.text or "").strip() for one in root.iter() if isinstance(one.tag, str)}
    uuid, rfc = said.get("UUID", "").upper(), str(root.get("RfcEmisor") or "")
    if rfc != current_company().tax_id:
        raise NotOurs(_("Adopting it is not possible because it is of another issuer: %(theirs)s, and the company is "
                        "%(ours)s.", theirs=rfc or "-", ours=current_company().tax_id))
    document = db.session.scalar(sa.select(Document).where(Document.authorization_code == uuid)) if uuid else None
    papers = [found for paper in PAPERS.values() if uuid and (found := db.session.scalar(
        sa.select(paper.model).where(paper.model.uuid == uuid))) is not None]
    row: Any = document or next(iter(papers), None)
    if row is None or row.state not in ("cancelling", "cancelled"):
        raise NotOurs(_("Adopting it is not possible because no document with the UUID %(uuid)s is cancelled here.",
                        uuid=uuid or "-"))
    kept = Kept(acuses.ACUSE, f"{uuid}-acuse.xml", "application/xml", data)
    if document is not None:
        keep({document.id: [kept]})
    else:
        (row.proof_file_id,) = storage.store_many([(kept.content, kept.name, kept.media_type)])
    db.session.flush()
    audit.record("einvoice_mx.adopt_acuse", row, {"uuid": uuid, "status": said.get("EstatusUUID", "")})
    return Adopted(row, _("The acuse of %(folio)s is kept.", folio=f"{row.series} {row.number}"))


# --- never stamped -----------------------------------------------------------------------------------------


def lost() -> list[Row]:
    """What was sent, got no answer and is too old to get one: a person looks for it at the PAC or the SAT."""
    found: list[Row] = list(db.session.scalars(sa.select(Document).where(
        Document.country == "MX", Document.state.in_(IN_FLIGHT), Document.sent_at < clock.now() - WINDOW)
        .order_by(Document.id).limit(200)))
    for paper in PAPERS.values():
        found += [row for row in db.session.scalars(sa.select(paper.model).where(
            paper.model.state == "sending", paper.model.created_at < clock.now() - WINDOW)
            .order_by(paper.model.id).limit(200)) if _is_old(row)]
    return found


def _is_old(row: Row) -> bool:
    """Whether its own date (Fecha) lies so far back that nobody stamps it any more."""
    text = str(schema.parse(xml_of(row).encode()).get("Fecha") or "")
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(current_company().timezone))
    return moment < clock.now() - WINDOW


def never_stamped(row: Row, reason: str) -> None:
    """A person looked and found nothing: it is sealed anew under its folio. Refused while it may still be stamped."""
    if not reason.strip():
        raise DomainError(_("To send it anew you must say where you looked for it."), field="reason")
    if row.state not in ("sending", "unknown") or not _is_old(row):
        raise DomainError(_("Sending it anew is not possible because the PAC may still stamp it, or has: it is asked "
                            "about by itself."))
    if isinstance(row, Document):
        services.release([row.id])
        services.try_again(row)
    else:
        row.state, row.attempts, row.next_try, row.problems = "pending", 0, None, []
        db.session.flush()
    audit.record("einvoice_mx.never_stamped", row, {}, reason.strip()[:300])
