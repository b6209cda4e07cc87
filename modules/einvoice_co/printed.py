"""What is printed of a mapped document: the facts of its legends. Pure."""

from __future__ import annotations

from modules.einvoice_co.legends import LegendFacts
from modules.einvoice_co.mapping import Mapped
from modules.einvoice_co.parties import responsibilities


def facts(mapped: Mapped, key: str) -> LegendFacts:
    """The facts; `key` is CUFE or CUDE, "" while there is none."""
    parts, draft, found = mapped.parts, mapped.parts.draft, mapped.parts.resolution
    kept, paid = parts.amounts, parts.payment
    return LegendFacts(
        draft.kind, draft.provider, draft.case.issuer.tax_condition,
        responsibilities(draft.said("responsabilidades", "obligaciones", "fiscalresponsibilities")),
        draft.text("resolucionRegimenSimple"), found.number, found.date, found.prefix, found.first, found.last,
        found.valid_from, found.valid_until, paid.form, paid.means, paid.due, kept.totals.exempt, kept.excluded,
        parts.buyer.nobody, key, "",
        tuple((one.number, one.date, one.cufe, f"{one.concept} {one.concept_name(draft.case.kind)}")
              for one in parts.corrected),
        tuple((one.name, one.rate, one.amount) for one in kept.withheld))
