"""Enabling Argentina step by step: rehearsal, key, certificate, access, point of sale, numbers, test, production.

Each step is verified here and may be repeated; what to do at ARCA is said with its exact menu names
(argentina.md, section 10). Steps that talk to ARCA commit what they learn.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core import audit, clock, companies, outside
from core.db import db
from core.errors import DomainError
from core.i18n import _, format_date
from core.jobs import enqueue
from core.scope import current_company
from modules.einvoice import rehearsing
from modules.einvoice import services as documents
from modules.einvoice.models import Sequence
from modules.einvoice.ports import Input, Step
from modules.einvoice_ar import access, certificates, guide, questions, rehearsal, trial, wsaa
from modules.einvoice_ar.client import ListedPoint, Wsfe
from modules.einvoice_ar.errors import BadCertificate, NotEnabled
from modules.einvoice_ar.models import AccessTicket, Certificate, PointOfSale

STAGES = ("testing", "production")
# kinds whose last numbers are shown and confirmed, by the issuer's condition
KINDS = {"RI": (1, 2, 3, 6, 7, 8), "MO": (11, 12, 13), "EX": (11, 12, 13)}


class ArgentineEnabler:
    """The guided set-up for the company in scope."""

    def steps(self) -> list[Step]:
        """The company's data and the rehearsal, then the same steps for testing and for production, then the switch."""
        known = _Known()
        found = [_data_step(known), *([_rehearsal_step(known)] if current_company().is_rehearsal else [])]
        for stage in STAGES:
            found += [_key_step(stage, known), _certificate_step(stage, known), _access_step(stage, known),
                      _point_step(stage, known), _number_step(stage, known)]
            if stage == "testing":
                found.append(_test_step(known))
        return [*found, _live_step(known)]

    def run(self, key: str, values: dict[str, Any]) -> str:
        """Do a step; `key` is like "testing.certificate"."""
        stage, _dot, name = key.rpartition(".")
        action: dict[str, Callable[[str, dict[str, Any]], str]] = {
            "data": _save_data, "start": _start_rehearsal, "key": _make_key, "certificate": _install,
            "access": _try_access, "point": _choose_point, "numbers": _confirm_numbers, "test": _send_test,
            "live": _go_live}
        if name not in action:
            raise DomainError(_("There is no step %(key)s.", key=key))
        return action[name](stage, values)


# --- what is known ---------------------------------------------------------------------------------------


class _Known:
    """All that the steps look at, read once for all of them: a statement per table."""

    def __init__(self) -> None:
        self.profile = access.profile()
        self._certificates = db.session.scalars(sa.select(Certificate).order_by(Certificate.id)).all()
        self._points = db.session.scalars(sa.select(PointOfSale).order_by(PointOfSale.number)).all()
        self._tickets = db.session.scalars(sa.select(AccessTicket).order_by(AccessTicket.id)).all()
        self._sequences = db.session.scalars(sa.select(Sequence).where(
            Sequence.series == guide.series(self.profile.point_of_sale)).order_by(Sequence.id)).all()

    def active(self, stage: str) -> Certificate | None:
        """The certificate in use."""
        return next((row for row in self._certificates if row.environment == stage and row.active), None)

    def waiting(self, stage: str) -> Certificate | None:
        """The newest request without certificate."""
        return next((row for row in reversed(self._certificates) if row.environment == stage and not row.pem), None)

    def points(self, stage: str) -> list[PointOfSale]:
        return [row for row in self._points if row.environment == stage]

    def sequences(self, stage: str) -> list[Sequence]:
        """Those of the point of sale in use."""
        return [row for row in self._sequences if row.environment == stage]

    def ticket(self, stage: str) -> AccessTicket | None:
        """The ticket that the certificate in use got for the invoice service."""
        own = self.active(stage)
        return next((row for row in self._tickets if own is not None and row.certificate_id == own.id
                     and row.environment == stage and row.service == wsaa.WSFE), None)

    def has_access(self, stage: str) -> bool:
        return any(row.environment == stage and row.expires_at for row in self._tickets)

    def is_ready(self) -> bool:
        """Whether nothing is missing for real invoices."""
        return bool(self.active("production") and self.has_access("production") and self.sequences("production"))


