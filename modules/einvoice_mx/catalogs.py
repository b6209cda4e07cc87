"""The SAT's catalogues: what is in force (data/*.csv), and the long lists of catCFDI.xsd. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
SAT = FOLDER / "www.sat.gob.mx" / "sitio_internet" / "cfd"
# generic RFCs: the general public, and residents abroad
NATIONAL, FOREIGN = "XAXX010101000", "XEXX010101000"
GENERIC = frozenset({NATIONAL, FOREIGN})
NO_OBLIGATIONS, RESICO = "616", "626"
NO_EFFECTS, RETURNS, PAYMENTS, EXPENSES, WAGES = "S01", "G02", "CP01", "G03", "CN01"
# our codes of taxes and the SAT's (c_Impuesto)
IMPUESTOS = {"ISR": "001", "VAT": "002", "IEPS": "003"}
CODES = {number: code for code, number in IMPUESTOS.items()}
# our methods of payment and the SAT's (c_FormaPago); a gateway's is "intermediario"
FORMS = {"cash": "01", "cheque": "02", "check": "02", "transfer": "03", "bank_transfer": "03", "card": "04",
         "credit_card": "04", "debit_card": "28", "wallet": "05", "deposit": "03", "gateway": "31"}
CASH, TRANSFER, CONDONATION, TO_BE_DEFINED = "01", "03", "15", "99"
INTERNET, BILLING, RECEIPT = "81112101", "84111506", "01010101"
SERVICE_UNIT, ACTIVITY, PIECE = "E48", "ACT", "H87"


@dataclass(frozen=True)
class Regime:
    """A fiscal regime, and whether natural persons (física) or legal entities (moral) may have it."""

    name: str
    fisica: bool
    moral: bool

    def fits(self, rfc: str) -> bool:
        """Whether the holder of this RFC (13: natural person, 12: legal entity) may have it."""
        return self.fisica if len(rfc) == 13 else self.moral


@dataclass(frozen=True)
class Use:
    """A use of the CFDI, with who may have it and the regimes of receivers that go with it."""

    name: str
    fisica: bool
    moral: bool
    regimes: frozenset[str]

    def fits(self, rfc: str, regime: str) -> bool:
        return (self.fisica if len(rfc) == 13 else self.moral) and regime in self.regimes


@dataclass(frozen=True)
class Form:
    """A way to pay: `banked` ones may name accounts, which then match these patterns ("" takes none)."""

    name: str
    banked: bool
    payer_pattern: str
    payee_pattern: str


@dataclass(frozen=True)
class Rate:
    """A rate that a tax may have, as a fraction; `lowest` only where it is a range."""

    lowest: Decimal | None
    value: Decimal
    transferred: bool
    withheld: bool

    def holds(self, rate: Decimal) -> bool:
        return rate == self.value if self.lowest is None else self.lowest <= rate <= self.value


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@lru_cache(maxsize=1)
def regimes() -> dict[str, Regime]:
    """c_RegimenFiscal."""
    return {row["clave"]: Regime(row["descripcion"], row["persona_fisica"] == "si", row["persona_moral"] == "si")
            for row in _rows("regimen_fiscal")}


@lru_cache(maxsize=1)
def uses() -> dict[str, Use]:
    """c_UsoCFDI."""
    return {row["clave"]: Use(row["descripcion"], row["persona_fisica"] == "si", row["persona_moral"] == "si",
                              frozenset(row["regimenes_receptor_permitidos"].split())) for row in _rows("uso_cfdi")}


@lru_cache(maxsize=1)
def forms() -> dict[str, Form]:
    """c_FormaPago."""
    return {row["clave"]: Form(row["descripcion"], row["bancarizada"] == "si", row["patron_cuenta_ordenante"],
                               row["patron_cuenta_beneficiaria"]) for row in _rows("forma_pago")}


@lru_cache(maxsize=1)
def methods() -> dict[str, str]:
    """c_MetodoPago."""
    return {row["clave"]: row["descripcion"] for row in _rows("metodo_pago")}


@lru_cache(maxsize=1)
def relations() -> dict[str, str]:
    """c_TipoRelacion."""
    return {row["clave"]: row["descripcion"] for row in _rows("tipo_relacion")}


@lru_cache(maxsize=1)
def tax_objects() -> dict[str, str]:
    """c_ObjetoImp."""
    return {row["clave"]: row["descripcion"] for row in _rows("objeto_imp")}


@lru_cache(maxsize=1)
def periods() -> dict[str, dict[str, str]]:
    """c_Periodicidad and c_Meses."""
    found: dict[str, dict[str, str]] = {}
    for row in _rows("periodicidad_y_meses"):
        found.setdefault(row["catalogo"], {})[row["clave"]] = row["descripcion"]
    return found


@lru_cache(maxsize=1)
def cancellation_reasons() -> dict[str, str]:
    """Motives of cancellation, 01 to 04."""
    return {row["clave"]: row["descripcion"] for row in _rows("motivos_cancelacion")}


@lru_cache(maxsize=1)
def rates() -> dict[str, tuple[Rate, ...]]:
    """c_TasaOCuota of factor Tasa, by c_Impuesto."""
    found: dict[str, tuple[Rate, ...]] = {}
    for row in _rows("tasa_cuota"):
        if row["factor"] != "Tasa":
            continue
        number = {"IVA": "002", "IEPS": "003", "ISR": "001"}[row["impuesto"].split()[0]]
        rate = Rate(Decimal(row["minimo"]) if row["tipo"] == "Rango" else None, Decimal(row["valor_o_maximo"]),
                    row["traslado"] == "si", row["retencion"] == "si")
        found[number] = (*found.get(number, ()), rate)
    return found


def rate_exists(impuesto: str, rate: Decimal, withheld: bool) -> bool:
    """Whether the SAT has this combination; `rate` as a fraction."""
    return any(one.holds(rate) and (one.withheld if withheld else one.transferred)
               for one in rates().get(impuesto, ()))


@lru_cache(maxsize=8)
def official(name: str) -> frozenset[str]:
    """A list of catCFDI.xsd: c_CodigoPostal, c_ClaveProdServ, c_ClaveUnidad, c_Moneda, c_Pais."""
    text = (SAT / "catalogos" / "catCFDI.xsd").read_text(encoding="utf-8")
    begin = text.index(f'simpleType name="{name}"')
    return frozenset(re.findall(r'enumeration value="([^"]*)"', text[begin:text.index("</xs:simpleType>", begin)]))


@dataclass(frozen=True)
class Refusal:
    """A code of the SAT or the PAC: field, meaning and remedy in Spanish, and whose matter it is."""

    field: str
    meaning: str
    remedy: str
    group: str


@lru_cache(maxsize=1)
def refusals() -> dict[str, Refusal]:
    """Codes of the SAT's error matrices and of the PAC."""
    return {row["codigo"]: Refusal(row["campo"], row["significado"], row["que_hacer"], row["clase"])
            for row in _rows("errores_cfdi40")}


def form_of(method: str) -> str:
    """The SAT's form of a payment by its own code or by our word; "" where nothing was said."""
    said = method.strip()
    return FORMS.get(said.lower(), said)
