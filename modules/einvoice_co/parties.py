"""Issuer and buyer as the DIAN knows them: kind and number, check digit, person, regime, responsibilities. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.i18n import _
from modules.crm import names
from modules.crm.countries import co
from modules.einvoice.case import Party
from modules.einvoice_co import places
from modules.einvoice_co.catalogs import (
    CEDULA,
    COMPANY,
    IVA,
    NIT,
    NO_RESPONSIBILITY,
    NO_TRIBUTE,
    NOBODY,
    NOBODY_NAME,
    NOT_RESPONSIBLE,
    PERSON,
    RESPONSIBLE,
    codes,
    identity,
    regime,
    tribute,
)
from modules.einvoice_co.findings import Draft, flattened
from modules.einvoice_co.places import Place

# as many as the check digit has weights
LONGEST_NIT = 15
EMAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,]+")


@dataclass(frozen=True)
class Buyer:
    """Who gets the document; `kind` is the DIAN's number, `dv` the check digit of a NIT and "" of all else."""

    kind: str
    number: str
    dv: str
    name: str
    person: str
    regime: str
    responsibilities: tuple[str, ...]
    tribute: str
    email: str = ""
    phone: str = ""
    place: Place | None = None
    # addresses beside the first
    more_emails: tuple[str, ...] = ()
    # whether the provider mails the document
    notified: bool = True
    trade_name: str = ""
    second_name: str = ""
    surname: str = ""

    @property
    def nobody(self) -> bool:
        """Consumidor final."""
        return self.number == NOBODY


def issuer_nit(draft: Draft) -> str:
    """The issuer's NIT without its check digit; "" where it cannot be."""
    number, digit, good = split_nit(draft.case.issuer.tax_id, "")
    if not number:
        draft.refuse("issuer_nit", "issuer.tax_id", _("To send this you must give the issuer's NIT."), "FAJ44a",
                     "invalid_identification")
    elif not good:
        draft.refuse("issuer_nit", "issuer.tax_id", _(
            "To send this you must correct the issuer's NIT: the check digit of %(number)s is %(digit)s.",
            number=number, digit=digit), "FAJ44a", "invalid_identification")
    return number


def split_nit(written: str, said: str) -> tuple[str, str, bool]:
    """(number without check digit, right check digit, whether the one that was written is right).

    `said` is a check digit given apart. Nine digits alone, or ten of a cédula in the RUT, are without it; ten of a
    company (8 or 9 at the front) and eleven of a person have it at their end.
    """
    plain = co.compact(written)
    if not plain.isdecimal() or not 3 <= len(plain) <= LONGEST_NIT:
        return "", "", False
    if said:
        return plain, co.check_digit(plain), said == co.check_digit(plain)
    marked = re.search(r"\d\s*[-–—]\s*\d\s*$", written) is not None
    head, last = plain[:-1], plain[-1]
    right = co.check_digit(head) == last
    if marked or (right and len(plain) == 11) or (len(plain) == 10 and plain[0] in "89"):
        return head, co.check_digit(head), right
    return plain, co.check_digit(plain), True


def buyer(draft: Draft) -> Buyer:
    """The customer, with all that would be refused about him."""
    who, extra = draft.case.customer, flattened(draft.case.customer.extra, "customer.extra")

    def said(*wanted: str) -> str:
        return next((str(extra[name][0]).strip() for name in wanted if name in extra), "")

    if _is_nobody(who):
        return _nobody(draft, who)
    kind = _kind(draft, who)
    number, digit = _number(draft, who, kind, said("numeroidentificaciondv", "dv", "checkdigit", "digitoverificacion"))
    person = _person(draft, said("tipopersona", "persontype"), kind, number)
    if not who.name.strip():
        draft.refuse("customer_name", "customer.name", _("To send this you must give the customer's name."), "109",
                     "parameter_required")
    written = who.tax_condition
    if written.upper() in codes("responsabilidades_basicas"):  # a responsibility in the place of the regime
        extra.setdefault("responsabilidades", (written, "customer.tax_condition"))
        written = ""
    condition = _regime(draft, written or said("regimen", "responsabilidadesrutregimen"))
    emails = _emails(draft, who)
    return Buyer(kind, number, digit, names.tidy(who.name), person, condition, _responsibilities(draft, extra),
                 _tribute(draft, said("codigoimpuesto", "tributo", "detallestributarios"), condition), emails[0],
                 names.digits(said("telefono", "phone")), places.place(draft), emails[1:],
                 _notified(draft, said("notificar"), emails[0]), names.tidy(who.trade_name), said("segundonombre"),
                 said("apellido"))


