"""Mexico's entry in the port `previewers`. Pure."""

from __future__ import annotations

import re

from core.i18n import _
from modules.accounting.words import in_words
from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, WARNING, Certificate, Preview, Printed, Problem, ordered
from modules.einvoice_mx import cadena, qr, schema, seal
from modules.einvoice_mx.errors import BadCsd
from modules.einvoice_mx.legends import PRINTED
from modules.einvoice_mx.mapping import Mapped, map_document
from modules.einvoice_mx.seal import Csd

WHERE = "certificate"


class MexicanPreviewer:
    """The CFDI as it is sent to the PAC, sealed where the CSD is given."""

    def preview(self, case: Case, certificate: Certificate | None = None) -> Preview:
        """The document with all that SAT and PAC would refuse."""
        mapped = map_document(case)
        problems = list(mapped.problems)
        if certificate is not None:
            problems += _sealed(case, mapped, certificate)
        uuid = str(case.extra.get("UUID") or "").strip()
        if uuid and not re.fullmatch(qr.UUID, uuid):
            problems.append(Problem("uuid", "extra.UUID", _(
                "To show the QR you must give the UUID of the timbre, not %(found)s.", found=uuid)))
            uuid = ""
        uuid = uuid.upper()  # as the timbre has it
        printed = Printed(qr=_qr(case, mapped, uuid), access_key=uuid or cadena.original(mapped.document),
                          amount_in_words=in_words(mapped.totals.total, case.currency, "es"), legends=(PRINTED,))
        return Preview(ordered(problems), mapped.kind, case.issuer.series, case.number, mapped.totals, "xml",
                       schema.text(mapped.document), printed)


def _sealed(case: Case, mapped: Mapped, certificate: Certificate) -> list[Problem]:
    """Seal the document, and say what the SAT would refuse of the seal."""
    try:
        csd = seal.read_p12(certificate.data, certificate.password)
    except BadCsd as error:
        return [Problem(error.code, WHERE, str(error), "CFDI40106")]
    found = csd_problems(csd, mapped.rfc, case)
    seal.seal(mapped.document, csd)
    return found


def csd_problems(csd: Csd, rfc: str, case: Case) -> list[Problem]:
    """What is wrong with a CSD for a document (303, 305, 306)."""
    found = []
    if csd.is_fiel:
        found.append(Problem("fiel", WHERE, _(
            "To seal this you must give the CSD (certificado de sello digital); this is an e.firma."), "306"))
    if csd.rfc != rfc:
        found.append(Problem("csd_of_another", WHERE, _(
            "To seal this you must give the issuer's own CSD: this one is of %(theirs)s, and the issuer is %(ours)s.",
            theirs=csd.rfc or _("nobody"), ours=rfc), "303"))
    if not csd.number_is_good:
        found.append(Problem("csd_number", WHERE, _(
            "To seal this you must give a certificate of the SAT: this one's number has not its 20 digits."), "303"))
    if not csd.valid_from <= case.issued_at <= csd.valid_until:
        # the SAT's own published test certificates have mostly run out, and are used all the same
        lenient = csd.is_test and case.environment != "production"
        found.append(Problem("csd_expired", WHERE, _(
            "To seal this you must give a CSD that is valid on the date of the document: this one is valid from "
            "%(first)s to %(last)s.", first=csd.valid_from.date().isoformat(), last=csd.valid_until.date().isoformat()),
            "305", WARNING if lenient else ERROR))
    return found


def _qr(case: Case, mapped: Mapped, uuid: str) -> str:
    """Only a stamped document has one; its seal is the document's own, or said."""
    sello = str(mapped.document.get("Sello") or case.extra.get("Sello") or "")
    if not uuid or not sello:
        return ""
    return qr.url(uuid, mapped.rfc, mapped.receiver_rfc, mapped.total, sello)


previewer = MexicanPreviewer()
