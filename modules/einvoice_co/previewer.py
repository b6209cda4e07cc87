"""Colombia's entry in the port `previewers`. Pure."""

from __future__ import annotations

import json
from typing import Any

from core.exact_json import as_json
from modules.accounting.words import in_words
from modules.einvoice.case import Case
from modules.einvoice.preview import Certificate, Preview, Printed
from modules.einvoice_co import cufe, qr
from modules.einvoice_co.catalogs import INVOICE, IVA
from modules.einvoice_co.findings import SIIGO
from modules.einvoice_co.legends import legends
from modules.einvoice_co.mapping import Parts, map_document
from modules.einvoice_co.printed import facts


class ColombianPreviewer:
    """Enviar of The Factory HKA, or Siigo's invoice; they sign it themselves, so a certificate changes nothing."""

    def preview(self, case: Case, certificate: Certificate | None = None) -> Preview:
        """The document with all that the DIAN or the provider would refuse."""
        mapped = map_document(case)
        parts, draft = mapped.parts, mapped.parts.draft
        key = _key(parts)
        total = mapped.totals.total
        printed = Printed(qr=_qr(parts, key), access_key=key, amount_in_words=in_words(total, "COP", "es"),
                          legends=legends(facts(mapped, key)))
        payload: Any = mapped.payload
        if draft.provider == SIIGO:  # its amounts are numbers: those of the very text that is sent
            payload = json.loads(as_json(payload))
        return Preview(mapped.problems, draft.kind, case.issuer.series, case.number, mapped.totals, "json", payload,
                       printed)


def _key(parts: Parts) -> str:
    """What the provider answered (extra), else computed where the technical key or the software's PIN is known."""
    draft = parts.draft
    said = draft.text("CUFE", "CUDE").lower()
    if cufe.KEY.fullmatch(said):
        return said
    secret = parts.resolution.key if draft.kind == INVOICE else draft.text("pin", "softwarePin", "pinsoftware")
    return cufe.key(parts.key_facts(secret)) if secret and draft.case.number else ""


def _qr(parts: Parts, key: str) -> str:
    """The provider's own text where it answered one."""
    said = parts.draft.text("qr", "cadenaCodigoQR")
    if said or not key:
        return said
    others = parts.amounts.totals.tax_total - parts.amounts.of(IVA)
    return qr.text(parts.key_facts(""), others, key)


previewer = ColombianPreviewer()