def _is_nobody(who: Party) -> bool:
    if names.digits(who.tax_id) == NOBODY:
        return True
    return not who.tax_id and (not who.name or names.fold(who.name) == NOBODY_NAME)


def _nobody(draft: Draft, who: Party) -> Buyer:
    if who.name and names.fold(who.name) != NOBODY_NAME:
        draft.remark("customer_nobody", "customer.tax_id", _(
            "The number 222222222222 is that of the final consumer: the document is issued to nobody by name."))
    emails = _emails(draft, who)
    return Buyer(CEDULA, NOBODY, "", NOBODY_NAME, PERSON, NOT_RESPONSIBLE, (NO_RESPONSIBILITY,), NO_TRIBUTE,
                 emails[0], more_emails=emails[1:], notified=bool(emails[0]))


def _kind(draft: Draft, who: Party) -> str:
    if not who.tax_id_kind:
        return identity(co.validate(None, who.tax_id).kind) or CEDULA
    found = identity(who.tax_id_kind)
    if not found:
        draft.refuse("customer_kind", "customer.tax_id_kind", _(
            "To send this you must choose a kind of document that the DIAN has (%(known)s), not %(found)s.",
            known=", ".join(co.TAX_ID_KINDS), found=who.tax_id_kind), "109", "invalid_reference")
    return found


def _number(draft: Draft, who: Party, kind: str, said: str) -> tuple[str, str]:
    """(number, check digit); the digit is only a NIT's: of a cédula it would be another person's number."""
    plain = co.compact(who.tax_id)
    if not plain:
        draft.refuse("customer_number", "customer.tax_id", _("To send this you must give the customer's number."),
                     "FAK24", "parameter_required")
        return "", ""
    if kind == NIT:
        return _nit(draft, who, said)
    if kind == CEDULA and not (plain.isdecimal() and 3 <= len(plain) <= 13):
        draft.refuse("customer_number", "customer.tax_id", _(
            "To send this you must give the cédula as 3 to 13 digits, not %(found)s.", found=who.tax_id), "109",
            "invalid_identification")
    elif not re.fullmatch(r"[0-9A-Za-z]{1,20}", plain):
        draft.refuse("customer_number", "customer.tax_id", _(
            "To send this you must give the customer's number in letters and digits, 20 at most, not %(found)s.",
            found=who.tax_id), "109", "invalid_identification")
    return plain, ""


def _nit(draft: Draft, who: Party, said: str) -> tuple[str, str]:
    number, digit, good = split_nit(who.tax_id, said)
    if not number or len(number) > 13:
        draft.refuse("customer_number", "customer.tax_id", _(
            "To send this you must give the NIT as digits, not %(found)s.", found=who.tax_id), "FAK24",
            "invalid_identification")
    elif not good:
        draft.refuse("customer_digit", "customer.tax_id", _(
            "To send this you must correct the customer's NIT: the check digit of %(number)s is %(digit)s.",
            number=number, digit=digit), "FAK43b", "invalid_identification")
    return number, digit


def _person(draft: Draft, said: str, kind: str, number: str) -> str:
    """1 company, 2 person; a NIT of nine digits that begins with 8 or 9 is a company's."""
    given = {"1": COMPANY, "2": PERSON, "company": COMPANY, "person": PERSON, "juridica": COMPANY,
             "natural": PERSON}.get(names.fold(said).removeprefix("persona "), "")
    if said and not given:
        draft.refuse("customer_person", "customer.extra.tipoPersona", _(
            "To send this you must give tipoPersona as 1 (company) or 2 (person), not %(found)s.", found=said), "109",
            "invalid_value")
    return given or _person_by_number(kind, number)


