"""Argentina's entry in the port `previewers`. Pure."""

from __future__ import annotations

from decimal import Decimal

from core.i18n import _
from modules.accounting.totals import ZERO
from modules.accounting.words import in_words
from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, Certificate, Preview, Printed, Problem, ordered
from modules.einvoice_ar.amounts import internal_taxes
from modules.einvoice_ar.legends import LegendFacts, legends
from modules.einvoice_ar.mapping import Mapped, map_document
from modules.einvoice_ar.qr import QrFacts, url

CAE_DIGITS = 14


class ArgentinePreviewer:
    """The request of FECAESolicitar; ARCA signs nothing in it, so a certificate changes nothing."""

    def preview(self, case: Case, certificate: Certificate | None = None) -> Preview:
        """The document with all that ARCA would refuse."""
        mapped = map_document(case)
        problems = list(mapped.problems)
        cae = _cae(case, problems)
        printed = Printed(qr=_qr(case, mapped, cae) if cae else "",
                          amount_in_words=in_words(mapped.totals.total, case.currency, "es"),
                          legends=legends(_legend_facts(case, mapped)))
        return Preview(ordered(problems), str(mapped.kind.id), case.issuer.series, case.number, mapped.totals, "json",
                       mapped.payload, printed)


def _cae(case: Case, problems: list[Problem]) -> str:
    said = str(case.extra.get("CAE") or "")
    if said and not (len(said) == CAE_DIGITS and said.isdecimal()):
        problems.append(Problem("cae", "extra.CAE", _(
            "To show the QR you must give a CAE of 14 digits, not %(found)s.", found=said), severity=ERROR))
        return ""
    return said


def _rate(mapped: Mapped) -> Decimal:
    return Decimal(mapped.detail.get("MonCotiz") or 1)


def _qr(case: Case, mapped: Mapped, cae: str) -> str:
    detail = mapped.detail
    return url(QrFacts(
        mapped.date, case.issuer.tax_id.replace("-", ""), mapped.point_of_sale, mapped.kind.id, case.number or 0,
        mapped.totals.total, detail["MonId"], _rate(mapped), detail["DocTipo"], detail["DocNro"], cae))


def _legend_facts(case: Case, mapped: Mapped) -> LegendFacts:
    detail = mapped.detail
    return LegendFacts(mapped.kind.group, mapped.condition, detail["DocTipo"], Decimal(detail["ImpIVA"]),
                       sum(internal_taxes(mapped.totals), ZERO), mapped.totals.total, case.currency, detail["MonId"],
                       _rate(mapped))


previewer = ArgentinePreviewer()
