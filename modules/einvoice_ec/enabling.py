"""Enabling Ecuador step by step: company data, rehearsal, certificate, point of emission, pruebas, producción.

Each step is verified here and may be repeated; what to do at the SRI is said with its menu names (ecuador.md, 5.6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core import audit, outside
from core.db import db, insert_new
from core.errors import DomainError
from core.i18n import _, format_date
from core.scope import current_company
from modules.einvoice import rehearsing
from modules.einvoice import services as documents
from modules.einvoice.models import Sequence
from modules.einvoice.ports import Input, Step
from modules.einvoice_ec import access, catalogs, certificates, data_step, guide, rehearsal, trial
from modules.einvoice_ec.emisor import SERIES
from modules.einvoice_ec.errors import NotEnabled
from modules.einvoice_ec.models import EmissionPoint

KINDS = ("01", "04", "05")


class EcuadorianEnabler:
    """The guided set-up for the company in scope."""

    def steps(self) -> list[Step]:
        """The company's data and the rehearsal, then certificate, point of emission, pruebas, and the switch."""
        known = _Known()
        found = [data_step.step(known.profile)]
        if current_company().is_rehearsal:
            found.append(_rehearsal_step(known))
        return [*found, _certificate_step(known), _point_step(known, "testing"), _test_step(known),
                _point_step(known, "production"), _live_step(known)]

    def run(self, key: str, values: dict[str, Any]) -> str:
        """Do a step; `key` is like "testing.point"."""
        stage, _dot, name = key.rpartition(".")
        action: dict[str, Callable[[str, dict[str, Any]], str]] = {
            "data": data_step.save, "start": _start_rehearsal, "certificate": _install, "point": _choose_point,
            "test": _send_test, "live": _go_live}
        if name not in action:
            raise DomainError(_("There is no step %(key)s.", key=key))
        return action[name](stage, values)


class _Known:
    """All that the steps look at."""

    def __init__(self) -> None:
        self.profile = access.profile()
        self.certificate = access.active("production")
        self.rehearsal = access.active("rehearsal")
        self.proof = trial.last_proof()
        rows = db.session.scalars(sa.select(Sequence).where(Sequence.country == "EC",
                                                            Sequence.series == self.profile.series))
        self.sequences = {(row.environment, row.kind): row.last_number for row in rows}

    def has_point(self, stage: str) -> bool:
        return all((stage, kind) in self.sequences for kind in KINDS)


def _rehearsal_step(known: _Known) -> Step:
    row = known.rehearsal
    return Step(
        key="rehearsal.start", stage="rehearsal", title=_("Rehearsal: certificate and point of emission"),
        done=row is not None, facts=((_("Certificate"), row.holder),) if row else (),
        instructions=(_("The built-in simulator takes the SRI's place: it gives a certificate and authorises vouchers "
                        "by the SRI's rules. Nothing is sent to the SRI."),),
        inputs=(_series(known),), action=_("Prepare the rehearsal"))


def _series(known: _Known) -> Input:
    return Input("series", _("Establishment and point of emission"), value=known.profile.series,
                 help=_("Like 001-003: one that no other program uses, not even the SRI's own."))


def _certificate_step(known: _Known) -> Step:
    row = known.certificate
    facts: tuple[tuple[str, str], ...] = ()
    if row is not None:
        facts = ((_("Holder"), row.holder), ("RUC", row.ruc or _("not said")), (_("Issued by"), row.issuer),
                 (_("Valid until"), format_date(row.valid_until.date())))
    return Step(key="certificate", stage="testing", title=_("The certificate (.p12)"), done=row is not None,
                instructions=guide.certificate(), facts=facts,
                inputs=(Input("certificate", _("Certificate (.p12 or .pfx)"), "file"),
                        Input("password", _("Its password"), "password")), action=_("Check and install"))


def _point_step(known: _Known, stage: str) -> Step:
    facts = tuple((catalogs.KINDS_BY_CODE[kind].name, str(known.sequences[stage, kind] + 1)) for kind in KINDS
                  if (stage, kind) in known.sequences)
    point = access.point(known.profile.series)
    title = {"testing": _("Pruebas: point of emission"), "production": _("Producción: point of emission")}[stage]
    waits = "" if known.certificate else _("First install the certificate.")
    if stage == "production" and not known.proof:
        waits = _("First have the test voucher authorised.")
    return Step(
        key=f"{stage}.point", stage=stage, title=title, done=known.has_point(stage), facts=facts, waits_for=waits,
        instructions=guide.point(stage), action=_("Use this one"),
        inputs=(_series(known), Input("address", _("Address of the establishment, as in the RUC"),
                                      value=point.address if point else ""),
                Input("factura", _("Next factura"), value="1"), Input("credito", _("Next nota de crédito"), value="1"),
                Input("debito", _("Next nota de débito"), value="1")))


