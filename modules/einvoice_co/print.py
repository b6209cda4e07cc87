"""What Colombian law puts on the printed document (Resolución 000165 of 2023, ET 617); pure, only texts.

The fixed words are the law's and are not translated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from modules.accounting.print_data import CountryPart, Fact, Note
from modules.einvoice_co.catalogs import CREDIT_NOTE, DEBIT_NOTE, INVOICE, KIND_NAMES

KINDS = {"invoice": INVOICE, "credit_note": CREDIT_NOTE, "debit_note": DEBIT_NOTE}
VOID = "SIN VALIDACIÓN DE LA DIAN"
# a quarter of a key
PART = 24
KEY = re.compile(r"[0-9a-f]{96}")
WITHOUT_KEY = "Sin número: todavía sin validación de la DIAN"


@dataclass(frozen=True)
class LegalFacts:
    """What is known about one document; `cufe` is "" while the DIAN has not validated it."""

    accounting_kind: str
    issuer_nit: str
    number: str = ""
    own_number: str = ""
    cufe: str = ""
    qr_text: str = ""
    date: str = ""
    validated_at: str = ""
    production: bool = True
    customer_kind: str = ""
    customer_number: str = ""
    legends: tuple[str, ...] = ()
    # what prices with IVA inside leave over (rounding.py)
    rounding: Decimal = Decimal(0)


def part(facts: LegalFacts) -> CountryPart:
    """The country's part of one sheet; without CUFE nothing looks like a factura."""
    kind = KINDS[facts.accounting_kind]
    valid = bool(facts.cufe and facts.number)
    found = CountryPart(
        title=KIND_NAMES[kind], valid=valid, void_text=VOID, date=facts.date,
        issuer=[Fact("NIT:", facts.issuer_nit)], customer=_customer(facts), tax_in_prices=False, show_rates=True,
        show_codes=True, tax_names={"VAT": "IVA", "INC": "INC"}, legends=_notes(facts), rounding=facts.rounding,
        rehearsal=not facts.production)
    if not valid:
        found.number = f"N.º {facts.own_number}" if facts.own_number else WITHOUT_KEY
        return found
    found.number = f"N.º {facts.number}"
    found.legal_title = "Validado por la DIAN" if facts.production else "Validado en ambiente de pruebas"
    found.legal = [Fact("CUFE:" if kind == INVOICE else "CUDE:", in_parts(facts.cufe))]
    if facts.validated_at:
        found.legal.append(Fact("Fecha y hora de validación:", facts.validated_at))
    found.qr_text = facts.qr_text
    return found


def in_parts(key: str) -> str:
    """The key in four parts, so that it breaks where there is room for it."""
    return " ".join(key[start:start + PART] for start in range(0, len(key), PART))


def _broken(line: str) -> str:
    """A legend whose keys (of the invoice that a note corrects) do not run into what stands beside it."""
    return " ".join(in_parts(word) if KEY.fullmatch(word) else word for word in line.split(" "))


def _customer(facts: LegalFacts) -> list[Fact]:
    if not facts.customer_number:
        return [Fact("", "consumidor final 222222222222")]
    return [Fact(f"{facts.customer_kind}:", facts.customer_number)]


def _notes(facts: LegalFacts) -> list[Note]:
    """Without the first legend, which is the title; the key stands beside the QR."""
    lines = [_broken(one) for one in facts.legends if one and one not in KIND_NAMES.values()]
    return [Note("\n".join(lines))] if lines else []