def _person_by_number(kind: str, number: str) -> str:
    return COMPANY if kind == NIT and len(number) == 9 and number[0] in "89" else PERSON


def person_of(customer: Any) -> str:
    """1 company, 2 person, of a customer of whom nothing else is known."""
    kind = identity(customer.tax_id_kind or "")
    return _person_by_number(kind, split_nit(customer.tax_id or "", "")[0] if kind == NIT else "")


def _regime(draft: Draft, said: str) -> str:
    found = regime(said)
    if said and not found:
        draft.refuse("customer_regime", "customer.tax_condition", _(
            "To send this you must choose the customer's regime: 48 (responsable de IVA) or 49 (no responsable), not "
            "%(found)s.", found=said), "109", "invalid_value")
    return found or NOT_RESPONSIBLE


def responsibilities(said: Any) -> tuple[str, ...]:
    """The DIAN's codes out of a text or a list."""
    if isinstance(said, dict):  # as the WSDL has it: {"Obligaciones": [{"obligaciones": "O-13"}]}
        said = said.get("Obligaciones", [said])
    listed: Iterable[Any] = said if isinstance(said, list | tuple) else re.split(r"[;,\s]+", str(said or ""))
    found = [str(next((one[name] for name in ("code", "codigo", "obligaciones") if one.get(name)), ""))
             if isinstance(one, dict) else str(one) for one in listed]
    return tuple(dict.fromkeys(one.strip().upper() for one in found if one.strip()))


def _responsibilities(draft: Draft, extra: dict[str, tuple[Any, str]]) -> tuple[str, ...]:
    name = next((one for one in ("responsabilidades", "obligaciones", "responsabilidadesrut", "fiscalresponsibilities",
                                 "responsabilidadesfiscales") if one in extra), "")
    if not name:
        return (NO_RESPONSIBILITY,)
    found = responsibilities(extra[name][0])
    for one in found:
        if one not in codes("responsabilidades_basicas"):
            draft.refuse("customer_responsibility", extra[name][1], _(
                "To send this you must choose responsibilities that the DIAN still has (%(known)s), not %(found)s.",
                known=", ".join(codes("responsabilidades_basicas")), found=one), "110", "invalid_reference")
    return found or (NO_RESPONSIBILITY,)


def _tribute(draft: Draft, said: str, regime: str) -> str:
    found = "" if not said else said.upper() if said.upper() in ("ZA", NO_TRIBUTE) else tribute(said)
    if said and not found:
        draft.refuse("customer_tribute", "customer.extra.codigoImpuesto", _(
            "To send this you must choose a tax that the DIAN has, not %(found)s.", found=said), "110",
            "invalid_reference")
    return found or (IVA if regime == RESPONSIBLE else NO_TRIBUTE)


def _emails(draft: Draft, who: Party) -> tuple[str, ...]:
    """The customer's addresses; ("",) where there is none."""
    listed = [one for one in re.split(r"[;,\s]+", who.email) if one]
    if not all(EMAIL.fullmatch(one) for one in listed):
        draft.refuse("customer_email", "customer.email", _(
            "To send this you must correct the customer's e-mail address, or leave it empty; found: %(found)s.",
            found=who.email), "109", "invalid_email")
        return ("",)
    return tuple(listed) or ("",)


def _notified(draft: Draft, said: str, email: str) -> bool:
    """notificar: as said, else whoever has an address."""
    wanted = {"si": True, "sí": True, "no": False}.get(said.lower(), bool(email))
    if wanted and not email:
        draft.refuse("notify_email", "customer.email", _(
            "To have the document mailed you must give the customer's e-mail address."), "109", "parameter_required")
    return wanted
