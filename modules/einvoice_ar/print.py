"""What Argentine law puts on the printed document (RG 1415 annex II, RG 4291, RG 4892, RG 5614); pure, only texts.

The fixed words are data of the country and are not translated.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from core.i18n import format_date
from modules.accounting.print_data import CountryPart, Fact, Note
from modules.einvoice_ar.catalogs import CONDITIONS, NOBODY, PESOS, document_kinds
from modules.einvoice_ar.legends import LegendFacts, notes

# ARCA's codes of the kinds that are issued here: letter, name
KINDS: dict[int, tuple[str, str]] = {
    base + step: (letter, name)
    for base, letter in ((1, "A"), (6, "B"), (11, "C"), (51, "A"))
    for step, name in enumerate(("Factura", "Nota de Débito", "Nota de Crédito"))
} | {
    base + step: (letter, name)
    for base, letter in ((201, "A"), (206, "B"), (211, "C"))
    for step, name in enumerate(("Factura de Crédito Electrónica MiPyME (FCE)",
                                 "Nota de Débito Electrónica MiPyME (FCE)",
                                 "Nota de Crédito Electrónica MiPyME (FCE)"))
}
NAMES = {"invoice": "Factura", "debit_note": "Nota de Débito", "credit_note": "Nota de Crédito"}
# the letter of what is no fiscal document (RG 1415)
INTERNAL = "X"
VOID = "DOCUMENTO NO VÁLIDO COMO FACTURA"


@dataclass(frozen=True)
class LegalFacts:
    """What is known about one document; `kind` is ARCA's code, None while the document has none."""

    accounting_kind: str
    kind: int | None = None
    point_of_sale: int = 0
    number: int | None = None
    # of a document that needs no authority: the company's own
    own_number: str = ""
    cae: str = ""
    cae_until: dt.date | None = None
    qr_text: str = ""
    date: dt.date | None = None
    # rehearsal, testing, production
    environment: str = "production"
    issuer_tax_id: str = ""
    issuer_condition: str = ""
    gross_income_number: str = ""
    activity_start: dt.date | None = None
    # code of crm's table and its words
    customer_condition: str = ""
    customer_condition_name: str = ""
    customer_document: str = ""
    terms: str = "Cuenta corriente"
    currency: str = "ARS"
    vat: Decimal = Decimal(0)
    internal_taxes: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    # ARCA's code of the currency, and pesos for one of it
    arca_currency: str = PESOS
    rate: Decimal = Decimal(1)


def part(facts: LegalFacts) -> CountryPart:
    """The country's part of one sheet. Without CAE there is no letter box, no number, and the void words."""
    letter, name = KINDS.get(facts.kind or 0, ("", NAMES[facts.accounting_kind]))
    valid = bool(facts.cae and facts.number and letter)
    found = CountryPart(title=name, valid=valid, void_text=VOID, issuer=_issuer(facts), customer=_customer(facts),
                        tax_in_prices=letter != "A", show_rates=letter == "A", tax_names={"VAT": "IVA"},
                        legends=_legends(facts), copy="ORIGINAL" if valid else "",
                        date=format_date(facts.date), rehearsal=facts.environment != "production")
    if valid:
        found.letter, found.letter_code = letter, f"COD. {facts.kind:03d}"
        found.number = f"Punto de Venta: {facts.point_of_sale:05d}  Comp. Nro: {facts.number:08d}"
        found.legal_title = "Comprobante Autorizado"
        found.legal = [Fact("CAE N°:", facts.cae), Fact("Fecha de Vto. de CAE:", format_date(facts.cae_until))]
        found.qr_text = facts.qr_text
    elif facts.own_number:
        found.letter, found.number = INTERNAL, f"N° {facts.own_number}"
    else:
        found.number = "Sin número: todavía sin CAE"
    return found


def _issuer(facts: LegalFacts) -> list[Fact]:
    lines = [Fact("CUIT:", facts.issuer_tax_id), Fact("Condición frente al IVA:", facts.issuer_condition),
             Fact("Ingresos Brutos:", facts.gross_income_number),
             Fact("Inicio de actividades:", format_date(facts.activity_start))]
    return [fact for fact in lines if fact.value]


def _customer(facts: LegalFacts) -> list[Fact]:
    who = " · ".join(text for text in (facts.customer_document, facts.customer_condition_name) if text)
    return [fact for fact in (Fact("", who), Fact("Condición de venta:", facts.terms)) if fact.value]


def _legends(facts: LegalFacts) -> list[Note]:
    kind = document_kinds().get(facts.kind or 0)
    return list(notes(LegendFacts(
        kind.group if kind else "", CONDITIONS.get(facts.customer_condition), 0 if facts.customer_document else NOBODY,
        facts.vat, facts.internal_taxes, facts.total, facts.currency, facts.arca_currency, facts.rate)))
