"""Enabling Peru step by step: company data, rehearsal, demo account, test document, real account, the switch.

Each step is verified here and may be repeated. A connection is tested without issuing: by asking about the last
number (peru.md, 2.7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from core import audit, clock, outside
from core.db import db
from core.errors import DomainError, Rejected
from core.i18n import _
from core.scope import current_company
from modules.einvoice import rehearsing
from modules.einvoice import services as documents
from modules.einvoice.models import Sequence
from modules.einvoice.ports import Input, Step
from modules.einvoice_pe import access, client, guide, rehearsal, trial
from modules.einvoice_pe.catalogs import BOLETA, CREDITO, DEBITO, FACTURA, NAMES, detractions
from modules.einvoice_pe.client import Nubefact
from modules.einvoice_pe.contingency import LETTER
from modules.einvoice_pe.errors import NotEnabled
from modules.einvoice_pe.models import Route, Series

STAGES = ("testing", "production")
# name of the input: (kind, letter, usual series in production, in a demo account)
PLACES: Mapping[str, tuple[int, str, str, str]] = {
    "factura": (FACTURA, "F", "F001", "FFF1"), "boleta": (BOLETA, "B", "B001", "BBB1"),
    "credito_factura": (CREDITO, "F", "FC01", "FFF1"), "credito_boleta": (CREDITO, "B", "BC01", "BBB1"),
    "debito_factura": (DEBITO, "F", "FD01", "FFF1"), "debito_boleta": (DEBITO, "B", "BD01", "BBB1")}
# of paper that is written by hand: for all kinds of documents
CONTINGENCY, _PAPER = "contingencia", re.compile(r"0\d{3}")
_TYPED = re.compile(r"([FB][A-Z0-9]{3})\s*(?:-\s*(\d{1,8}))?")


class PeruvianEnabler:
    """The guided set-up for the company in scope."""

    def steps(self) -> list[Step]:
        """The company's data and the rehearsal, then route and series for the demo and the real account."""
        known = _Known()
        found = [_data_step(known), *([_rehearsal_step(known)] if current_company().is_rehearsal else [])]
        for stage in STAGES:
            found += [_route_step(known, stage), _series_step(known, stage)]
            if stage == "testing":
                found.append(_test_step(known))
        return [*found, _live_step(known)]

    def run(self, key: str, values: dict[str, Any]) -> str:
        """Do a step; `key` is like "testing.route"."""
        stage, _dot, name = key.rpartition(".")
        action: dict[str, Callable[[str, dict[str, Any]], str]] = {
            "data": _save_data, "start": _start_rehearsal, "route": _enter_route, "series": _choose_series,
            "test": _send_test, "live": _go_live}
        if name not in action:
            raise DomainError(_("There is no step %(key)s.", key=key))
        return action[name](stage, values)


class _Known:
    """All that the steps look at."""

    def __init__(self) -> None:
        self.profile = access.profile()
        self.proof = trial.last_proof()
        self.routes = {row.environment: row for row in db.session.scalars(sa.select(Route).order_by(Route.id.desc()))}
        self._series = db.session.scalars(sa.select(Series).where(Series.active).order_by(Series.id)).all()
        rows = db.session.scalars(sa.select(Sequence).where(Sequence.country == "PE"))
        self._last = {(row.environment, row.series, int(row.kind)): row.last_number for row in rows}

    def series(self, stage: str) -> list[tuple[str, int, str, int]]:
        """(input's name, kind, code, last number) of what new documents get."""
        found = []
        for name, (kind, letter, _usual, _demo) in PLACES.items():
            row = next((one for one in self._series if one.environment == stage and one.kind == kind
                        and one.letter == letter), None)
            if row is not None:
                found.append((name, kind, row.code, self._last.get((stage, row.code, kind), 0)))
        return found

    def paper(self, stage: str) -> list[str]:
        """The series of contingency."""
        return sorted({one.code for one in self._series if one.environment == stage and one.letter == LETTER})

    def is_ready(self) -> bool:
        return bool(self.proof and self.routes.get("production") and self.series("production"))


