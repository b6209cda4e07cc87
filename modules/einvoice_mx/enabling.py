"""Enabling Mexico step by step: data, rehearsal, test document, seal, account, cancelling, production.

Each step is verified here and may be repeated. Steps that talk to the PAC commit what they learn.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from core import audit, clock, companies, outside
from core.db import db
from core.errors import DomainError
from core.i18n import _, format_date
from core.scope import current_company
from modules.einvoice import rehearsing
from modules.einvoice import services as documents
from modules.einvoice.ports import Input, Step
from modules.einvoice_mx import access, catalogs, csd_store, periods, rehearsal, trial
from modules.einvoice_mx.client import Pac
from modules.einvoice_mx.endpoints import PRODUCTION, REHEARSAL, pac_url
from modules.einvoice_mx.errors import BadCsd, NotEnabled
from modules.einvoice_mx.global_invoice import BIMONTHLY, INCORPORATION
from modules.einvoice_mx.models import Account
from modules.einvoice_mx.parties import suggested_name


class MexicanEnabler:
    """The guided set-up for the company in scope."""

    def steps(self) -> list[Step]:
        """The company's data, the rehearsal, the test document, then seal, account and switch for production."""
        return [_data_step(), *([_rehearsal_step()] if current_company().is_rehearsal else []), _test_step(),
                _csd_step(), _account_step(), _cancel_step(), _live_step()]

    def run(self, key: str, values: dict[str, Any]) -> str:
        """Do a step; `key` is like "production.csd"."""
        action: dict[str, Callable[[dict[str, Any]], str]] = {
            "data": _save_data, "rehearsal.start": _start_rehearsal, "testing.test": _send_test,
            "production.csd": _install, "production.account": _save_account, "production.cancel": _activate,
            "live": _go_live}
        if key not in action:
            raise DomainError(_("There is no step %(key)s.", key=key))
        return action[key](values)


# --- steps -----------------------------------------------------------------------------------------------


def _data_step() -> Step:
    profile, company = access.profile(), current_company()
    forms = tuple((code, f"{code} {form.name}") for code, form in catalogs.forms().items() if code != "99")
    methods = tuple((code, f"{code} {name}") for code, name in catalogs.methods().items())
    return Step(
        key="data", title=_("Company data"), done=bool(profile.legal_name and (profile.place or company.postal_code)),
        instructions=(_("These stand on every document. RFC and regime are those of the company: %(rfc)s, %(regime)s.",
                        rfc=company.tax_id, regime=companies.condition_words(company)),
                      _("Copy name and postal code from the tax certificate (Constancia de Situación Fiscal): the SAT "
                        "compares them letter by letter.")),
        inputs=(Input("legal_name", _("Name as registered at the SAT"),
                      value=profile.legal_name or suggested_name(company.name),
                      help=_("In capitals, without the kind of company (SA DE CV ...).")),
                Input("place", _("Postal code of the place of issue"), value=profile.place or company.postal_code),
                Input("series", _("Series of invoices"), value=profile.series),
                Input("credit_series", _("Series of credit notes"), value=profile.credit_series),
                Input("method", _("When invoices are paid"), "choice", profile.method, methods),
                Input("form", _("How invoices are paid that are paid at once"), "choice", profile.form, forms),
                Input("global_period", _("Sales to who has no RFC"), "choice", profile.global_period,
                      tuple((code, str(words)) for code, words in periods.WORDS.items()), help=_(
                          "Of sales from now on. Those of a global invoice get a receipt with our own number; the "
                          "global invoice is made by itself when its days have ended."))),
        action=_("Save"))


def _rehearsal_step() -> Step:
    row = access.certificate(REHEARSAL)
    facts = ((_("Digital seal (CSD)"), row.number), (_("Valid until"), format_date(row.valid_until.date()))) if (
        row) else ()
    return Step(
        key="rehearsal.start", stage="rehearsal", title=_("Rehearsal: digital seal and account"), done=row is not None,
        facts=facts, action=_("Prepare the rehearsal"),
        instructions=(_("The built-in simulator takes the place of PAC and SAT: it gives a digital seal and stamps "
                        "invoices by the SAT's rules. Nothing is sent to anybody."),))


def _test_step() -> Step:
    proof = trial.last_proof()
    return Step(
        key="testing.test", stage="testing", title=_("A test document"), done=proof is not None,
        action=_("Send a test document"), facts=((_("Stamped"), proof[0]),) if proof else (),
        instructions=(_("A document of the SAT's fictitious taxpayer is sealed with the test certificate that the SAT "
                        "publishes, and stamped by the PAC's demo service. It has no value and is not yours."),))


