"""Emisor and Receptor: RFC, registered name, postal code, regime, use (CFDI40138 to 40161). Pure."""

from __future__ import annotations

import re
import unicodedata

from core.i18n import _
from modules.crm import countries
from modules.einvoice.case import Party
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.catalogs import (
    EXPENSES,
    FOREIGN,
    GENERIC,
    NATIONAL,
    NO_EFFECTS,
    NO_OBLIGATIONS,
    PAYMENTS,
    RETURNS,
    WAGES,
)
from modules.einvoice_mx.findings import Draft, collapsed

EVERYBODY = "PUBLICO EN GENERAL"
LONGEST_NAME = 300
# the corporate suffix is not part of the registered name
_SUFFIX = re.compile(
    r"[\s,]+(S\.?\s?A\.?\s?P\.?\s?I\.?(\s+DE\s+C\.?\s?V\.?)?|S\.?\s?A\.?\s?B\.?(\s+DE\s+C\.?\s?V\.?)?|"
    r"S\.?\s?A\.?(\s+DE\s+C\.?\s?V\.?)?|S\.?\s+DE\s+R\.?\s?L\.?(\s+(DE\s+C\.?\s?V\.?|MI))?|S\.?\s?C\.?(\s+(DE\s+)?R\.?\s?L\.?)?|"
    r"A\.?\s?C\.?|S\.?\s?A\.?\s?S\.?(\s+DE\s+C\.?\s?V\.?)?)$")


def suggested_name(name: str) -> str:
    """The name as the SAT probably has it: capitals, single spaces, without corporate suffix; a person confirms it."""
    upper = collapsed(name.upper(), LONGEST_NAME)
    return _SUFFIX.sub("", upper).rstrip(" ,.") or upper


def emisor(draft: Draft) -> dict[str, str]:
    """The attributes of Emisor."""
    party = draft.case.issuer
    draft.rfc = _rfc(party)
    check = countries.get("MX").validate("RFC", draft.rfc)
    if not check.valid or draft.rfc in GENERIC:
        draft.refuse("issuer_rfc", "issuer.tax_id", _(
            "To send this you must correct the issuer's RFC. %(reason)s", reason=check.reason or check.warning),
            "CFDI40138")
    _check_place(draft)
    regime = catalogs.regimes().get(draft.regime)
    if regime is None:
        draft.refuse("issuer_regime", "issuer.tax_condition", _(
            "To send this you must give the issuer's regime as the SAT numbers it (like 601), not %(found)s.",
            found=draft.regime or _("nothing")), "CFDI40140")
    elif not regime.fits(draft.rfc):
        draft.refuse("issuer_regime", "issuer.tax_condition", _(
            "To send this you must correct the issuer's regime: %(name)s is not one of whoever has an RFC of "
            "%(count)s characters.", name=regime.name, count=len(draft.rfc)), "CFDI40141")
    return {"Rfc": draft.rfc, "Nombre": _name(draft, party, "issuer.name", "CFDI40139"),
            "RegimenFiscal": draft.regime}


def _check_place(draft: Draft) -> None:
    if draft.place not in catalogs.official("c_CodigoPostal"):
        draft.refuse("place", "issuer.address.postal_code", _(
            "To send this you must give the postal code of the place of issue, one that the SAT has, not %(found)s.",
            found=draft.place or _("nothing")), "CFDI40126")


def _name(draft: Draft, party: Party, where: str, code: str) -> str:
    said = str(party.extra.get("Nombre") or party.name).upper()
    name = draft.text(said, where, LONGEST_NAME)
    if "|" in said:
        draft.refuse("name_with_bar", where, _("To send this you must give the name without bars, not %(found)s.",
                                               found=said), "301")
    if not name:
        draft.refuse("name_missing", where, _("To send this you must give the name as the SAT has registered it."),
                     code)
    elif suggested_name(name) != name:
        draft.remark("name_with_suffix", where, _(
            "The SAT registers names without the kind of company: compare %(found)s with the tax certificate; it is "
            "probably %(suggested)s.", found=name, suggested=suggested_name(name)), code)
    return name


def _rfc(party: Party) -> str:
    return countries.get("MX").compact(party.tax_id)


# --- receiver ------------------------------------------------------------------------------------------


