"""Mexico: RFC by structure (its check digit only warns), CURP, and the SAT's tax regimes."""

from __future__ import annotations

import datetime as dt
import re

from core.i18n import _
from modules.crm.countries import base
from modules.crm.countries.base import TaxIdCheck

TAX_ID_KINDS = {"RFC": "RFC", "CURP": "CURP", "EXT": "Registro fiscal extranjero"}
TAX_CONDITIONS = {
    "601": "General de Ley Personas Morales", "603": "Personas Morales con Fines no Lucrativos",
    "605": "Sueldos y Salarios e Ingresos Asimilados a Salarios", "606": "Arrendamiento",
    "607": "Régimen de Enajenación o Adquisición de Bienes", "608": "Demás ingresos",
    "610": "Residentes en el Extranjero sin Establecimiento Permanente en México",
    "611": "Ingresos por Dividendos (socios y accionistas)",
    "612": "Personas Físicas con Actividades Empresariales y Profesionales", "614": "Ingresos por intereses",
    "615": "Régimen de los ingresos por obtención de premios", "616": "Sin obligaciones fiscales",
    "620": "Sociedades Cooperativas de Producción que optan por diferir sus ingresos",
    "621": "Incorporación Fiscal", "622": "Actividades Agrícolas, Ganaderas, Silvícolas y Pesqueras",
    "623": "Opcional para Grupos de Sociedades", "624": "Coordinados",
    "625": "Régimen de las Actividades Empresariales con ingresos a través de Plataformas Tecnológicas",
    "626": "Régimen Simplificado de Confianza",
}
GENERIC = {"XAXX010101000": "público en general", "XEXX010101000": "residentes en el extranjero"}
# states, c_Estado of the SAT
REGIONS = {
    "AGU": "Aguascalientes", "BCN": "Baja California", "BCS": "Baja California Sur", "CAM": "Campeche",
    "CHP": "Chiapas", "CHH": "Chihuahua", "CMX": "Ciudad de México", "COA": "Coahuila", "COL": "Colima",
    "DUR": "Durango", "GUA": "Guanajuato", "GRO": "Guerrero", "HID": "Hidalgo", "JAL": "Jalisco",
    "MEX": "Estado de México", "MIC": "Michoacán", "MOR": "Morelos", "NAY": "Nayarit", "NLE": "Nuevo León",
    "OAX": "Oaxaca", "PUE": "Puebla", "QUE": "Querétaro", "ROO": "Quintana Roo", "SLP": "San Luis Potosí",
    "SIN": "Sinaloa", "SON": "Sonora", "TAB": "Tabasco", "TAM": "Tamaulipas", "TLA": "Tlaxcala", "VER": "Veracruz",
    "YUC": "Yucatán", "ZAC": "Zacatecas",
}
# The pattern of the CFDI 4.0 schema; it does not look at the days of a month.
_RFC = re.compile(r"[A-Z&Ñ]{3,4}\d{2}(0[1-9]|1[012])(0[1-9]|[12]\d|3[01])[A-Z0-9]{2}[0-9A]")
_CURP = re.compile(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d")
_RFC_VALUES = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ Ñ"
_CURP_VALUES = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"


def compact(number: str) -> str:
    """Capitals without marks; & and Ñ belong to an RFC."""
    text = base.bare(number)
    for prefix in ("RFC", "CURP"):
        rest = text.removeprefix(prefix).lstrip(":#")
        if rest != text and len(rest) in (12, 13, 18):
            return rest
    return text


def validate(kind: str | None, number: str) -> TaxIdCheck:
    """Check a document. Old RFCs do not always follow the check digit's rule: it warns, it does not refuse."""
    plain = compact(number)
    if not plain:
        return base.empty()
    kind = kind or _guess(plain)
    if kind == "RFC":
        return _rfc(plain)
    if kind == "CURP":
        return _curp(plain)
    if kind == "EXT":
        return base.free_text(kind, plain, 40)
    return base.unknown_kind(kind, plain, TAX_ID_KINDS) if kind else base.unknown(plain, TAX_ID_KINDS)


def format(kind: str | None, number: str) -> str:
    """The SAT writes it without marks."""
    return compact(number)


def _guess(plain: str) -> str:
    if len(plain) == 18:
        return "CURP"
    return "RFC" if re.match(r"[A-Z&Ñ]{3,4}\d", plain) or len(plain) in (12, 13) else ""


def _rfc(plain: str) -> TaxIdCheck:
    if len(plain) not in (12, 13):
        return base.refuse("RFC", plain, _(
            "An RFC has 12 (company) or 13 (person) characters; %(number)s has %(found)s.",
            number=plain, found=len(plain)))
    if not _RFC.fullmatch(plain):
        return base.refuse("RFC", plain, _(
            "%(number)s is not built as an RFC: letters, date as yymmdd, three characters.", number=plain))
    if plain in GENERIC:
        return base.accept("RFC", plain, plain, _("This is the generic RFC for %(whom)s.", whom=GENERIC[plain]))
    return base.accept("RFC", plain, plain, _rfc_warning(plain))


def _rfc_warning(plain: str) -> str:
    if not _real_date(plain[-9:-3]):
        return _("The date inside RFC %(number)s does not exist; compare it with the tax certificate.", number=plain)
    if plain[-1] != check_digit(plain[:-1]):
        return _("The last character of RFC %(number)s is not the one that the rule gives (%(expected)s); some real "
                 "ones are like that. Compare it with the tax certificate.", number=plain,
                 expected=check_digit(plain[:-1]))
    return ""


def check_digit(rest: str) -> str:
    """The last character of an RFC from the 11 or 12 before it (SAT)."""
    values = [_RFC_VALUES.index(char) for char in rest.rjust(12)]
    remainder = sum(value * (13 - index) for index, value in enumerate(values)) % 11
    return "0A987654321"[remainder] if remainder else "0"


def _real_date(yymmdd: str) -> bool:
    """Either century will do: 000229 exists, 010229 does not."""
    year, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    for century in (1900, 2000):
        try:
            dt.date(century + year, month, day)
        except ValueError:
            continue
        return True
    return False


def _curp(plain: str) -> TaxIdCheck:
    if not _CURP.fullmatch(plain):
        return base.refuse("CURP", plain, _("%(number)s is not built as a CURP (18 characters).", number=plain))
    total = sum(_CURP_VALUES.index(char) * (18 - index) for index, char in enumerate(plain[:17]))
    expected = str(-total % 10)
    if plain[17] != expected:
        return base.wrong_digit("CURP", plain, expected)
    return base.accept("CURP", plain, plain)
