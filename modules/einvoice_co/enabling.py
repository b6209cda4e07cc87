"""Enabling Colombia step by step: data, rehearsal, access, numbering, test document, production.

Each step is verified here and may be repeated. Steps that talk to the provider commit what they learn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core import audit, clock, outside
from core.db import db
from core.errors import DomainError
from core.i18n import _, format_date
from core.scope import current_company
from modules.einvoice import rehearsing
from modules.einvoice import services as documents
from modules.einvoice.ports import Input, Step
from modules.einvoice_co import access, data_step, numbering_step, rehearsal, trial
from modules.einvoice_co.errors import NotEnabled
from modules.einvoice_co.models import FiscalProfile, ProviderAccess
from modules.einvoice_co.providers.hka.mapping import TOKEN
from modules.einvoice_co.providers.siigo import client as siigo_client

STAGES = ("testing", "production")


class ColombianEnabler:
    """The guided set-up for the company in scope."""

    def steps(self) -> list[Step]:
        """The company's data and the rehearsal, access and numbering of tests and of production, then the switch."""
        profile, found = access.profile(), []
        found.append(data_step.step(profile))
        if current_company().is_rehearsal:
            found.append(_rehearsal_step(profile))
        for stage in STAGES:
            found += [_access_step(profile, stage), numbering_step.step(profile, stage)]
            if stage == "testing":
                found.append(_test_step(profile))
        return [*found, _live_step(profile)]

    def run(self, key: str, values: dict[str, Any]) -> str:
        """Do a step; `key` is like "testing.access"."""
        stage, _dot, name = key.rpartition(".")
        action: dict[str, Callable[[str, dict[str, Any]], str]] = {
            "data": data_step.save, "start": _start_rehearsal, "access": _save_access,
            "numbering": numbering_step.save, "test": _send_test, "live": _go_live}
        if name not in action:
            raise DomainError(_("There is no step %(key)s.", key=key))
        return action[name](stage, values)


def _rehearsal_step(profile: FiscalProfile) -> Step:
    row = access.stored("rehearsal", profile.provider)
    return Step(
        key="rehearsal.start", stage="rehearsal", title=_("Rehearsal: access and resolution"), done=row is not None,
        instructions=(_("The built-in simulator takes the place of the provider and of the DIAN: it knows the company, "
                        "has the resolution of tests, and validates documents by the DIAN's rules. Nothing is sent to "
                        "anybody."),), action=_("Prepare the rehearsal"))


def _access_step(profile: FiscalProfile, stage: str) -> Step:
    row = access.stored(stage, profile.provider)
    hka = profile.provider == "hka"
    titles = {"testing": _("Tests: access to the provider"), "production": _("Production: access to the provider")}
    inputs: tuple[Input, ...] = (
        Input("user", "tokenEmpresa" if hka else _("User of the interface (username)")),
        Input("password", "tokenPassword" if hka else "access_key", "password"),
        Input("address", _("Address of the service"), value=row.address if row else "",
              help=_("Leave empty unless the provider gave you another one.")))
    if hka:
        inputs = (*inputs, Input("attachments_address", _("Address of the service of attachments"),
                                 value=row.attachments_address if row else ""))
    return Step(key=f"{stage}.access", stage=stage, title=titles[stage], done=bool(row and row.verified_at),
                instructions=_how(profile.provider, stage), inputs=inputs, action=_("Check and save"),
                facts=_access_facts(row), waits_for=_waits(stage))


def _access_facts(row: ProviderAccess | None) -> tuple[tuple[str, str], ...]:
    if row is None or row.verified_at is None:
        return ()
    found = ((_("Verified"), format_date(clock.local(row.verified_at).date())),)
    return (*found, (_("Folios left"), str(row.folios))) if row.folios is not None else found


def _how(provider: str, stage: str) -> tuple[str, ...]:
    if provider == "siigo":
        return (_("Siigo Nube → Alianzas → Mi Credencial API gives user and access key. Tests need a company of tests: "
                  "ask Siigo for one."),)
    return ({"testing": _("The Factory HKA gives the tokens of its demo by e-mail when it opens the company there. Its "
                          "demo does not send to the DIAN."),
             "production": _("The tokens of production come when the company has been enabled at the DIAN with The "
                             "Factory HKA as technology provider. They differ from those of the demo.")}[stage],
            _("Each is 40 small letters and digits."))


def _waits(stage: str) -> str:
    return _("First have the test document accepted.") if stage == "production" and not trial.last_proof() else ""


