"""Which document, in which series, for whom: factura or boleta, the customer's identity (peru.md, 1.1, 1.2). Pure."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _
from modules.crm import countries, names
from modules.crm.countries import pe
from modules.einvoice_pe.catalogs import (
    ABROAD,
    BOLETA,
    CREDITO,
    DEBITO,
    DNI,
    FACTURA,
    FOREIGN,
    IDENTITIES,
    NAMES,
    NOBODY,
    RUC,
    identities,
)
from modules.einvoice_pe.findings import Draft, clean, whole, yes

NOTES = {"credit_note": CREDITO, "debit_note": DEBITO}
NAME, STREET, EMAIL, NUMBER = 100, 100, 250, 15
UNNAMED = "CLIENTES VARIOS"
EMAILS = ("cliente_email", "cliente_email_1", "cliente_email_2")
# what Nubefact's own check of a RUC takes; SUNAT also has 16
STARTS = ("10", "15", "17", "20")
_SERIES = re.compile(r"[FB][A-Z0-9]{3}|0\d{3}")
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]{2,}")


def choose_kind(draft: Draft) -> None:
    """The type of document: of a note by its kind; else as asked for, by the series' letter, or by the customer."""
    case = draft.case
    if case.kind in NOTES:
        draft.kind = NOTES[case.kind]
        return
    if case.kind == "payment":
        draft.refuse("kind", "kind", _("Sending is not possible because Peru has no document for payments."), 1003)
    asked = draft.extra.get("tipo_de_comprobante")
    said = whole(asked) if asked not in (None, "") else None
    if asked not in (None, "") and said not in (FACTURA, BOLETA):
        draft.refuse("kind", "extra.tipo_de_comprobante", _(
            "To send this you must choose 1 (factura) or 2 (boleta), not %(found)s.", found=asked), 1003)
    draft.kind = said if said in (FACTURA, BOLETA) else _by_customer(draft)


def _by_customer(draft: Draft) -> int:
    letter = draft.series[:1]
    if letter in ("F", "B"):
        return FACTURA if letter == "F" else BOLETA
    wanted = yes(draft.case.customer.extra.get("wants_factura"))
    if wanted is not None:
        return FACTURA if wanted else BOLETA
    return FACTURA if identity_kind(draft.case.customer) == RUC else BOLETA


def check_series(draft: Draft) -> None:
    """Four characters: F of facturas and their notes, B of boletas and theirs; 0 and digits of contingency."""
    series, number = draft.series, draft.case.number
    if not _SERIES.fullmatch(series):
        draft.refuse("series", "issuer.series", _(
            "To send this you must give a series of four characters that begins with F, B or, of contingency, with 0 "
            "and has digits only; found: %(found)s.", found=series or "-"), 1001)
    elif series[0] != "0" and (series[0] == "F") != draft.is_factura:
        draft.refuse("series_letter", "issuer.series", _(
            "To send this you must use a series that begins with %(letter)s: %(series)s is not one of a %(kind)s.",
            letter="F" if draft.is_factura else "B", series=series, kind=NAMES[draft.kind].lower()), 2345)
    if number is not None and not 1 <= number <= 99_999_999:
        draft.refuse("number", "number", _(
            "To send this you must give a number between 1 and 99999999, not %(found)s.", found=number), 1001)
    contingency = yes(draft.extra.get("generado_por_contingencia"))
    if contingency is not None and contingency != series.startswith("0"):
        draft.refuse("contingency", "extra.generado_por_contingencia", _(
            "To report a document of contingency its series must be one of contingency (0 and digits), and only "
            "then."), 2345)


def check_issuer(draft: Draft) -> None:
    """The issuer is known to Nubefact by the route; his RUC is in the QR."""
    found = countries.get("PE").validate("RUC", draft.case.issuer.tax_id)
    if not found.valid:
        draft.refuse("issuer_tax_id", "issuer.tax_id", _(
            "To send this the company must have its RUC: %(reason)s", reason=found.reason), 1034)


# --- the customer --------------------------------------------------------------------------------------


def identity_kind(customer: Any) -> str:
    """SUNAT's code of the customer's document; - where there is none, what was said where it is unknown."""
    said = customer.tax_id_kind.strip().upper()
    if not said:
        found = countries.get("PE").validate(None, customer.tax_id) if customer.tax_id not in ("", NOBODY) else None
        said = found.kind if found and found.kind else NOBODY
    return IDENTITIES.get(said, IDENTITIES.get(names.fold(said).upper(), said))


def customer(draft: Draft) -> dict[str, str]:
    """The fields cliente_…, checked."""
    kind = identity_kind(draft.case.customer)
    party = draft.case.customer
    number = NOBODY if kind == NOBODY else countries.get("PE").compact(party.tax_id)
    _check_kind(draft, kind)
    _check_number(draft, kind, number)
    return {"cliente_tipo_de_documento": kind, "cliente_numero_de_documento": number,
            "cliente_denominacion": _name(draft, kind), "cliente_direccion": _address(draft),
            **_emails(draft)}