def _data_step(known: _Known) -> Step:
    profile = known.profile
    choices = (("0", str(_("none of ours"))), *((str(number), f"{code} {name}")
                                              for number, (code, name) in detractions().items()))
    return Step(
        key="data", title=_("Company data"), done=bool(profile.detraction_account) or not profile.detraction_kind,
        instructions=guide.detraction(), action=_("Save"),
        inputs=(Input("detraction_kind", _("Service that bears a detracción"), "choice", str(profile.detraction_kind),
                      choices),
                Input("detraction_account", _("Account at Banco de la Nación"), value=profile.detraction_account)))


def _rehearsal_step(known: _Known) -> Step:
    row = known.routes.get("rehearsal")
    return Step(
        key="rehearsal.start", stage="rehearsal", title=_("Rehearsal: account and series"),
        done=bool(row and row.address), action=_("Prepare the rehearsal"),
        facts=tuple((NAMES[kind], code) for _name, kind, code, _last in known.series("rehearsal")),
        instructions=(_("The built-in simulator takes Nubefact's place: it opens an account, enables the series and "
                        "accepts documents by SUNAT's rules. Nothing is sent to Nubefact."),),
        inputs=_series_inputs(known, "rehearsal", numbers=False))


def _route_step(known: _Known, stage: str) -> Step:
    row = known.routes.get(stage)
    title = _("Demo account: route and token") if stage == "testing" else _("Real account: route and token")
    waits = _("First have the test document signed.") if stage == "production" and not known.proof else ""
    return Step(
        key=f"{stage}.route", stage=stage, title=title, done=row is not None, instructions=guide.route(stage),
        inputs=(Input("route", _("Route (RUTA)"), "password"), Input("token", _("Token"), "password")),
        action=_("Try and keep"), waits_for=waits,
        facts=((_("Route"), _masked(row.address)),) if row is not None else ())


def _masked(address: str) -> str:
    """Enough to know it again."""
    return f"…{address[-4:]}"


def _series_inputs(known: _Known, stage: str, numbers: bool = True) -> tuple[Input, ...]:
    chosen = {name: (code, last) for name, _kind, code, last in known.series(stage)}
    labels = {"factura": _("Facturas"), "boleta": _("Boletas"), "credito_factura": _("Notas de crédito of facturas"),
              "credito_boleta": _("Notas de crédito of boletas"), "debito_factura": _("Notas de débito of facturas"),
              "debito_boleta": _("Notas de débito of boletas")}
    found = []
    for name, (_kind, _letter, usual, demo) in PLACES.items():
        code, last = chosen.get(name, (demo if stage == "testing" else usual, 0))
        found.append(Input(name, labels[name], value=f"{code}-{last}" if numbers else code))
    return (*found, Input(CONTINGENCY, _("Series of paper for contingencies, like 0001; none where SUNAT authorised "
                                         "none"), value=" ".join(known.paper(stage)) or (
                                             rehearsal.PAPER if stage == "rehearsal" and not chosen else "")))


def _series_step(known: _Known, stage: str) -> Step:
    rows = known.series(stage)
    title = _("Demo account: series") if stage == "testing" else _("Real account: series")
    return Step(
        key=f"{stage}.series", stage=stage, title=title, done=bool(rows), instructions=guide.series(stage),
        inputs=_series_inputs(known, stage), action=_("Ask Nubefact and begin after them"),
        facts=tuple((f"{NAMES[kind]} {code}", str(last)) for _name, kind, code, last in rows),
        waits_for="" if known.routes.get(stage) else _("First enter route and token."))


def _test_step(known: _Known) -> Step:
    return Step(
        key="testing.test", stage="testing", title=_("A test document"), done=known.proof is not None,
        action=_("Send a test document"), facts=((_("Signed"), known.proof),) if known.proof else (),
        instructions=(_("A boleta for 1.18 is issued in the demo account. It has no value and is not one of yours."),),
        waits_for="" if known.series("testing") else _("First choose the series of the demo account."))