def _data_step(known: _Known) -> Step:
    profile, company = known.profile, current_company()
    return Step(
        key="data", title=_("Company data"), done=bool(profile.gross_income_number and profile.activity_start),
        instructions=(_("These stand on every document. The CUIT and the condition are those of the company: "
                        "%(cuit)s, %(condition)s.", cuit=company.tax_id, condition=companies.condition_words(company)),
                      *guide.rates(company.tax_condition)),
        inputs=(Input("gross_income_number", _("Gross income tax number (IIBB)"), value=profile.gross_income_number),
                Input("activity_start", _("Start of activities"), "date",
                      profile.activity_start.isoformat() if profile.activity_start else "")),
        action=_("Save"))


def _rehearsal_step(known: _Known) -> Step:
    row, number = known.active("rehearsal"), known.profile.point_of_sale
    point = next((one for one in known.points("rehearsal") if one.number == number), None)
    facts = ((_("Certificate"), row.alias), (_("Point of sale"), str(point))) if row and point else ()
    return Step(
        key="rehearsal.start", stage="rehearsal", title=_("Rehearsal: certificate and point of sale"),
        done=row is not None and point is not None, facts=facts,
        instructions=(_("The built-in simulator takes ARCA's place: it issues a certificate, opens the point of sale "
                        "and authorises invoices by ARCA's rules. Nothing is sent to ARCA."),),
        inputs=(Input("number", _("Point of sale"), value=str(number),
                      help=_("The number that your invoices will have, like 3 for B 0003-00000001.")),),
        action=_("Prepare the rehearsal"))


def _key_step(stage: str, known: _Known) -> Step:
    row = known.waiting(stage) or known.active(stage)
    return Step(
        key=f"{stage}.key", stage=stage, title=guide.title(stage, "key"), done=row is not None,
        instructions=(_("The key is made here and never leaves this machine. ARCA gets the request below."),),
        inputs=(Input("alias", _("Name of this system at ARCA (alias)"), value=row.alias if row else "abona"),),
        action=_("Make key and request"),
        download=_request(stage, row))


def _request(stage: str, row: Certificate | None) -> tuple[str, str] | None:
    return (f"abona-{stage}.csr", row.csr) if row is not None and row.csr else None


def _certificate_step(stage: str, known: _Known) -> Step:
    row, asked = known.active(stage), known.waiting(stage)
    facts: tuple[tuple[str, str], ...] = ()
    if row is not None and row.valid_until:
        facts = ((_("Alias"), row.alias), ("CUIT", row.cuit), (_("Issued by"), row.issuer),
                 (_("Valid until"), format_date(row.valid_until.date())))
    return Step(
        key=f"{stage}.certificate", stage=stage, title=guide.title(stage, "certificate"), done=row is not None,
        instructions=guide.certificate(stage), inputs=(Input("certificate", _("Certificate (.crt)"), "file"),),
        action=_("Check and install"), facts=facts, download=_request(stage, asked),
        waits_for="" if asked or row else _("First make the key and the request."))


def _access_step(stage: str, known: _Known) -> Step:
    ticket = known.ticket(stage)
    good = bool(ticket and ticket.expires_at)
    facts = ((_("Last answer of ARCA"), ticket.fault_text),) if ticket and ticket.fault_text and not good else ()
    return Step(key=f"{stage}.access", stage=stage, title=guide.title(stage, "access"), done=good,
                instructions=guide.authorisation(stage), action=_("Log in at ARCA"), facts=facts,
                waits_for="" if known.active(stage) else _("First install the certificate."))


def _point_step(stage: str, known: _Known) -> Step:
    profile, points = known.profile, known.points(stage)
    usable = [point for point in points if point.usable]
    choices = tuple((str(point.number), f"{point} · {point.kind}") for point in usable)
    value = str(profile.point_of_sale)
    done = any(point.number == profile.point_of_sale for point in usable)
    return Step(key=f"{stage}.point", stage=stage, title=guide.title(stage, "point"), done=done,
                instructions=guide.point_of_sale(current_company().tax_condition),
                inputs=(Input("number", _("Point of sale"), value=value, choices=choices,
                              help=_("ARCA's list is read first; in testing it is often empty, then type it.")),),
                action=_("Read from ARCA and use this one"),
                waits_for="" if known.has_access(stage) else _("First log in at ARCA."))


