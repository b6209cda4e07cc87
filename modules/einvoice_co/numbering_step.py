"""The step about numbers: a resolution of the DIAN (The Factory HKA), or choices among Siigo's lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from core import audit
from core.db import db
from core.errors import DomainError
from core.i18n import _, format_date
from modules.einvoice import services as documents
from modules.einvoice.ports import Input, Step
from modules.einvoice_co import access, rehearsal
from modules.einvoice_co.cufe import TECHNICAL_KEY
from modules.einvoice_co.models import FiscalProfile, Resolution
from modules.einvoice_co.resolution import PREFIX, TEST_FIRST, TEST_LAST, TEST_PREFIX

# field of the profile, list of Siigo
CHOICES = (("siigo_document", "document_types_FV"), ("siigo_credit_note", "document_types_NC"),
           ("siigo_seller", "users"), ("siigo_payment", "payment_types_FV"))
FIELDS = ("number", "date", "prefix", "first", "last", "valid_from", "valid_until", "technical_key")


def is_done(profile: FiscalProfile, stage: str) -> bool:
    """Whether documents can be numbered there."""
    if profile.provider == "siigo" and not (
            profile.siigo_document and profile.siigo_credit_note and profile.siigo_seller):
        return False
    return access.resolution(stage) is not None or not _wants_resolution(profile.provider, stage)


def _wants_resolution(provider: str, stage: str) -> bool:
    """The Factory HKA numbers by it; of Siigo's it only stands on what is printed, which in tests is nobody's."""
    return provider != "siigo" or stage == "production"


def step(profile: FiscalProfile, stage: str) -> Step:
    """For the provider of the profile."""
    return _siigo_step(profile, stage) if profile.provider == "siigo" else _resolution_step(stage)


def _waits(stage: str, provider: str) -> str:
    row = access.stored(stage, provider)
    return "" if row and row.verified_at else _("First give the access, and have it verified.")


# --- resolutions ----------------------------------------------------------------------------------------


def _resolution_step(stage: str) -> Step:
    row = access.resolution(stage)
    titles = {"testing": _("Tests: numbering resolution"), "production": _("Production: numbering resolution")}
    facts = ((_("Resolution"), str(row)), (_("Valid until"), format_date(row.valid_until))) if row else ()
    usual = _usual(stage, row)
    return Step(
        key=f"{stage}.numbering", stage=stage, title=titles[stage], done=row is not None, facts=facts,
        waits_for=_waits(stage, "hka"), action=_("Use this one"),
        instructions=(
            _("MUISCA → Numeración de facturación → Autorización de rangos. The technical key stands in the DIAN's "
              "portal of the catalogue: Rangos de numeración."),
            _("The same resolution must be registered in the portal of The Factory HKA, and the prefixes of the notes "
              "too.")),
        inputs=(*_inputs(usual),
                Input("technical_key", _("Technical key"), value=usual["technical_key"],
                      help=_("40 hexadecimal digits; with it the CUFE is compared.")),
                Input("next", _("Next number to issue"), value=usual["first"])))


def _inputs(usual: dict[str, str]) -> tuple[Input, ...]:
    """What stands on every printed invoice."""
    return (Input("number", _("Number of the resolution"), value=usual["number"]),
            Input("date", _("Its date"), "date", usual["date"]),
            Input("prefix", _("Prefix"), value=usual["prefix"]),
            Input("first", _("First number"), value=usual["first"]),
            Input("last", _("Last number"), value=usual["last"]),
            Input("valid_from", _("Valid from"), "date", usual["valid_from"]),
            Input("valid_until", _("Valid until"), "date", usual["valid_until"]))


def _usual(stage: str, row: Resolution | None) -> dict[str, str]:
    """The one in use; for tests the DIAN's own."""
    if row is not None:
        return {name: str(getattr(row, name) or "") for name in FIELDS}
    if stage == "testing":
        return {"number": rehearsal.NUMBER, "date": rehearsal.SINCE.isoformat(), "prefix": TEST_PREFIX,
                "first": str(TEST_FIRST), "last": str(TEST_LAST), "valid_from": rehearsal.SINCE.isoformat(),
                "valid_until": rehearsal.UNTIL.isoformat(), "technical_key": rehearsal.KEY}
    return dict.fromkeys(FIELDS, "")


def save(stage: str, values: dict[str, Any]) -> str:
    """Keep the resolution and number by it, or Siigo's choices."""
    if access.profile().provider == "siigo":
        return _save_siigo(stage, values)
    row = _typed(stage, values)
    following = _whole(values, "next", row.first, row.last, default=row.first)
    _use(stage, row)
    place = (stage, row.prefix, "01")
    documents.advance(documents.ensure_sequences("CO", {place})[place], following - 1, None)
    return _("Invoices are numbered %(prefix)s%(number)s from now on.", prefix=row.prefix, number=following)


def _use(stage: str, row: Resolution) -> None:
    """Have this one in use, and no other."""
    for other in db.session.scalars(sa.select(Resolution).where(Resolution.environment == stage, Resolution.active)):
        other.active = other is row
    db.session.flush()
    row.active = True
    db.session.add(row)
    db.session.flush()
    audit.record("einvoice_co.choose_resolution", row, {"environment": stage, "number": row.number})


