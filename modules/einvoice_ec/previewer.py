"""Ecuador's entry in the port `previewers`. Pure."""

from __future__ import annotations

from dataclasses import replace

from core import clock
from modules.accounting.words import in_words
from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, WARNING, Certificate, Preview, Printed, Problem, ordered
from modules.einvoice_ec import certificados, firma
from modules.einvoice_ec.findings import BAD_SIGNATURE
from modules.einvoice_ec.legends import legends
from modules.einvoice_ec.mapping import Mapped, map_document


class EcuadorianPreviewer:
    """The voucher's XML, signed where a certificate is given."""

    def preview(self, case: Case, certificate: Certificate | None = None) -> Preview:
        """The document with all that the SRI would refuse."""
        mapped = map_document(case)
        problems, payload = list(mapped.problems), mapped.xml
        if certificate is not None:
            payload = _signed(mapped, certificate, problems)
        ambiente = mapped.clave[23]
        printed = Printed(barcode=mapped.clave, access_key=mapped.clave, legends=legends(mapped.emisor, ambiente),
                          amount_in_words=in_words(mapped.importe_total, "USD", "es"))
        return Preview(ordered(problems), mapped.kind.cod_doc, mapped.emisor.series, case.number,
                       replace(mapped.totals, total=mapped.importe_total), "xml", payload.decode(), printed)


def _signed(mapped: Mapped, certificate: Certificate, problems: list[Problem]) -> bytes:
    """The signed bytes; what the SRI would say of the certificate becomes a problem."""
    key = certificados.open_p12(certificate.data, certificate.password)
    for message in certificados.troubles(key, mapped.emisor.ruc, clock.now()):
        problems.append(Problem("certificate", "certificate", message, BAD_SIGNATURE, ERROR))
    remark = certificados.remark(key, mapped.emisor.ruc)
    if remark:
        problems.append(Problem("certificate_ruc", "certificate", remark, "", WARNING))
    return firma.sign(mapped.xml, key)


previewer = EcuadorianPreviewer()