def _live_step(known: _Known) -> Step:
    live = not current_company().is_rehearsal and known.profile.environment == "production"
    return Step(
        key="live", stage="production", title=_("Leave the rehearsal"), done=live,
        action=_("Issue real documents from now on"),
        instructions=(_("From then on every document goes to SUNAT and is legally valid: what is wrong is annulled "
                        "within seven days, or taken back by a credit note."),
                      _("New documents lose their watermark. What was made in rehearsal stays as it is, with its "
                        "own.")),
        inputs=(Input("confirm", _("Type the company's RUC to confirm"), value=""),),
        waits_for="" if known.is_ready() or live else _("First finish the steps for production."))


# --- doing -----------------------------------------------------------------------------------------------


def _save_data(_stage: str, values: dict[str, Any]) -> str:
    profile = access.profile()
    kind = str(values.get("detraction_kind") or "0").strip()
    if kind != "0" and (not kind.isdecimal() or int(kind) not in detractions()):
        raise DomainError(_("To go on you must choose a service that bears a detracción, or none."),
                          field="detraction_kind")
    account = re.sub(r"[\s-]", "", str(values.get("detraction_account") or ""))
    if int(kind) and not re.fullmatch(r"\d{11}", account):
        raise DomainError(_("To go on you must give the account at Banco de la Nación, 11 digits."),
                          field="detraction_account")
    profile.detraction_kind, profile.detraction_account = int(kind), account
    db.session.flush()
    audit.record("einvoice_pe.edit_profile", profile)
    return _("Saved.")


def _start_rehearsal(_stage: str, values: dict[str, Any]) -> str:
    typed = _typed("rehearsal", values)
    chosen = _by_kind(typed, _paper_typed(values, rehearsal.PAPER))
    with rehearsing.alone("PE"):
        rehearsal.enable(chosen)
    documents.ensure_sequences("PE", {("rehearsal", code, str(kind)) for kind, code, _last in typed})
    documents.enqueue_open(current_company().id)
    return _("The rehearsal is ready.")


def _typed(stage: str, values: dict[str, Any]) -> list[tuple[int, str, int]]:
    """(kind, series, last number) as typed; the usual where nothing was."""
    found = []
    for name, (kind, letter, usual, demo) in PLACES.items():
        text = str(values.get(name) or (demo if stage == "testing" else usual)).strip().upper()
        typed = _TYPED.fullmatch(text)
        if typed is None or typed[1][0] != letter:
            raise DomainError(_("To go on you must write a series that begins with %(letter)s and the last number "
                                "used, like %(example)s.", letter=letter, example=f"{usual}-88"), field=name)
        found.append((kind, typed[1], int(typed[2] or 0)))
    return found


def _paper_typed(values: dict[str, Any], usual: str = "") -> list[str]:
    """The series of contingency as typed, in any order; the usual ones where nothing was asked."""
    text = str(values.get(CONTINGENCY, usual) or "").strip()
    found = sorted(set(re.split(r"[\s,;]+", text))) if text else []
    for code in found:
        if not _PAPER.fullmatch(code):
            raise DomainError(_("To go on you must write a series of paper as 0 and three digits, like 0001. Found: "
                                "%(found)s.", found=code), field=CONTINGENCY)
    return found


def _by_kind(typed: list[tuple[int, str, int]], paper: list[str]) -> dict[int, list[str]]:
    """The series of each kind; those of paper are for all of them, after what new documents get."""
    chosen: dict[int, list[str]] = {}
    for kind, code, _last in typed:
        chosen.setdefault(kind, []).append(code)
    return {kind: [*codes, *paper] for kind, codes in chosen.items()}