def _number_step(stage: str, known: _Known) -> Step:
    rows = known.sequences(stage)
    facts = tuple((guide.kind_name(int(row.kind)), str(row.last_number)) for row in rows)
    return Step(key=f"{stage}.numbers", stage=stage, title=guide.title(stage, "numbers"), done=bool(rows), facts=facts,
                instructions=(_("The next document of each kind follows the last one that ARCA has. No other program "
                                "may issue on this point of sale from now on."),),
                action=_("Read the last numbers and begin after them"),
                waits_for="" if known.points(stage) else _("First choose the point of sale."))


def _test_step(known: _Known) -> Step:
    rows = known.sequences("testing")
    row, proof = known.active("testing"), trial.last_proof()
    return Step(
        key="testing.test", stage="testing", title=_("A test document"), done=proof is not None,
        action=_("Send a test document"),
        instructions=(_("A document for 1.00 to a final consumer is sent to ARCA's testing service. It has no value "
                        "and is not an invoice of yours."),),
        facts=((_("Authorised"), proof),) if proof else (),
        waits_for="" if rows and row else _("First read the last numbers."))


def _live_step(known: _Known) -> Step:
    company, profile = current_company(), known.profile
    live = not company.is_rehearsal and profile.environment == "production"
    ready = known.is_ready()
    return Step(key="live", stage="production", title=_("Leave the rehearsal"), done=live,
                action=_("Issue real invoices from now on"),
                instructions=(
                    _("From then on every invoice goes to ARCA and is legally valid: what is wrong is only taken back "
                      "by a credit note."),
                    _("New documents lose their watermark. What was made in rehearsal stays as it is, with its own."),
                    _("Other services change sides by themselves: notices stay in rehearsal until you switch them.")),
                inputs=(Input("confirm", _("Type the company's CUIT to confirm"), value=""),),
                waits_for="" if ready or live else _("First finish the steps for production."))


def _points(stage: str) -> list[PointOfSale]:
    return list(db.session.scalars(sa.select(PointOfSale).where(PointOfSale.environment == stage)
                                   .order_by(PointOfSale.number)))


# --- doing -----------------------------------------------------------------------------------------------


def _save_data(_stage: str, values: dict[str, Any]) -> str:
    import datetime as dt

    profile = access.profile()
    number = str(values.get("gross_income_number") or "").strip()
    try:
        start = dt.date.fromisoformat(str(values.get("activity_start") or ""))
    except ValueError:
        raise DomainError(_("To go on you must give the start of activities as a date, as in 2020-03-31."),
                          field="activity_start") from None
    if not number:
        raise DomainError(_("To go on you must give the gross income tax number (or Exento)."),
                          field="gross_income_number")
    profile.gross_income_number, profile.activity_start = number[:30], start
    db.session.flush()
    audit.record("einvoice_ar.edit_profile", profile)
    return _("Saved.")


def _start_rehearsal(_stage: str, values: dict[str, Any]) -> str:
    """Have the simulator issue the certificate and open the point of sale, and ask it for the last numbers."""
    with rehearsing.alone("AR"):
        access.profile().point_of_sale = _point_number(values)
        audit.record("einvoice_ar.choose_point_of_sale", access.profile(), {
            "number": access.profile().point_of_sale, "environment": "rehearsal"})
        rehearsal.enable_rehearsal()
    return _confirm_numbers("rehearsal", {})


def _make_key(stage: str, values: dict[str, Any]) -> str:
    alias = str(values.get("alias") or "abona").strip()
    if not re.fullmatch(r"[A-Za-z0-9]{3,40}", alias):
        raise DomainError(_("To go on you must choose an alias of 3 to 40 letters and digits, without blanks."),
                          field="alias")
    certificates.request(stage, alias)
    return _("The request is ready: copy or download it, and give it to ARCA.")


def _install(stage: str, values: dict[str, Any]) -> str:
    row = certificates.waiting(stage)
    if row is None:
        raise NotEnabled(_("To install a certificate you must first make the key and the request."))
    data = values.get("certificate") or b""
    if isinstance(data, str):
        data = data.encode()
    if not data.strip():
        raise BadCertificate(_("To go on you must choose the file that ARCA gave you."), field="certificate")
    done = certificates.install(row.id, data)
    documents.enqueue_open(current_company().id)
    assert done.valid_until is not None
    return _("The certificate is installed; it is valid until %(date)s.", date=format_date(done.valid_until.date()))