def _test_step(known: _Known) -> Step:
    return Step(
        key="testing.test", stage="testing", title=_("A test voucher"), done=known.proof is not None,
        action=_("Send a test voucher"), facts=((_("Authorised"), known.proof),) if known.proof else (),
        instructions=(*guide.permission("testing"), _(
            "A factura for 1.15 is sent to the SRI's ambiente of tests. It has no value and is not one of yours.")),
        waits_for="" if known.certificate and known.has_point("testing") else _(
            "First choose the point of emission for pruebas."))


def _live_step(known: _Known) -> Step:
    live = not current_company().is_rehearsal and known.profile.environment == "production"
    ready = bool(known.certificate and known.proof and known.has_point("production"))
    return Step(
        key="live", stage="production", title=_("Leave the rehearsal"), done=live,
        action=_("Issue real vouchers from now on"),
        instructions=(*guide.permission("production"),
                      _("From then on every voucher goes to the SRI and is legally valid: what is wrong is annulled in "
                        "its portal or taken back by a credit note."),
                      _("New documents lose their watermark. What was made in rehearsal stays as it is, with its "
                        "own.")),
        inputs=(Input("confirm", _("Type the company's RUC to confirm"), value=""),),
        waits_for="" if ready or live else _("First finish the steps for production."))


# --- doing -----------------------------------------------------------------------------------------------


def _start_rehearsal(_stage: str, values: dict[str, Any]) -> str:
    """Have the simulator know the company and give it a certificate."""
    with rehearsing.alone("EC"):
        access.profile().series = _typed_series(values)
        rehearsal.enable_rehearsal()
    documents.ensure_sequences("EC", {("rehearsal", access.profile().series, kind) for kind in KINDS})
    documents.enqueue_open(current_company().id)
    return _("The rehearsal is ready.")


def _typed_series(values: dict[str, Any]) -> str:
    typed = str(values.get("series") or "").strip()
    if not SERIES.fullmatch(typed):
        raise DomainError(_("To go on you must give establishment and point of emission like 001-003."),
                          field="series")
    return f"{typed[:3]}-{typed[-3:]}"


def _install(_stage: str, values: dict[str, Any]) -> str:
    data = values.get("certificate") or b""
    done = certificates.install("sri", data if isinstance(data, bytes) else str(data).encode(),
                                str(values.get("password") or ""))
    documents.enqueue_open(current_company().id)
    return _("The certificate is installed; it is valid until %(date)s.", date=format_date(done.valid_until.date()))


def _choose_point(stage: str, values: dict[str, Any]) -> str:
    """Use a point of emission, and begin after what another system has issued there."""
    series, numbers = _typed_series(values), [_next(values, name) for name in ("factura", "credito", "debito")]
    insert_new(EmissionPoint.__table__, [{"company_id": current_company().id, "series": series, "address": "",
                                          "closed": False}], ("company_id", "series"))
    point = access.point(series)
    assert point is not None
    if point.closed:
        raise DomainError(_("To go on you must choose a point of emission that is not closed."), field="series")
    point.address = str(values.get("address") or "").strip()[:300]
    access.profile().series = series
    places = documents.ensure_sequences("EC", {(stage, series, kind) for kind in KINDS})
    for kind, number in zip(KINDS, numbers, strict=True):
        documents.advance(places[stage, series, kind], number - 1, None)
    audit.record("einvoice_ec.choose_point", access.profile(), {"series": series, "environment": stage})
    return _("Vouchers are numbered %(series)s-%(number)s from now on.", series=series, number=f"{numbers[0]:09d}")


def _next(values: dict[str, Any], name: str) -> int:
    typed = str(values.get(name) or "1").strip()
    if not typed.isdecimal() or not 1 <= int(typed) <= 999_999_999:
        raise DomainError(_("To go on you must give the next number, from 1 to 999999999."), field=name)
    return int(typed)


def _send_test(_stage: str, _values: dict[str, Any]) -> str:
    return _("The SRI has authorised a test voucher: %(key)s.", key=trial.send())


def _go_live(_stage: str, values: dict[str, Any]) -> str:
    outside.confirm(str(values.get("confirm") or ""))
    company, known = current_company(), _Known()
    if not (known.certificate and known.proof and known.has_point("production")):
        raise NotEnabled(_("To leave the rehearsal you must first finish the steps for production."))
    known.profile.environment, company.environment = "production", "production"
    db.session.flush()
    audit.record("einvoice_ec.go_live", company, {"environment": "production"})
    return _("From now on vouchers go to the SRI and are legally valid.")
