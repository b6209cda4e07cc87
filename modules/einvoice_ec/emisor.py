"""Who issues: infoTributaria, and the facts of the taxpayer that stand on every voucher. Pure.

Ficha técnica, annexes 21 to 26.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.i18n import _
from modules.crm import countries
from modules.einvoice.case import Address, Party
from modules.einvoice_ec.catalogs import NEGOCIO_POPULAR, RIMPE
from modules.einvoice_ec.clave_acceso import Clave, codigo_numerico
from modules.einvoice_ec.findings import BAD_DIGIT, BAD_KEY, NO_SUCH_ISSUER, Draft, clean

SERIES = re.compile(r"(?!000)\d{3}-?(?!000)\d{3}")
CONDITIONS = {"RIMPE_E": RIMPE, "RIMPE_NP": NEGOCIO_POPULAR}
LARGEST_NUMBER = 999_999_999


@dataclass(frozen=True)
class Emisor:
    """The issuer as the SRI writes him; "" where something does not apply."""

    razon_social: str
    nombre_comercial: str
    ruc: str
    estab: str
    pto_emi: str
    secuencial: str
    dir_matriz: str
    dir_establecimiento: str
    obligado_contabilidad: str
    contribuyente_especial: str
    agente_retencion: str
    contribuyente_rimpe: str
    gran_contribuyente: str
    ruc_proveedor: str

    @property
    def series(self) -> str:
        """001-002"""
        return f"{self.estab}-{self.pto_emi}"


def emisor(draft: Draft) -> Emisor:
    """The issuer of a case, with what is wrong about him."""
    party, place = draft.case.issuer, street(draft.case.issuer.address)
    extra = party.extra
    series = _series(draft)
    head = draft.text(extra.get("dirMatriz") or place, "issuer.extra.dirMatriz" if extra.get("dirMatriz")
                      else "issuer.address", needed=True)
    return Emisor(
        draft.text(party.name, "issuer.name", needed=True), draft.text(party.trade_name, "issuer.trade_name"),
        _ruc(draft), series[:3], series[-3:], _secuencial(draft), head, draft.text(place, "issuer.address"),
        _obligado(draft),
        _matched(draft, "contribuyenteEspecial", r"[A-Za-z0-9]{3,13}", _("3 to 13 letters or digits")),
        _matched(draft, "agenteRetencion", r"[0-9]{1,8}", _("the number of the resolution, 1 to 8 digits")).lstrip("0"),
        _rimpe(draft), draft.text(extra.get("granContribuyente"), "issuer.extra.granContribuyente"),
        _matched(draft, "rucProveedor", r"[0-9]{10}001", _("a RUC of 13 digits that ends in 001")))


def street(address: Address) -> str:
    """An address in one line, as the SRI wants it."""
    return ", ".join(part for part in (clean(address.street), clean(address.city)) if part)


def _ruc(draft: Draft) -> str:
    said = clean(draft.case.issuer.tax_id)
    answer = countries.get("EC").validate("RUC", said)
    if not answer.valid:
        draft.refuse("issuer_ruc", "issuer.tax_id", _(
            "To send this you must correct the issuer's RUC. %(reason)s", reason=answer.reason), NO_SUCH_ISSUER)
    elif not answer.compact.endswith("001"):
        draft.refuse("issuer_ruc", "issuer.tax_id", _(
            "To send this you must give the issuer's RUC with 001 at its end, not %(found)s: it stays 001 for every "
            "establishment.", found=said))
    elif answer.warning:
        draft.remark("issuer_ruc_digit", "issuer.tax_id", answer.warning, BAD_DIGIT)
    return answer.compact


def _series(draft: Draft) -> str:
    said = draft.case.issuer.series
    if not SERIES.fullmatch(said):
        draft.refuse("series", "issuer.series", _(
            "To send this you must give establishment and point of emission like 001-002, not %(found)s.",
            found=said or _("nothing")))
        return "001-001"
    return said


def _secuencial(draft: Draft) -> str:
    number = draft.case.number
    if number is None or not 1 <= number <= LARGEST_NUMBER:
        draft.refuse("number", "number", _(
            "To send this you must give a number from 1 to 999999999, not %(found)s.",
            found=_("nothing") if number is None else number))
        return "0" * 9
    return f"{number:09d}"


def _obligado(draft: Draft) -> str:
    said = draft.case.issuer.extra.get("obligadoContabilidad")
    if isinstance(said, bool):
        return "SI" if said else "NO"
    found = clean(said).upper().replace("SÍ", "SI")
    if not found:
        draft.remark("obligado_missing", "issuer.extra.obligadoContabilidad", _(
            "It does not say whether the issuer must keep accounts; NO is sent."))
    elif found not in ("SI", "NO"):
        draft.refuse("obligado", "issuer.extra.obligadoContabilidad", _(
            "To send this you must give obligadoContabilidad as SI or NO, not %(found)s.", found=found))
    return found or "NO"


def _matched(draft: Draft, name: str, pattern: str, expected: str) -> str:
    """A fact of the issuer in the SRI's form; "" where it does not apply."""
    found = clean(draft.case.issuer.extra.get(name))
    if found and not re.fullmatch(pattern, found):
        draft.refuse(name, f"issuer.extra.{name}", _(
            "To send this you must give %(field)s as %(expected)s, not %(found)s.", field=name, expected=expected,
            found=found))
    return found


def rimpe(party: Party) -> str:
    """The legend of RIMPE as it was said, else that of the tax condition."""
    said = party.extra.get("contribuyenteRimpe")
    return clean(said) if said is not None else CONDITIONS.get(party.tax_condition.upper(), "")


def _rimpe(draft: Draft) -> str:
    found = rimpe(draft.case.issuer)
    if found and found not in (RIMPE, NEGOCIO_POPULAR):
        draft.refuse("contribuyenteRimpe", "issuer.extra.contribuyenteRimpe", _(
            "To send this you must give contribuyenteRimpe as %(first)s or %(second)s, not %(found)s.", first=RIMPE,
            second=NEGOCIO_POPULAR, found=found))
    return found


def clave(draft: Draft, issuer: Emisor) -> Clave:
    """The document's key, with the código numérico that was said or the one that follows from its number."""
    said = clean(draft.extra.get("codigoNumerico"))
    serie = issuer.estab + issuer.pto_emi
    if said and not re.fullmatch(r"[0-9]{8}", said):
        draft.refuse("codigo_numerico", "extra.codigoNumerico", _(
            "To send this you must give codigoNumerico with 8 digits, not %(found)s.", found=said), BAD_KEY)
        said = ""
    if not re.fullmatch(r"[0-9]{13}", issuer.ruc):
        return Clave(draft.date, draft.kind.cod_doc, "0" * 13, draft.ambiente, serie, issuer.secuencial,
                     said or "0" * 8)
    found = said or codigo_numerico(issuer.ruc, draft.ambiente, draft.kind.cod_doc, serie, issuer.secuencial)
    return Clave(draft.date, draft.kind.cod_doc, issuer.ruc, draft.ambiente, serie, issuer.secuencial, found)