def receptor(draft: Draft) -> dict[str, str]:
    """The attributes of Receptor."""
    if draft.is_global:
        return _everybody(draft)
    party = draft.case.customer
    draft.receiver_rfc = _receiver_rfc(draft, party)
    generic = draft.receiver_rfc in GENERIC
    name = _name(draft, party, "customer.name", "CFDI40145")
    _check_name(draft, name)
    found = {"Rfc": draft.receiver_rfc, "Nombre": name,
             "DomicilioFiscalReceptor": _postal_code(draft, party, generic), **_abroad(draft, party),
             "RegimenFiscalReceptor": _regime(draft, party, generic)}
    return found | {"UsoCFDI": _use(draft, found["RegimenFiscalReceptor"])}


def _everybody(draft: Draft) -> dict[str, str]:
    """The fixed receiver of a global invoice; who else is named there is refused (40130)."""
    party = draft.case.customer
    said, name = _rfc(party), _plain(str(party.extra.get("Nombre") or party.name))
    draft.receiver_rfc = NATIONAL
    if said and said != NATIONAL:
        draft.refuse("global_receiver", "customer.tax_id", _(
            "To issue a global invoice you must give the generic RFC %(rfc)s, not %(found)s.", rfc=NATIONAL,
            found=said),
            "CFDI40130")
    if name and name != EVERYBODY:
        draft.refuse("global_receiver", "customer.name", _(
            "To issue a global invoice you must give the customer's name as %(name)s, not %(found)s.", name=EVERYBODY,
            found=party.name), "CFDI40130")
    if _said_regime(party) not in ("", NO_OBLIGATIONS):
        _refuse_generic_regime(draft, _said_regime(party))
    return {"Rfc": NATIONAL, "Nombre": EVERYBODY, "DomicilioFiscalReceptor": _postal_code(draft, party, True),
            "RegimenFiscalReceptor": NO_OBLIGATIONS, "UsoCFDI": _use(draft, NO_OBLIGATIONS)}


def _plain(name: str) -> str:
    """In capitals, single spaces, without accents: only to compare."""
    bare = unicodedata.normalize("NFD", collapsed(name.upper(), LONGEST_NAME))
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def _receiver_rfc(draft: Draft, party: Party) -> str:
    """The RFC; who has none (a CURP, nothing) gets the general public's, who has a foreign number that of abroad."""
    kind = party.tax_id_kind.upper()
    if kind == "EXT":
        return FOREIGN
    if kind == "RFC" and not party.tax_id and _said_regime(party) not in ("", NO_OBLIGATIONS):
        draft.refuse("rfc_missing", "customer.tax_id", _(
            "To send this you must give the customer's RFC. Who has none gets the generic RFC, with the regime "
            "%(regime)s.", regime=NO_OBLIGATIONS), "CFDI40143")
    if kind not in ("", "RFC") or not party.tax_id:
        return NATIONAL
    check = countries.get("MX").validate("RFC", party.tax_id)
    if not check.valid:
        draft.refuse("rfc", "customer.tax_id", _("To send this you must correct the customer's RFC. %(reason)s",
                                                 reason=check.reason), "CFDI40143")
    elif check.warning and check.compact not in GENERIC:
        draft.remark("rfc_digit", "customer.tax_id", check.warning, "CFDI40143")
    return check.compact


def _check_name(draft: Draft, name: str) -> None:
    """Named PUBLICO EN GENERAL: only the generic RFC, and then as a global invoice."""
    if _plain(name) != EVERYBODY or draft.kind != "I":
        return
    if draft.receiver_rfc != NATIONAL:
        draft.refuse("everybody", "customer.name", _(
            "To send this you must correct the customer: %(name)s goes with the RFC %(rfc)s only.", name=EVERYBODY,
            rfc=NATIONAL), "CFDI40146")
    else:
        draft.refuse("global_missing", "extra.InformacionGlobal", _(
            "To invoice %(name)s you must issue a global invoice: give its period (InformacionGlobal).",
            name=EVERYBODY), "CFDI40130")


def _postal_code(draft: Draft, party: Party, generic: bool) -> str:
    """The customer's fiscal one; of a generic RFC that of the place of issue."""
    said = str(party.extra.get("DomicilioFiscalReceptor") or "").strip()
    if generic:
        if said and said != draft.place:
            draft.refuse("postal_code", "customer.extra.DomicilioFiscalReceptor", _(
                "To send this with a generic RFC you must give the postal code of the place of issue (%(place)s), not "
                "%(found)s.", place=draft.place, found=said), "CFDI40149")
        return draft.place
    code = said or party.address.postal_code.strip()
    if code not in catalogs.official("c_CodigoPostal"):
        draft.refuse("postal_code", "customer.address.postal_code", _(
            "To send this you must give the postal code of the customer's fiscal address as on the tax certificate, "
            "not %(found)s.", found=code or _("nothing")), "CFDI40148")
    return code