def _csd_step() -> Step:
    row = access.certificate(PRODUCTION)
    facts = ((_("Digital seal (CSD)"), row.number), (_("Issued to"), row.name),
             (_("Valid until"), format_date(row.valid_until.date()))) if row else ()
    return Step(
        key="production.csd", stage="production", title=_("Digital seal (CSD)"), done=row is not None, facts=facts,
        instructions=(_("On the SAT's site: Trámites y servicios → Certificado de sello digital → CertiSAT Web, with "
                        "the e.firma. Certifica makes the request; CertiSAT gives the .cer file."),
                      _("The e.firma itself does not seal: the files must be those of the CSD. The key is kept locked "
                        "and never leaves this machine, unless you let the PAC cancel for you.")),
        inputs=(Input("certificate", _("Certificate (.cer)"), "file"), Input("key", _("Key (.key)"), "file"),
                Input("password", _("Password of the key"), "password")),
        action=_("Check and install"))


def _account_step() -> Step:
    row = access.account(PRODUCTION)
    return Step(
        key="production.account", stage="production", title=_("Account at Facturación Moderna"),
        done=bool(row and row.checked_at),
        instructions=(_("Sign up at facturacionmoderna.com, buy timbres, and register your RFC there. The web service "
                        "has a user and a password of its own."),),
        inputs=(Input("user", _("User"), value=row.user if row else ""), Input("password", _("Password"), "password"),
                Input("address", _("Address of the web service"), value=row.address if row else "",
                      help=_("Leave empty unless the provider gave you another one."))),
        action=_("Check and save"))


def _cancel_step() -> Step:
    row, own = access.account(PRODUCTION), access.certificate(PRODUCTION)
    done = bool(row and own and row.activated_number == own.number)
    return Step(
        key="production.cancel", stage="later", title=_("Let the PAC cancel for you"), done=done,
        instructions=(_("To cancel documents the PAC must sign with your digital seal: certificate, key and password "
                        "are uploaded to it. Without this, cancel on the SAT's own site."),),
        inputs=(Input("agree", _("Upload my digital seal to the PAC"), "check"),), action=_("Upload"),
        waits_for="" if row and own else _("First install the digital seal and save the account."))


def _live_step() -> Step:
    company, profile = current_company(), access.profile()
    live = not company.is_rehearsal and profile.environment == PRODUCTION
    return Step(key="live", stage="production", title=_("Leave the rehearsal"), done=live,
                action=_("Issue real invoices from now on"),
                instructions=(
                    _("From then on every invoice is stamped by the PAC and legally valid: what is wrong is cancelled "
                      "at the SAT, or taken back by a credit note."),
                    _("New documents lose their watermark. What was made in rehearsal stays as it is, with its own."),
                    _("Other services change sides by themselves: notices stay in rehearsal until you switch them.")),
                inputs=(Input("confirm", _("Type the company's RFC to confirm"), value=""),),
                waits_for="" if live or not _missing() else _missing())


def _missing() -> str:
    """What production still lacks, as a sentence; "" where nothing."""
    if trial.last_proof() is None:
        return _("First send the test document.")
    account = access.account(PRODUCTION)
    if access.certificate(PRODUCTION) is None or account is None or account.checked_at is None:
        return _("First install the digital seal and save the account.")
    return ""


# --- doing -----------------------------------------------------------------------------------------------


def _save_data(values: dict[str, Any]) -> str:
    profile = access.profile()
    name, place = (" ".join(str(values.get(key) or "").split()) for key in ("legal_name", "place"))
    series, credit = (str(values.get(key) or "").strip().upper() for key in ("series", "credit_series"))
    if not name:
        raise DomainError(_("To go on you must give the name as the SAT has registered it."), field="legal_name")
    if place not in catalogs.official("c_CodigoPostal"):
        raise DomainError(_("To go on you must give a postal code that the SAT has, like 42501; found: %(found)s.",
                            found=place or "-"), field="place")
    for key, value in (("series", series), ("credit_series", credit)):
        if not value.isalnum() or len(value) > 20:
            raise DomainError(_("To go on you must give a series of letters and digits, like A."), field=key)
    if series == credit:
        raise DomainError(_("To go on you must give credit notes a series of their own."), field="credit_series")
    profile.legal_name, profile.place = name.upper()[:300], place
    profile.series, profile.credit_series = series, credit
    profile.method = str(values.get("method") or profile.method)
    profile.form = str(values.get("form") or profile.form)
    profile.global_period = _global_period(str(values.get("global_period", profile.global_period) or ""))
    if profile.global_series in (series, credit, profile.payment_series):
        raise DomainError(_("To go on you must give a series that global invoices (%(series)s) do not have.",
                            series=profile.global_series), field="series")
    if profile.method not in catalogs.methods() or profile.form not in catalogs.forms():
        raise DomainError(_("To go on you must choose when and how invoices are paid."), field="method")
    db.session.flush()
    audit.record("einvoice_mx.edit_profile", profile)
    return _("Saved.")


