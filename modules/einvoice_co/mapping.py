"""From a case to what the provider gets: one reading for both, and the provider's own request out of it. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from core.i18n import _
from modules.accounting.totals import Totals
from modules.einvoice.case import Case
from modules.einvoice.preview import Problem, ordered
from modules.einvoice_co.amounts import Amounts, amounts
from modules.einvoice_co.catalogs import IVA, KINDS
from modules.einvoice_co.cufe import KeyFacts
from modules.einvoice_co.findings import HKA, SIIGO, Draft
from modules.einvoice_co.parties import Buyer, buyer, issuer_nit
from modules.einvoice_co.payment import Payment, payment
from modules.einvoice_co.places import check_estrato
from modules.einvoice_co.references import Corrected, corrected, operation
from modules.einvoice_co.resolution import Resolution, resolution

PESOS = "COP"
_NAMES = {"": HKA, "hka": HKA, "thefactoryhka": HKA, "tfhka": HKA, "the factory hka": HKA, "factory_hka": HKA,
          "the_factory_hka": HKA, "siigo": SIIGO}


@dataclass
class Parts:
    """A case as it was read, before it takes a provider's form."""

    draft: Draft
    nit: str
    buyer: Buyer
    amounts: Amounts
    payment: Payment
    corrected: tuple[Corrected, ...]
    resolution: Resolution
    operation: str

    @property
    def document(self) -> str:
        """Prefix and number with nothing between: SETP990000123."""
        return f"{self.resolution.prefix}{self.draft.case.number or ''}"

    def key_facts(self, secret: str) -> KeyFacts:
        """What CUFE or CUDE are made of."""
        found = self.amounts
        return KeyFacts(self.document, self.draft.moment, found.net, found.totals.total, self.nit, self.buyer.number,
                        secret, self.draft.production, found.of(IVA), found.of("04"), found.of("03"))


@dataclass(frozen=True)
class Mapped:
    """The document as its provider gets it."""

    parts: Parts
    payload: dict[str, Any]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def kind(self) -> str:
        return self.parts.draft.kind

    @property
    def totals(self) -> Totals:
        return self.parts.amounts.totals


def provider_of(name: str) -> str:
    """hka or siigo; "" of any other name. Without a name The Factory HKA."""
    return _NAMES.get(name.strip().lower(), "")


def read(draft: Draft) -> Parts:
    """Everything that both providers want, with what the DIAN would refuse."""
    case = draft.case
    if case.kind not in KINDS:
        draft.refuse("kind", "kind", _(
            "To send this you must choose an invoice, a credit note or a debit note, not %(found)s.",
            found=case.kind), siigo="invalid_document")
    if case.currency.upper() != PESOS:
        draft.refuse("currency", "currency", _(
            "To send this you must invoice in pesos (COP), not %(found)s.", found=case.currency), "109",
            "invalid_currency")
    said = draft.text("tipoDocumento")
    if said and said != draft.kind:
        draft.refuse("document_kind", draft.where("tipoDocumento"), _(
            "To send this its tipoDocumento must be %(kind)s, not %(found)s: contingency is the provider's affair, and "
            "exports are not made here.", kind=draft.kind, found=said), "109", "invalid_document")
    _check_period(draft)
    if draft.today is not None and draft.date < draft.today and draft.provider == SIIGO:
        draft.refuse("date_before_today", "issued_at", _(
            "To send this you must date it today (%(today)s): an electronic document is not dated back.",
            today=draft.today.isoformat()), siigo="invalid_date")
    check_estrato(draft)
    return Parts(draft, issuer_nit(draft), buyer(draft), amounts(draft), payment(draft), corrected(draft),
                 resolution(draft), operation(draft))


def _check_period(draft: Draft) -> None:
    first, last = draft.case.service_from, draft.case.service_to
    if first and last and last < first:
        draft.refuse("period_reversed", "service_to", _(
            "To send this you must give a period that ends after it begins."), "110", "invalid_date_range")


def map_document(case: Case, today: dt.date | None = None) -> Mapped:
    """Map a case for its provider; with `today` what depends on the day of sending is checked too."""
    from modules.einvoice_co.providers.hka.mapping import request as hka
    from modules.einvoice_co.providers.siigo.mapping import request as siigo

    provider = provider_of(case.provider)
    draft = Draft(case, provider or HKA, today)
    if not provider:
        draft.problems.append(Problem("provider", "provider", _(
            "To send this you must choose the provider hka or siigo, not %(found)s.", found=case.provider)))
    parts = read(draft)
    payload = (siigo if provider == SIIGO else hka)(parts)
    return Mapped(parts, payload, ordered(draft.problems))