def _typed(stage: str, values: dict[str, Any]) -> Resolution:
    """The resolution as typed, checked; the one that is there already where it is the same range."""
    prefix = str(values.get("prefix") or "").strip().upper()
    if not PREFIX.fullmatch(prefix):
        raise DomainError(_("To go on you must give a prefix of four letters or digits at most."), field="prefix")
    first = _whole(values, "first", 1, 10**12)
    row = db.session.scalar(sa.select(Resolution).where(
        Resolution.environment == stage, Resolution.prefix == prefix, Resolution.first == first)) or Resolution(
        environment=stage, prefix=prefix, first=first)
    row.number, row.last = str(values.get("number") or "").strip(), _whole(values, "last", first, 10**12)
    if not row.number.isdecimal() or len(row.number) > 20:
        raise DomainError(_("To go on you must give the number of the resolution in digits."), field="number")
    row.valid_from, row.valid_until = _day(values, "valid_from"), _day(values, "valid_until")
    row.date = _day(values, "date") if values.get("date") else None
    if row.valid_until < row.valid_from:
        raise DomainError(_("To go on you must give a validity that ends after it begins."), field="valid_until")
    row.technical_key = str(values.get("technical_key", row.technical_key) or "").strip().lower()
    if row.technical_key and not TECHNICAL_KEY.fullmatch(row.technical_key):
        raise DomainError(_("To go on you must give the technical key with its 40 hexadecimal digits, not %(length)s.",
                            length=len(row.technical_key)), field="technical_key")
    return row


def _whole(values: dict[str, Any], name: str, least: int, most: int, default: int | None = None) -> int:
    typed = str(values.get(name) or ("" if default is None else default)).strip()
    if not typed.isdecimal() or not least <= int(typed) <= most:
        raise DomainError(_("To go on you must give a number from %(least)s to %(most)s.", least=least, most=most),
                          field=name)
    return int(typed)


def _day(values: dict[str, Any], name: str) -> dt.date:
    typed = values.get(name)
    if isinstance(typed, dt.date):
        return typed
    try:
        return dt.date.fromisoformat(str(typed or "").strip())
    except ValueError:
        raise DomainError(_("To go on you must give a date like 2026-11-30."), field=name) from None


# --- Siigo ----------------------------------------------------------------------------------------------


def _siigo_step(profile: FiscalProfile, stage: str) -> Step:
    titles = {"testing": _("Tests: what is used of Siigo"), "production": _("Production: what is used of Siigo")}
    labels = {"siigo_document": _("Document type of invoices"), "siigo_credit_note": _("Document type of credit notes"),
              "siigo_seller": _("Seller"), "siigo_payment": _("Payment type")}
    inputs = tuple(Input(name, labels[name], "choice", str(getattr(profile, name) or ""), _listed(profile, catalog))
                   for name, catalog in CHOICES)
    row = access.resolution(stage)
    said = dict.fromkeys(FIELDS, "") if row is None else _usual(stage, row)
    facts = ((_("Resolution"), str(row)), (_("Valid until"), format_date(row.valid_until))) if row else ()
    return Step(
        key=f"{stage}.numbering", stage=stage, title=titles[stage], done=is_done(profile, stage), action=_("Save"),
        waits_for=_waits(stage, "siigo"), facts=facts,
        instructions=(_("Siigo numbers by itself, with the resolution that is registered in Siigo Nube at the document "
                        "type."),
                      _("Give the same resolution here: the law wants it on every printed invoice, and you are told "
                        "before it runs out. In tests it may be left empty.")),
        inputs=(*inputs, *_inputs(said), Input("siigo_account_group", _("Account group of new products"),
                               value=str(profile.siigo_account_group or ""),
                               help=_("With it a product that Siigo does not have is created by itself.")),
                Input("siigo_product", _("Product of lines without code"), value=profile.siigo_product)))


def _listed(profile: FiscalProfile, catalog: str) -> tuple[tuple[str, str], ...]:
    rows = profile.siigo_catalogs.get(catalog) or []
    named = [(str(one["id"]), " ".join(str(one.get(name) or "") for name in ("code", "name", "username")).strip())
             for one in rows if one.get("active", True) and one.get("electronic_type") != "NoElectronic"]
    return (("", "—"), *named) if catalog == "payment_types_FV" else tuple(named)


def _save_siigo(stage: str, values: dict[str, Any]) -> str:
    """The choices, and the resolution that Siigo numbers by; neither where one of them is wrong."""
    wanted = _wants_resolution("siigo", stage) or any(str(values.get(name) or "").strip() for name in FIELDS)
    with db.session.no_autoflush:
        row = _typed(stage, values) if wanted else None
    said = _save_choices(values)
    if row is not None:
        _use(stage, row)
    return said


def _save_choices(values: dict[str, Any]) -> str:
    profile = access.profile()
    for name, catalog in CHOICES:
        typed, known = str(values.get(name) or "").strip(), dict(_listed(profile, catalog))
        if typed not in known:
            raise DomainError(_("To go on you must choose one of Siigo's list."), field=name)
        setattr(profile, name, int(typed) if typed else None)
    group = str(values.get("siigo_account_group") or "").strip()
    if group and not group.isdecimal():
        raise DomainError(_("To go on you must give the id of the account group in digits."),
                          field="siigo_account_group")
    profile.siigo_account_group = int(group) if group else None
    profile.siigo_product = str(values.get("siigo_product") or "").strip() or profile.siigo_product
    if any(char in profile.siigo_product for char in " '"):
        raise DomainError(_("To go on you must give a code without blank and apostrophe."), field="siigo_product")
    db.session.flush()
    audit.record("einvoice_co.choose_siigo", profile)
    return _("Saved.")