def _test_step(profile: FiscalProfile) -> Step:
    proof = trial.last_proof()
    row = access.stored("testing", profile.provider)
    ready = bool(row and row.verified_at) and numbering_step.is_done(profile, "testing")
    return Step(
        key="testing.test", stage="testing", title=_("A test document"), done=proof is not None,
        action=_("Send a test document"), facts=((_("Accepted"), proof),) if proof else (),
        instructions=(_("An invoice for 1190 is sent to the provider's service of tests: to the final consumer, or "
                        "with Siigo to the company itself. It has no value and is not one of yours."),),
        waits_for="" if ready else _("First finish access and numbering of tests."))


def _live_step(profile: FiscalProfile) -> Step:
    live = not current_company().is_rehearsal and profile.environment == "production"
    return Step(
        key="live", stage="production", title=_("Leave the rehearsal"), done=live,
        action=_("Issue real invoices from now on"),
        instructions=(_("From then on every invoice goes to the DIAN and is legally valid: what is wrong is taken back "
                        "by a credit note."),
                      _("New documents lose their watermark. What was made in rehearsal stays as it is, with its "
                        "own.")),
        inputs=(Input("confirm", _("Type the company's NIT to confirm"), value=""),),
        waits_for="" if live or _ready(profile) else _("First finish the steps for production."))


def _ready(profile: FiscalProfile) -> bool:
    row = access.stored("production", profile.provider)
    return bool(row and row.verified_at and trial.last_proof()) and numbering_step.is_done(profile, "production")


# --- doing ----------------------------------------------------------------------------------------------


def _start_rehearsal(_stage: str, _values: dict[str, Any]) -> str:
    with rehearsing.alone("CO"):
        rehearsal.enable_rehearsal()
    documents.enqueue_open(current_company().id)
    return _("The rehearsal is ready.")


def _save_access(stage: str, values: dict[str, Any]) -> str:
    """Keep the access, and prove it; one that is refused is not kept."""
    profile = access.profile()
    user, password = (str(values.get(name) or "").strip() for name in ("user", "password"))
    _check_typed(profile.provider, user, password, values)
    row = access.stored(stage, profile.provider) or ProviderAccess(environment=stage, provider=profile.provider)
    row.user, row.password = user, password
    row.address = str(values.get("address") or "").strip()
    row.attachments_address = str(values.get("attachments_address") or "").strip()
    db.session.add(row)
    db.session.flush()
    said = _prove(profile, stage, row)
    audit.record("einvoice_co.save_access", row, {"environment": stage, "provider": profile.provider})
    documents.enqueue_open(current_company().id)
    return said


def _check_typed(provider: str, user: str, password: str, values: dict[str, Any]) -> None:
    for name, typed in (("user", user), ("password", password)):
        if not typed or (provider == "hka" and not TOKEN.fullmatch(typed)):
            expected = _("40 small letters and digits") if provider == "hka" else _("what Siigo gave you")
            raise DomainError(_("To go on you must give %(expected)s.", expected=expected), field=name)
    for name in ("address", "attachments_address"):
        typed = str(values.get(name) or "").strip()
        if typed and not typed.startswith("https://"):
            raise DomainError(_("To go on you must give an address that begins with https://."), field=name)


def _prove(profile: FiscalProfile, stage: str, row: ProviderAccess) -> str:
    """Ask the provider something that changes nothing."""
    if profile.provider == "hka":
        row.folios, row.folios_at = access.hka(stage).folios(), clock.now()
        row.verified_at = clock.now()
        return _("The Factory HKA lets us in; %(count)s documents may still be issued.", count=row.folios)
    siigo_client.forget()
    rehearsal.choose(profile, access.siigo(stage).catalogs())
    row.verified_at = clock.now()
    return _("Siigo lets us in, and its lists were read.")


def _send_test(_stage: str, _values: dict[str, Any]) -> str:
    return _("The provider has accepted a test document: %(number)s.", number=trial.send())


def _go_live(_stage: str, values: dict[str, Any]) -> str:
    outside.confirm(str(values.get("confirm") or ""))
    company, profile = current_company(), access.profile()
    if not _ready(profile):
        raise NotEnabled(_("To leave the rehearsal you must first finish the steps for production."))
    profile.environment, company.environment = "production", "production"
    db.session.flush()
    audit.record("einvoice_co.go_live", company, {"environment": "production"})
    return _("From now on invoices go to the DIAN and are legally valid.")