def _abroad(draft: Draft, party: Party) -> dict[str, str]:
    """ResidenciaFiscal of a receiver abroad."""
    country = str(party.extra.get("ResidenciaFiscal") or "").upper()
    number = str(party.extra.get("NumRegIdTrib") or "")
    where = "customer.extra.ResidenciaFiscal"
    if number:
        code = "CFDI40155" if draft.receiver_rfc == FOREIGN else "CFDI40154"
        draft.refuse("foreign_number", "customer.extra.NumRegIdTrib", _(
            "To send this you must take NumRegIdTrib away: only foreign trade has it."), code)
    if not country:
        return {}
    if draft.receiver_rfc != FOREIGN:
        draft.refuse("residence", where, _(
            "To send this you must take ResidenciaFiscal away: only who lives abroad has it."), "CFDI40151")
    elif country == "MEX":
        draft.refuse("residence", where, _("To send this ResidenciaFiscal must not be Mexico (MEX)."), "CFDI40152")
    elif country not in catalogs.official("c_Pais"):
        draft.refuse("residence", where, _(
            "To send this you must give ResidenciaFiscal as the SAT writes countries (like USA), not %(found)s.",
            found=country), "CFDI40150")
    return {"ResidenciaFiscal": country}


def _said_regime(party: Party) -> str:
    return str(party.extra.get("RegimenFiscalReceptor") or party.tax_condition).strip()


def _regime(draft: Draft, party: Party, generic: bool) -> str:
    said = _said_regime(party)
    if generic:
        if said and said != NO_OBLIGATIONS:
            _refuse_generic_regime(draft, said)
        return NO_OBLIGATIONS
    regime = catalogs.regimes().get(said)
    if regime is None:
        draft.refuse("regime", "customer.tax_condition", _(
            "To send this you must give the customer's regime as the SAT numbers it (like 601, 605, 612), not "
            "%(found)s.", found=said or _("nothing")), "CFDI40157")
    elif not regime.fits(draft.receiver_rfc):
        draft.refuse("regime", "customer.tax_condition", _(
            "To send this you must correct the customer's regime: %(name)s is not one of whoever has an RFC of "
            "%(count)s characters.", name=regime.name, count=len(draft.receiver_rfc)), "CFDI40158")
    return said


def _refuse_generic_regime(draft: Draft, found: str) -> None:
    draft.refuse("regime", "customer.tax_condition", _(
        "To send this with a generic RFC you must give the regime %(regime)s, not %(found)s.", regime=NO_OBLIGATIONS,
        found=found), "CFDI40159")


def _use(draft: Draft, regime: str) -> str:
    """UsoCFDI: fixed for payments and credit notes, else what the customer said, else what goes with the regime."""
    party = draft.case.customer
    where = "customer.extra.UsoCFDI" if party.extra.get("UsoCFDI") else "extra.UsoCFDI"
    said = str(party.extra.get("UsoCFDI") or draft.extra.get("UsoCFDI") or "").upper()
    if draft.kind == "P":
        return PAYMENTS
    if draft.kind == "E":
        said = ""
    use = said or _usual(draft, regime)
    known = catalogs.uses().get(use)
    if known is None:
        draft.refuse("use", where, _("To send this you must give a use that the SAT has (UsoCFDI, like G03 or S01), "
                                     "not %(found)s.", found=use), "CFDI40160")
    elif said and regime in catalogs.regimes() and not known.fits(draft.receiver_rfc, regime):
        draft.refuse("use_not_of_regime", where, _(
            "To send this you must correct the use or the regime of the customer: %(use)s (%(name)s) does not go with "
            "%(regime)s; %(default)s does.", use=use, name=known.name, regime=regime, default=NO_EFFECTS), "CFDI40161")
    elif use in (PAYMENTS, WAGES):
        draft.remark("use_of_others", where, _(
            "The use %(use)s (%(name)s) is of another kind of document; invoices have %(default)s or S01.", use=use,
            name=known.name, default=EXPENSES), "CFDI40161")
    return use


def _usual(draft: Draft, regime: str) -> str:
    wanted = RETURNS if draft.kind == "E" else EXPENSES
    return wanted if catalogs.uses()[wanted].fits(draft.receiver_rfc, regime) else NO_EFFECTS
