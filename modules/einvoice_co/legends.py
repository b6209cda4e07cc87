"""The legends of the printed document (Resolución 000165 of 2023, ET 617). Pure.

The fixed words are the law's and are not translated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from core.i18n import format_number
from modules.einvoice_co.catalogs import CREDIT, KIND_NAMES, codes, regime

QUALITIES = {"48": "Responsable de IVA", "49": "No responsable de IVA", "O-13": "Gran contribuyente",
             "O-15": "Autorretenedor", "O-23": "Agente de retención IVA",
             "O-47": "Régimen simple de tributación"}
# technology providers (reference 1.5)
PROVIDERS = {"hka": "Proveedor tecnológico: The Factory HKA Colombia SAS, NIT 900390126-6",
             "siigo": "Proveedor tecnológico: Siigo SAS, NIT 830048145-8"}
SOFTWARE = "Software: Abona"


@dataclass(frozen=True)
class LegendFacts:
    """What decides the legends; `corrected` are (number, date, CUFE, concept), `withheld` (name, rate, amount)."""

    kind: str
    provider: str
    condition: str
    responsibilities: tuple[str, ...] = ()
    simple_resolution: str = ""
    resolution: str = ""
    resolution_date: dt.date | None = None
    prefix: str = ""
    first: int | None = None
    last: int | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    form: str = ""
    means: str = ""
    due: dt.date | None = None
    exempt: Decimal = Decimal(0)
    excluded: Decimal = Decimal(0)
    nobody: bool = False
    cufe: str = ""
    validated: str = ""
    corrected: tuple[tuple[str, dt.date | None, str, str], ...] = ()
    withheld: tuple[tuple[str, Decimal, Decimal], ...] = field(default=())


def legends(facts: LegendFacts) -> tuple[str, ...]:
    """The document's legends, in the order in which they are printed."""
    return tuple(_lines(facts))


def _lines(facts: LegendFacts) -> Iterator[str]:
    yield KIND_NAMES.get(facts.kind, "")
    qualities = ", ".join(_qualities(facts))
    if qualities:
        yield qualities
    if facts.nobody:
        yield "Adquiriente: consumidor final, 222222222222"
    if facts.resolution and facts.kind == "01":
        yield authorization(facts)
    for number, date, cufe, concept in facts.corrected:
        yield f"Corrige la factura {number} del {date.isoformat() if date else ''}. Concepto: {concept}"
        yield f"CUFE de la factura: {cufe}"
    yield _paid(facts)
    if facts.exempt:
        yield f"Exento de IVA (tarifa 0 %): {pesos(facts.exempt)}"
    if facts.excluded:
        yield f"Excluido de IVA: {pesos(facts.excluded)}"
    for name, rate, amount in facts.withheld:
        yield f"Retención que practica el adquiriente: {name} {rate.normalize():f} % {pesos(amount)}"
    if facts.validated:
        yield f"Validado por la DIAN: {facts.validated}"
    if facts.cufe:
        yield f"{'CUFE' if facts.kind == '01' else 'CUDE'}: {facts.cufe}"
    yield f"{SOFTWARE}. {PROVIDERS[facts.provider]}"


def _qualities(facts: LegendFacts) -> Iterator[str]:
    for code in (regime(facts.condition) or facts.condition, *facts.responsibilities):
        if code in QUALITIES:
            more = f" (resolución {facts.simple_resolution})" if code == "O-47" and facts.simple_resolution else ""
            yield QUALITIES[code] + more


def authorization(facts: LegendFacts) -> str:
    """The numbering authorisation with date, prefix, range and validity."""
    parts = [f"Autorización de numeración DIAN N.º {facts.resolution}"]
    if facts.resolution_date:
        parts.append(f"del {facts.resolution_date.isoformat()}")
    if facts.prefix:
        parts.append(f"prefijo {facts.prefix}")
    if facts.first is not None and facts.last is not None:
        parts.append(f"desde {facts.first} hasta {facts.last}")
    if facts.valid_from and facts.valid_until:
        parts.append(f"vigente del {facts.valid_from.isoformat()} al {facts.valid_until.isoformat()}")
    elif facts.valid_until:
        parts.append(f"vigente hasta el {facts.valid_until.isoformat()}")
    return ", ".join(parts)


def _paid(facts: LegendFacts) -> str:
    due = f", vence el {facts.due.isoformat()}" if facts.form == CREDIT and facts.due else ""
    form = "Crédito" if facts.form == CREDIT else "Contado"
    return f"Forma de pago: {form}{due}. Medio de pago: {codes('medios_pago').get(facts.means, facts.means)}"


def pesos(value: Decimal) -> str:
    """An amount as Colombians write it: $ 84.033,61."""
    return f"$ {format_number(value, '#,##0.00', 'es_CO', '')}"
