"""The DIAN's code lists as this module carries them (data/*.csv). Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from modules.crm import names

FOLDER = Path(__file__).parent / "data"
# our kinds of identity documents and the DIAN's; its own number is accepted too
IDENTITIES = {"RC": "11", "TI": "12", "CC": "13", "TE": "21", "CE": "22", "NIT": "31", "PASAPORTE": "41", "PAS": "41",
              "PA": "41", "EXT": "42", "PEP": "47", "PPT": "48", "NIT_EXT": "50", "NUIP": "91"}
CEDULA, NIT = "13", "31"
NOBODY, NOBODY_NAME = "222222222222", "consumidor final"
COMPANY, PERSON = "1", "2"
RESPONSIBLE, NOT_RESPONSIBLE = "48", "49"
NO_RESPONSIBILITY, NO_TRIBUTE = "R-99-PN", "ZZ"
# our codes of taxes and the DIAN's; its own number is accepted too
TRIBUTES = {"VAT": "01", "IVA": "01", "IC": "02", "ICA": "03", "INC": "04", "RETEIVA": "05", "RETERENTA": "06",
            "RETEFUENTE": "06", "RETEICA": "07"}
IVA, ICA, INC = "01", "03", "04"
WITHHOLDINGS = frozenset(("05", "06", "07"))
INVOICE, CREDIT_NOTE, DEBIT_NOTE = "01", "91", "92"
KINDS = {"invoice": INVOICE, "credit_note": CREDIT_NOTE, "debit_note": DEBIT_NOTE}
KIND_NAMES = {INVOICE: "Factura electrónica de venta", CREDIT_NOTE: "Nota crédito electrónica",
              DEBIT_NOTE: "Nota débito electrónica"}
CASH, CREDIT = "1", "2"
# our words of how it is paid and the DIAN's means of payment
METHODS = {"cash": "10", "efectivo": "10", "check": "20", "cheque": "20", "deposit": "42", "consignacion": "42",
           "transfer": "47", "bank_transfer": "47", "transferencia": "47", "credit_card": "48", "tarjeta_credito": "48",
           "card": "48", "tarjeta": "48", "debit_card": "49", "tarjeta_debito": "49", "acuerdo_mutuo": "ZZZ",
          "undefined": "1", "credit": "1", "credito": "1"}
UNIT = "94"


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@lru_cache(maxsize=16)
def codes(name: str) -> dict[str, str]:
    """{code: name} of a list: tributos, medios_pago, departamentos, municipios_divipola ..."""
    return {row["codigo"]: " ".join(row["nombre"].split()) for row in _rows(name)}


@lru_cache(maxsize=1)
def vat_rates() -> frozenset[Decimal]:
    """Rates of IVA in percent."""
    return frozenset(Decimal(row["tarifa"]) for row in _rows("tarifas_iva"))


@lru_cache(maxsize=1)
def postal_codes() -> frozenset[str]:
    """Postal codes that the DIAN accepts."""
    return frozenset(row["codigo_postal"] for row in _rows("codigos_postales"))


@lru_cache(maxsize=1)
def _folded() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code, name in codes("municipios_divipola").items():
        key = names.fold(name)
        found[key] = (*found.get(key, ()), code)
    return found


def identity(kind: str) -> str:
    """The DIAN's number of a kind of identity document; "" where there is none."""
    known = set(codes("tipo_identificacion")) | set(IDENTITIES.values())
    if kind in known or not kind:
        return kind
    wanted = names.fold(kind)
    named = (code for code, name in codes("tipo_identificacion").items()
             if names.fold(name).removesuffix(" *") == wanted)
    return IDENTITIES.get(kind.upper().replace(" ", "_"), next(named, ""))


def regime(said: str) -> str:
    """48 or 49 of a regime written as code or in words; "" where it is neither."""
    words = names.fold(said).removesuffix(" de iva").replace("_", " ")
    return said if said in (RESPONSIBLE, NOT_RESPONSIBLE) else {
        "responsable": RESPONSIBLE, "no responsable": NOT_RESPONSIBLE}.get(words, "")


def tribute(code: str) -> str:
    """The DIAN's number of a tax; "" where there is none."""
    return code.upper() if code.upper() in codes("tributos") else TRIBUTES.get(code.upper().replace("_", ""), "")


def department(written: str) -> str:
    """The code of a department written as code or name; "" where it is neither."""
    if written in codes("departamentos"):
        return written
    wanted = names.fold(written)
    if wanted.startswith("bogota") or wanted == "distrito capital":
        return "11"
    return next((code for code, name in codes("departamentos").items() if names.fold(name) == wanted),
                "76" if wanted == "valle" else "")


def municipality(region: str, city: str) -> str:
    """The code of a municipality by its name, within a department where one is known; "" where several or none fit."""
    wanted = names.fold(city)
    if not wanted:
        return ""
    if wanted.startswith("bogota"):
        return "11001" if region in ("", "11", "25") else ""
    found = [code for code in _folded().get(wanted, ()) if code.startswith(region)]
    if not found:  # Cali is Santiago de Cali, Cúcuta is San José de Cúcuta
        found = [code for name, listed in _folded().items()
                 if name.startswith(f"{wanted} ") or name.endswith(f" {wanted}")
                 for code in listed if code.startswith(region)]
    return found[0] if len(found) == 1 else ""