def _enter_route(stage: str, values: dict[str, Any]) -> str:
    """Try route and token by a question; the form of the token is found out."""
    address, token = str(values.get("route") or "").strip(), str(values.get("token") or "").strip()
    if not client.is_route(address):
        raise DomainError(_("To go on you must give the route as Nubefact shows it: "
                            "https://api.nubefact.com/api/v1/ and a long code."), field="route")
    if not token:
        raise DomainError(_("To go on you must give the token."), field="token")
    db.session.commit()
    form = _form_of(address, token)
    row = db.session.scalar(sa.select(Route).where(Route.environment == stage)) or Route(environment=stage)
    row.address, row.token, row.form, row.verified_at = address, token, form, clock.now()
    db.session.add(row)
    db.session.flush()
    audit.record("einvoice_pe.enter_route", row, {"environment": stage})
    documents.enqueue_open(current_company().id)
    return _("Nubefact answers on this route with this token.")


def _form_of(address: str, token: str) -> str:
    refused: Rejected | None = None
    for form in client.FORMS:
        try:
            Nubefact(address, token, form).consult(BOLETA, "BBB1", 1)
            return form
        except Rejected as refusal:
            if refusal.code != client.WRONG_TOKEN:
                _tell(refusal)
            refused = refusal
    assert refused is not None
    raise DomainError(_("Nubefact does not know this token on this route: %(text)s", text=refused.message),
                      field="token")


def _tell(refusal: Rejected) -> None:
    """21 on a question about a series that is not enabled proves route and token all the same."""
    if refusal.code == client.WRONG_ROUTE:
        raise DomainError(_("Nubefact does not know this route: %(text)s", text=refusal.message), field="route")
    raise refusal


def _choose_series(stage: str, values: dict[str, Any]) -> str:
    route = db.session.scalar(sa.select(Route).where(Route.environment == stage))
    if route is None:
        raise NotEnabled(_("To choose the series you must first enter route and token."))
    typed, nubefact = _typed(stage, values), Nubefact(route.address, route.token, route.form)
    chosen = _by_kind(typed, _paper_typed(values))
    db.session.commit()
    for name, (kind, code, last) in zip(PLACES, typed, strict=True):
        _check_last(nubefact, name, kind, code, last)
    route = db.session.scalars(sa.select(Route).where(Route.environment == stage)).one()
    access.keep_series(stage, route, chosen)
    places = documents.ensure_sequences("PE", {(stage, code, str(kind)) for kind, code, _last in typed})
    for kind, code, last in typed:
        documents.advance(places[stage, code, str(kind)], last, None)
    audit.record("einvoice_pe.choose_series", route, {"environment": stage, "series": [
        f"{kind} {code}-{last}" for kind, code, last in typed]})
    return _("Documents begin after: %(numbers)s.", numbers=", ".join(f"{code}-{last}" for _kind, code, last in typed))


def _check_last(nubefact: Nubefact, name: str, kind: int, code: str, last: int) -> None:
    """The last number must be there, and none after it."""
    if last and nubefact.consult(kind, code, last) is None:
        raise DomainError(_("Nubefact has no number %(number)s of %(kind)s: give the last one that was used.",
                            number=f"{code}-{last}", kind=NAMES[kind].lower()), field=name)
    if nubefact.consult(kind, code, last + 1) is not None:
        raise DomainError(_("Nubefact already has number %(number)s of %(kind)s: give the last one that was used.",
                            number=f"{code}-{last + 1}", kind=NAMES[kind].lower()), field=name)


def _send_test(_stage: str, _values: dict[str, Any]) -> str:
    return _("Nubefact has signed a test document: %(number)s.", number=trial.send())


def _go_live(_stage: str, values: dict[str, Any]) -> str:
    outside.confirm(str(values.get("confirm") or ""))
    company, known = current_company(), _Known()
    if not known.is_ready():
        raise NotEnabled(_("To leave the rehearsal you must first finish the steps for production."))
    known.profile.environment, company.environment = "production", "production"
    db.session.flush()
    audit.record("einvoice_pe.go_live", company, {"environment": "production"})
    return _("From now on documents go to SUNAT and are legally valid.")