def _global_period(found: str) -> str:
    """"" or a Periodicidad; two months are for regime 621 (InformacionGlobal, Anexo 20)."""
    if found not in periods.WORDS:
        raise DomainError(_("To go on you must choose how sales to who has no RFC are invoiced."),
                          field="global_period")
    if found == BIMONTHLY and current_company().tax_condition != INCORPORATION:
        raise DomainError(_("To gather two months the company must have the regime %(regime)s; choose a month.",
                            regime=INCORPORATION), field="global_period")
    return found


def _start_rehearsal(_values: dict[str, Any]) -> str:
    with rehearsing.alone("MX"):
        row = rehearsal.enable_rehearsal()
    documents.enqueue_open(current_company().id)
    return _("The rehearsal is ready: the simulator gave the digital seal %(number)s.", number=row.number)


def _send_test(_values: dict[str, Any]) -> str:
    uuid = trial.send()
    return _("The PAC stamped the test document: %(uuid)s.", uuid=uuid)


def _install(values: dict[str, Any]) -> str:
    cer, key = (_bytes(values.get(name)) for name in ("certificate", "key"))
    if not cer or not key:
        raise BadCsd(_("To go on you must choose both files of the CSD: .cer and .key."),
                     field="key" if cer else "certificate")
    row = csd_store.install(PRODUCTION, cer, key, str(values.get("password") or ""))
    documents.enqueue_open(current_company().id)
    return _("The digital seal is installed; it is valid until %(date)s.", date=format_date(row.valid_until.date()))


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def _save_account(values: dict[str, Any]) -> str:
    user, password = str(values.get("user") or "").strip(), str(values.get("password") or "")
    address = str(values.get("address") or "").strip()
    row = access.account(PRODUCTION)
    password = password or (row.password if row else "")
    if not user or not password:
        raise DomainError(_("To go on you must give user and password of the web service."),
                          field="password" if user else "user")
    if address and not address.startswith("https://"):
        raise DomainError(_("To go on you must give an address that begins with https://."), field="address")
    rfc = current_company().tax_id
    db.session.commit()
    Pac(pac_url(PRODUCTION, address), user, rfc, password).check()
    row = access.account(PRODUCTION) or Account(environment=PRODUCTION)
    row.user, row.password, row.address, row.checked_at = user, password, address, clock.now()
    db.session.add(row)
    db.session.flush()
    audit.record("einvoice_mx.save_account", row)
    return _("The PAC knows the account.")


def _activate(values: dict[str, Any]) -> str:
    if not values.get("agree"):
        raise DomainError(_("To go on you must agree that your digital seal is uploaded to the PAC."), field="agree")
    own = access.certificate(PRODUCTION)
    if own is None:
        raise NotEnabled(_("First install the digital seal and save the account."))
    pac, number = access.pac(PRODUCTION), own.number
    cer, key, password = base64.b64decode(own.cer), base64.b64decode(own.key), own.password
    db.session.commit()
    said = pac.activate(cer, key, password)
    row = access.account(PRODUCTION)
    assert row is not None
    row.activated_number = number
    db.session.flush()
    audit.record("einvoice_mx.activate_cancelling", row)
    return said or _("The PAC can cancel for you now.")


def _go_live(values: dict[str, Any]) -> str:
    missing = _missing()
    if missing:
        raise NotEnabled(missing)
    outside.confirm(str(values.get("confirm") or ""))
    company, profile = current_company(), access.profile()
    profile.environment, company.environment = PRODUCTION, "production"
    db.session.flush()
    audit.record("einvoice_mx.go_live", profile)
    documents.enqueue_open(company.id)
    return _("From now on invoices are stamped by the PAC and legally valid.")