def _check_kind(draft: Draft, kind: str) -> None:
    if kind not in identities():
        draft.refuse("identity_kind", "customer.tax_id_kind", _(
            "To send this you must choose a document that Nubefact takes (%(known)s), not %(found)s.",
            known=", ".join(identities().values()), found=draft.case.customer.tax_id_kind), 2016)
    elif kind == FOREIGN:
        if whole(draft.extra.get("sunat_transaction")) not in ABROAD:
            draft.refuse("identity_kind", "customer.tax_id_kind", _(
                "Sending is not possible because who has no document of Peru (0) only gets documents of exports or of "
                "sales to who is not domiciled (sunat_transaction 2 or 29)."), 2800)
    elif draft.is_factura and kind != RUC:
        draft.refuse("factura_needs_ruc", "customer.tax_id_kind", _(
            "To issue a factura you must give the customer's RUC; who has none gets a boleta."), 2800)


def _check_number(draft: Draft, kind: str, number: str) -> None:
    if kind == NOBODY:
        if draft.case.customer.tax_id.strip() not in ("", NOBODY):
            draft.refuse("identity_kind", "customer.tax_id_kind", _(
                "To send this you must say which document the customer's number %(number)s is of.",
                number=draft.case.customer.tax_id), 2015)
        return
    if draft.is_factura and kind not in (RUC, FOREIGN) and len(number) != 11:
        draft.refuse("factura_needs_ruc", "customer.tax_id", _(
            "To issue a factura you must give the customer's RUC, of 11 digits, not %(number)s.", number=number), 2017)
    if not number:
        draft.refuse("identity_missing", "customer.tax_id", _(
            "To send this you must give the number of the customer's document."), 2014)
    elif kind == RUC:
        _check_ruc(draft, number)
    elif kind == DNI and not re.fullmatch(r"\d{8}", number):
        draft.refuse("dni", "customer.tax_id", _(
            "To send this you must give a DNI of 8 digits, not %(number)s.", number=number), 2801)
    elif not (re.fullmatch(r"[A-Za-z0-9]+", number) and len(number) <= _longest(kind)):
        draft.refuse("identity_number", "customer.tax_id", _(
            "To send this you must give a number of up to %(size)s letters and digits, not %(number)s.",
            size=_longest(kind), number=number), 2802)


def _longest(kind: str) -> int:
    return 12 if kind in ("4", "7") else NUMBER


def _check_ruc(draft: Draft, number: str) -> None:
    found = countries.get("PE").validate("RUC", number)
    if not found.valid:
        draft.refuse("ruc", "customer.tax_id", found.reason,
                     21 if len(number) == 11 and number.isdecimal() else 2017)
    elif number[:2] not in STARTS:
        draft.refuse("ruc", "customer.tax_id", _(
            "Sending is not possible because Nubefact takes no RUC that begins with %(start)s.", start=number[:2]))


def _name(draft: Draft, kind: str) -> str:
    name = clean(draft.case.customer.name)
    if not name and kind == NOBODY:
        return UNNAMED
    if not name:
        draft.refuse("name_missing", "customer.name", _("To send this you must give the customer's name."), 2021)
    elif len(name) > NAME:
        draft.refuse("name_too_long", "customer.name", _(
            "To send this you must shorten the customer's name to %(size)s characters; it has %(found)s.", size=NAME,
            found=len(name)), 2022)
    return name


def _address(draft: Draft) -> str:
    """Street, town and region, as far as they fit; a factura needs it."""
    place = draft.case.customer.address
    found = clean(place.street)
    if draft.is_factura and not found:
        draft.refuse("address_missing", "customer.address", _(
            "To issue a factura you must give the customer's address."))
    if len(found) > STREET:
        draft.refuse("address_too_long", "customer.address", _(
            "To send this you must shorten the customer's address to %(size)s characters; it has %(found)s.",
            size=STREET, found=len(found)))
    for part in (place.city, pe.REGIONS.get(place.region, place.region)):
        more = f"{found} {clean(part)}".strip()
        if found and part and len(more) <= STREET and part.casefold() not in found.casefold():
            found = more
    return found


def _emails(draft: Draft) -> dict[str, str]:
    """Three at most: the document's own fields, and the customer's addresses where those leave room."""
    sources = {name: (f"extra.{name}", str(draft.extra[name])) for name in EMAILS[1:] if draft.extra.get(name)}
    written = [one for one in re.split(r"[;,\s]+", draft.case.customer.email) if one]
    free = [name for name in EMAILS if name not in sources]
    if len(written) > len(free):
        draft.refuse("email", "customer.email", _(
            "To send this you must give three e-mail addresses at most, not %(count)s.",
            count=len(written) + len(sources)))
    sources |= {name: ("customer.email", one) for name, one in zip(free, written, strict=False)}
    for where, address in sources.values():
        if address and (len(address) > EMAIL or not _ADDRESS.fullmatch(address)):
            draft.refuse("email", where, _(
                "To send this you must correct the customer's e-mail address %(address)s, or leave it out.",
                address=address))
    return {name: sources.get(name, ("", ""))[1] for name in EMAILS}


def check_threshold(draft: Draft, kind: str, total: Any) -> None:
    """Who buys for much is identified: from 700.00 on satisfies both Nubefact's and SUNAT's wording."""
    if kind == NOBODY and not draft.is_note and draft.in_soles(total) >= draft.terms.identify:
        draft.refuse("identify", "customer.tax_id", _(
            "To issue a boleta from S/ %(limit)s on you must give the customer's document.",
            limit=f"{draft.terms.identify:.2f}"), 2396)


