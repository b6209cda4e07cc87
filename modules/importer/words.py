"""Words that people use in spreadsheets for what has a code here. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache

from core import months
from core.i18n import _
from modules.crm import countries, names
from modules.importer.cells import CellError

_CONDITIONS = {
    "AR": {
        "RI": "ri|responsable inscripto|resp inscripto|inscripto|r inscripto|resp insc|iva responsable inscripto|i",
        "CF": "cf|consumidor final|cons final|final|c final|consumidor",
        "MO": "mo|monotributo|monotributista|responsable monotributo|mt|resp monotributo|monot|m|rm",
        "EX": "ex|exento|iva exento|sujeto exento|iva sujeto exento|e",
        "NC": "nc|no categorizado|sujeto no categorizado", "MS": "ms|monotributo social|monotributista social",
        "NA": "na|no alcanzado|iva no alcanzado", "LI": "li|liberado",
    },
    "CO": {"48": "48|responsable|responsable de iva|regimen comun|comun|si",
           "49": "49|no responsable|no responsable de iva|regimen simplificado|simplificado|no"},
    "EC": {"GENERAL": "general|regimen general", "CF": "cf|consumidor final|final",
           "RIMPE_E": "rimpe|rimpe emprendedor|emprendedor", "RIMPE_NP": "negocio popular|rimpe negocio popular",
           "ESPECIAL": "especial|contribuyente especial"},
}
_KINDS = {
    "EC": {"RUC": "ruc", "CEDULA": "cedula|ci|c i", "PASAPORTE": "pasaporte|pas", "EXTERIOR": "exterior",
           "CONSUMIDOR_FINAL": "consumidor final|cf"},
    "CO": {"NIT": "nit|31", "CC": "cc|cedula|cedula de ciudadania|13", "CE": "ce|cedula de extranjeria|22",
           "PASAPORTE": "pasaporte|pas|41", "TI": "ti|tarjeta de identidad|12"},
    "PE": {"RUC": "ruc|6", "DNI": "dni|1", "CE": "ce|carnet de extranjeria|carne de extranjeria|4",
           "PASAPORTE": "pasaporte|7"},
    "MX": {"RFC": "rfc", "CURP": "curp"},
    "AR": {"CUIT": "cuit|80", "CUIL": "cuil|86", "DNI": "dni|96|documento", "PAS": "pasaporte|pas|94", "LE": "le",
           "LC": "lc", "CDI": "cdi|87", "CI_EXT": "cedula extranjera|91"},
}
_STATES = {
    "active": "activo|activa|habilitado|habilitada|alta|vigente|conectado|al dia|ok|si|"
              "en servicio|normal|active|online",
    "suspended": "suspendido|suspendida|cortado|cortada|corte|moroso|bloqueado|inhabilitado|deshabilitado|suspension",
    "ended": "baja|de baja|retirado|retirada|cancelado|cancelada|inactivo|inactiva|finalizado|"
             "rescindido|no|desconectado",
}
_LEFT_NAME = re.compile(r"\s*[(\[-]\s*(de )?baja\s*[)\]]?\s*$|^\s*[(\[]?\s*baja\s*[)\]]?\s*[-:]\s*", re.IGNORECASE)
_LEFT_NOTE = re.compile(r"\s*(dad[oa] de |de )?baja\b", re.IGNORECASE)
_LEFT_WHEN = re.compile(r"baja\D{0,12}?(?:(\d{1,2})[/-])?(\d{1,2})[/-](\d{4})", re.IGNORECASE)


def condition(written: str, country: str) -> str:
    """The code of a tax condition; "" for an empty cell."""
    return _coded(written, _condition_words(country), _("%(text)s is not a tax condition known here."))


@lru_cache
def _condition_words(country: str) -> dict[str, str]:
    known = countries.get(country).TAX_CONDITIONS
    return _table(_CONDITIONS.get(country, {}), {code: f"{code}|{label}" for code, label in known.items()})


def kind_of_document(written: str, country: str) -> str:
    """The code of a kind of document; "" for an empty cell, and where the number tells better."""
    return _coded(written, _kind_words(country), _("%(text)s is not a kind of document known here."))


@lru_cache
def _kind_words(country: str) -> dict[str, str]:
    return _table(_KINDS.get(country, {}), countries.get(country).TAX_ID_KINDS)


def _table(*tables: Mapping[str, str]) -> dict[str, str]:
    """Folded word -> code; of two tables that have a word, the first counts."""
    found: dict[str, str] = {}
    for table in tables:
        for code, spelled in table.items():
            for word in spelled.split("|"):
                found.setdefault(_bare(word), code)
    return found


def _bare(written: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", names.fold(written)).split())


def _coded(written: str, table: Mapping[str, str], complaint: str) -> str:
    folded = _bare(written)
    if not folded:
        return ""
    if folded in table:
        return table[folded]
    raise CellError(complaint % {"text": written})


def state(written: str) -> str:
    """'active', 'suspended' or 'ended'; active for an empty cell."""
    found = _coded(written, _STATE_WORDS, _("%(text)s is not a state known here (active, suspended, ended)."))
    return found or "active"


_STATE_WORDS = _table(_STATES)


def without_left_mark(name: str) -> tuple[str, bool]:
    """A name without "(baja)", and whether it had that."""
    rest = _LEFT_NAME.sub("", name).strip()
    return (rest, True) if rest and rest != name else (name, False)


def says_left(notes: str) -> bool:
    """Do the notes begin by saying that the customer has left?"""
    return bool(_LEFT_NOTE.match(notes))


def left_on(notes: str) -> dt.date | None:
    """When the customer left: "BAJA 06/2024" is the last day of that month; None where the notes do not say."""
    found = _LEFT_WHEN.search(notes)
    if not found:
        return None
    day, month, year = found[1], int(found[2]), int(found[3])
    try:
        if day:
            return dt.date(year, month, int(day))
        return months.last_day(dt.date(year, month, 1))
    except ValueError:
        return None


def megabits(plan: str) -> int | None:
    """The speed that a plan's name tells, in Mbit/s: "20 Megas", "100M", "Hogar 50 Mbps"; None where it does not."""
    found = re.search(r"(\d{1,4})\s*(m|mb|mbps|mega|megas|mbits?)\b", names.fold(plan))
    return int(found[1]) if found else None
