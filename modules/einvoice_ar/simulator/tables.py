"""ARCA's lists as the simulator serves and checks them: read from data/*.csv by itself, not through the client's code,
so that a mistake there is not made here again."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a list."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Kind:
    """A type of document: `group` A, ALEY, B, C or 49."""

    id: int
    name: str
    group: str
    use: str
    since: str

    @property
    def fce(self) -> bool:
        """Factura de Crédito Electrónica MiPyMEs, or its notes."""
        return self.use.endswith("_fce")

    @property
    def note(self) -> bool:
        return self.use.startswith(("debito", "credito"))

    @property
    def credit(self) -> bool:
        return self.use.startswith("credito")


KINDS = {int(row["id"]): Kind(int(row["id"]), row["descripcion"], row["clase"], row["uso"], row["fch_desde"])
         for row in rows("tipos_cbte")}
RATES = {int(row["id"]): Decimal(row["alicuota"]) for row in rows("tipos_iva")}
IDENTITIES = frozenset(int(row["id"]) for row in rows("tipos_doc"))
TRIBUTES = frozenset(int(row["id"]) for row in rows("tributos"))
CURRENCIES = frozenset(row["id"] for row in rows("monedas"))
CLASSES = ("A", "ALEY", "B", "C", "49")
CONDITIONS = {group: frozenset(int(row["id"]) for row in rows("condicion_iva_receptor") if row[group])
              for group in CLASSES}
ALL_CONDITIONS = frozenset().union(*CONDITIONS.values())
OPTIONALS = {row["id"]: row["uso"] for row in rows("opcionales")}


def _plain(text: str) -> str:
    """Without accents, as the service writes."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _messages() -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], str] = {}
    for row in rows("errors"):
        found.setdefault((int(row["codigo"]), row["donde"]), row["mensaje_literal"] or _plain(row["significado"]))
    return found


MESSAGES = _messages()
WINDOW = 10016
WINDOW_OF_SERVICES = next(_plain(row["significado"]) for row in rows("errors")
                          if int(row["codigo"]) == WINDOW and row["donde"] == "Observaciones")
# effect of a code found in a document: rechaza, observa, rechaza_salvo_NC
EFFECTS = {int(row["codigo"]): row["efecto"] for row in rows("errors") if row["donde"] == "Observaciones"}


def error_text(code: int) -> str:
    """The message of a code under Errors."""
    return MESSAGES.get((code, "Errors")) or MESSAGES[(code, "Observaciones")]


def observation_text(code: int, concept: int = 1) -> str:
    """The message of a code under Observaciones; the words of the window are known of products (concept 1) only."""
    if code == WINDOW and concept != 1:
        return WINDOW_OF_SERVICES
    return MESSAGES.get((code, "Observaciones")) or MESSAGES[(code, "Errors")]


def rejects(code: int, credit_note: bool) -> bool:
    """True where the document is refused, False where it is approved with an observation."""
    effect = EFFECTS[code]
    return effect == "rechaza" or (effect == "rechaza_salvo_NC" and not credit_note)