def _try_access(stage: str, _values: dict[str, Any]) -> str:
    """Get the ticket, and ask the service whether it lives."""
    row = certificates.active(stage)
    if row is None:
        raise NotEnabled(_("To log in at ARCA you must first install the certificate."))
    db.session.commit()
    ticket = wsaa.ticket(row, wsaa.WSFE, current_company().tax_id)
    db.session.rollback()
    state = Wsfe(stage, ticket).dummy()
    until = clock.local(ticket.expires_at)
    return _("ARCA lets us in until %(time)s. Its servers say: %(state)s.", time=until.strftime("%d/%m %H:%M"),
             state=", ".join(f"{name} {value}" for name, value in state.items()))


def _choose_point(stage: str, values: dict[str, Any]) -> str:
    db.session.commit()
    listed = questions.ask(stage, lambda wsfe: wsfe.points_of_sale())
    store_points(stage, listed)
    number = _point_number(values)
    _check_point(stage, number, listed)
    access.profile().point_of_sale = number
    db.session.flush()
    audit.record("einvoice_ar.choose_point_of_sale", access.profile(), {"number": number, "environment": stage})
    return _("Point of sale %(number)s is in use. ARCA lists %(count)s.", number=f"{number:05d}", count=len(listed))


def _point_number(values: dict[str, Any]) -> int:
    typed = str(values.get("number") or "").strip()
    if not typed.isdigit() or not 1 <= int(typed) <= 99998:
        raise DomainError(_("To go on you must give the number of the point of sale (1 to 99998)."), field="number")
    return int(typed)


def store_points(stage: str, listed: list[ListedPoint]) -> None:
    """Keep what ARCA lists; one that it lists no more stays as it was."""
    known = {point.number: point for point in _points(stage)}
    for one in listed:
        point = known.get(one.number) or PointOfSale(environment=stage, number=one.number)
        point.kind, point.blocked, point.closed_on, point.read_at = one.kind, one.blocked, one.closed_on, clock.now()
        db.session.add(point)
    db.session.flush()


def _check_point(stage: str, number: int, listed: list[ListedPoint]) -> None:
    point = next((one for one in _points(stage) if one.number == number), None)
    if point is None and listed:
        known = ", ".join(str(one.number) for one in listed)
        raise DomainError(_("To use point of sale %(number)s you must first add it at ARCA; it lists %(known)s.",
                            number=number, known=known), field="number")
    if point is None:
        db.session.add(PointOfSale(environment=stage, number=number, kind="CAE"))
        db.session.flush()
    elif not point.usable:
        raise DomainError(_("Point of sale %(number)s cannot be used: it is blocked, closed, or not for web services "
                            "with CAE.", number=number), field="number")


def _confirm_numbers(stage: str, _values: dict[str, Any]) -> str:
    point = access.profile().point_of_sale
    db.session.commit()
    kinds = KINDS.get(current_company().tax_condition, KINDS["RI"])
    db.session.rollback()
    found = questions.ask(stage, lambda wsfe: {kind: wsfe.last_number(point, kind) for kind in kinds})
    places = documents.ensure_sequences("AR", {(stage, guide.series(point), str(kind)) for kind in kinds})
    for (_environment, _series, kind), sequence_id in places.items():
        documents.advance(sequence_id, found[int(kind)], None)
    return _("Documents begin after: %(numbers)s.", numbers=", ".join(
        f"{guide.kind_name(kind)} {number}" for kind, number in found.items()))


def _send_test(_stage: str, _values: dict[str, Any]) -> str:
    code, number = trial.send(access.profile().point_of_sale)
    return _("ARCA authorised test document %(number)s with CAE %(code)s.", number=number, code=code)


def _go_live(_stage: str, values: dict[str, Any]) -> str:
    outside.confirm(str(values.get("confirm") or ""))
    if not _Known().is_ready():
        raise NotEnabled(_("To leave the rehearsal you must first finish the steps for production."))
    company, profile = current_company(), access.profile()
    profile.environment, company.environment = "production", "production"
    db.session.flush()
    audit.record("einvoice_ar.go_live", company, {"environment": "production"})
    enqueue("modules.einvoice_ar.jobs.refresh_lists", company_id=company.id)
    return _("From now on invoices go to ARCA and are legally valid.")


