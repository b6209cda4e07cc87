"""Peru's entry in the port `previewers`. Pure."""

from __future__ import annotations

import dataclasses

from core.i18n import _
from modules.einvoice.case import Case
from modules.einvoice.preview import Certificate, Preview, Printed, Problem, ordered
from modules.einvoice_pe.catalogs import SUNAT_TYPES
from modules.einvoice_pe.legends import legends, paid
from modules.einvoice_pe.mapping import Mapped, map_document
from modules.einvoice_pe.qr import QrFacts, text
from modules.einvoice_pe.words import in_words

# what the account of the detracción at Banco de la Nación is called: Nubefact itself has no field for it
ACCOUNTS = ("cuenta_detraccion", "cuenta_detracciones", "cuenta_banco_de_la_nacion", "cuenta_banco_nacion")


class PeruvianPreviewer:
    """The request of Nubefact; the provider signs, so a certificate changes nothing."""

    def preview(self, case: Case, certificate: Certificate | None = None) -> Preview:
        """The document with all that Nubefact or SUNAT would refuse."""
        mapped = map_document(case)
        digest = str(case.extra.get("codigo_hash") or "")
        printed = Printed(qr=_qr(case, mapped, digest) if case.number else "", access_key=digest,
                          amount_in_words=in_words(mapped.totals.total, case.currency.upper()),
                          legends=_legends(case, mapped))
        # what an agent keeps back does not lower the document's total
        shown = dataclasses.replace(mapped.totals, withheld=mapped.payment.retention)
        return Preview(ordered((*_unsendable(case), *mapped.problems)), SUNAT_TYPES[mapped.kind],
                       mapped.payload["serie"], case.number, shown, "json", mapped.payload, printed)


def _legends(case: Case, mapped: Mapped) -> tuple[str, ...]:
    """How it is paid, then the law's; the account of the detracción is the company's."""
    said = {**case.issuer.extra, **case.extra}
    account = next((str(said[name]) for name in ACCOUNTS if said.get(name)), "")
    return (*filter(None, [paid(mapped.payload)]), *legends(mapped.payload, account))


def _unsendable(case: Case) -> list[Problem]:
    """What a document in the making may lack, and a request may not."""
    found = []
    if case.provider.strip().lower() not in ("", "nubefact"):
        found.append(Problem("provider", "provider", _(
            "To send this you must choose the provider nubefact, not %(found)s.", found=case.provider)))
    if case.number is None:
        found.append(Problem("number", "number", _(
            "To send this you must give a number between 1 and 99999999."), "1001"))
    return found


def _qr(case: Case, mapped: Mapped, digest: str) -> str:
    payload = mapped.payload
    return text(QrFacts(
        case.issuer.tax_id, SUNAT_TYPES[mapped.kind], payload["serie"], case.number or 0, mapped.totals.tax_total,
        mapped.totals.total, mapped.date, payload["cliente_tipo_de_documento"], payload["cliente_numero_de_documento"],
        digest))


previewer = PeruvianPreviewer()
