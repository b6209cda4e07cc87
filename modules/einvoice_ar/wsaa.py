"""WSAA: the access ticket. One per certificate, environment and service, shared by all workers (argentina.md, 1.5).

WSAA never gives the same ticket twice and refuses a second one for minutes, so the ticket is stored in the
transaction that receives it, and one process at a time asks for it.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from lxml import etree
from zeep.exceptions import Fault

from core import clock, leases, logs, processes
from core.db import db, insert_new
from core.errors import Unavailable, Unknown
from core.i18n import _
from modules.einvoice_ar import cms, soap
from modules.einvoice_ar.endpoints import address
from modules.einvoice_ar.errors import LoginRefused
from modules.einvoice_ar.faults import explain_login
from modules.einvoice_ar.models import AccessTicket, Certificate

WSFE, REGISTER = "wsfe", "ws_sr_constancia_inscripcion"
RENEW_BEFORE = dt.timedelta(minutes=30)
# retention window of WSAA after a ticket that we did not get (10 min in testing, 2 min in production); a simulator
# may be asked again at once
RETENTION = {"testing": 600, "rehearsal": 5, "production": 120}
PAUSE = 60
LEASE_SECONDS = 150
BUENOS_AIRES = dt.timezone(dt.timedelta(hours=-3))

log = logs.get(__name__)


@dataclass(frozen=True)
class Ticket:
    """What every request carries; `cuit` is the company that issues."""

    token: str
    sign: str
    cuit: str
    expires_at: dt.datetime
    row_id: int


def ticket(certificate: Certificate, service: str, cuit: str) -> Ticket:
    """The ticket in force, renewed half an hour before its end. Commits; call it with no transaction open.

    Unavailable while WSAA keeps us waiting, LoginRefused where waiting does not help.
    """
    row = _row(certificate, service)
    found = _valid(row, cuit, RENEW_BEFORE)
    if found:
        db.session.rollback()
        return found
    owner = f"{processes.identity()}#{uuid.uuid4().hex[:8]}"
    name = f"einvoice_ar.ticket:{row.id}"
    if not leases.acquire(name, LEASE_SECONDS, owner):
        return _wait_for_other(certificate, service, cuit)
    try:
        return _renew(certificate, service, cuit)
    finally:
        leases.release(name, owner)


def forget(ticket_id: int) -> None:
    """Throw a ticket away that WSFE does not accept; commits."""
    db.session.execute(sa.update(AccessTicket).where(AccessTicket.id == ticket_id)
                       .values(token=None, sign=None, expires_at=None).execution_options(synchronize_session=False))
    db.session.commit()


def _row(certificate: Certificate, service: str) -> AccessTicket:
    wanted = sa.select(AccessTicket).where(
        AccessTicket.certificate_id == certificate.id, AccessTicket.service == service,
        AccessTicket.environment == certificate.environment).execution_options(populate_existing=True)
    row = db.session.scalar(wanted)
    if row is None:
        insert_new(AccessTicket.__table__, [{
            "company_id": certificate.company_id, "certificate_id": certificate.id, "service": service,
            "environment": certificate.environment, "fault_code": "", "fault_text": ""}],
            unique=("certificate_id", "environment", "service"))
        db.session.commit()
        row = db.session.scalars(wanted).one()
    return row


def _valid(row: AccessTicket, cuit: str, margin: dt.timedelta) -> Ticket | None:
    if row.expires_at is None or row.expires_at - margin <= clock.now() or not row.token or not row.sign:
        return None
    return Ticket(row.token, row.sign, cuit, row.expires_at, row.id)


def _wait_for_other(certificate: Certificate, service: str, cuit: str, seconds: float = 20) -> Ticket:
    """Another process renews: use the old ticket while it lasts, else wait for the new one."""
    end = time.monotonic() + seconds
    while True:
        found = _valid(_row(certificate, service), cuit, dt.timedelta(minutes=1))
        db.session.rollback()
        if found:
            return found
        if time.monotonic() > end:
            raise Unavailable(_("Another process is asking ARCA for access."), retry_after=5)
        time.sleep(0.2)


def _renew(certificate: Certificate, service: str, cuit: str) -> Ticket:
    row = _row(certificate, service)
    found = _valid(row, cuit, RENEW_BEFORE)
    if found:  # the other process was faster
        db.session.rollback()
        return found
    old = _valid(row, cuit, dt.timedelta(minutes=1))
    if row.not_before and row.not_before > clock.now():
        wait, text = (row.not_before - clock.now()).total_seconds(), row.fault_text
        db.session.rollback()
        return _old_or_wait(old, text, wait)
    try:
        answer = _login(certificate, service)
    except (Unavailable, Unknown, LoginRefused) as error:
        return _failed(certificate, service, old, error)
    row = _row(certificate, service)
    row.token, row.sign, row.expires_at = answer
    row.not_before, row.fault_code, row.fault_text = None, "", ""
    db.session.commit()
    log.info("arca_ticket", service=service, until=answer[2].isoformat())
    return Ticket(*answer[:2], cuit, answer[2], row.id)


def _old_or_wait(old: Ticket | None, text: str, seconds: float) -> Ticket:
    if old:
        return old
    raise Unavailable(text or _("ARCA must be left in peace for a moment."), retry_after=max(1.0, seconds))


def _failed(certificate: Certificate, service: str, old: Ticket | None, error: Any) -> Ticket:
    """Note the fault and the pause; a ticket that still lasts is used on."""
    code = getattr(error, "code", "")
    wait: float = PAUSE
    if isinstance(error, Unknown) or code == "coe.alreadyAuthenticated":
        wait = RETENTION[certificate.environment]  # a ticket may have been issued that never came
    elif isinstance(error, Unavailable) and not code:
        wait = error.retry_after or 15
    db.session.rollback()
    row = _row(certificate, service)
    row.not_before = clock.now() + dt.timedelta(seconds=wait)
    row.fault_code, row.fault_text = code, error.message
    db.session.commit()
    if isinstance(error, LoginRefused) and code != "coe.alreadyAuthenticated":
        raise error
    return _old_or_wait(old, error.message, wait)


def _login(certificate: Certificate, service: str) -> tuple[str, str, dt.datetime]:
    """Ask WSAA with no transaction open: (token, sign, expiry)."""
    key, pem, environment = certificate.private_key, certificate.pem, certificate.environment
    db.session.rollback()
    signed = cms.sign(cms.login_request(service, clock.now(), BUENOS_AIRES), key, pem)
    try:
        answer = soap.call("wsaa", address(environment, "wsaa"), "loginCms", in0=signed)
    except Fault as fault:
        raise _login_fault(fault) from fault
    return _read(answer)


def _login_fault(fault: Fault) -> Exception:
    code = str(fault.code or "").rpartition(":")[2]
    text = explain_login(code, fault.message or "", soap.times())
    if code.startswith(("wsaa.", "wsn.unavailable")):
        error = Unavailable(text, retry_after=PAUSE)
        error.code = code  # type: ignore[attr-defined]
        return error
    return LoginRefused(text, code=code, details=fault.message)


def _read(answer: str) -> tuple[str, str, dt.datetime]:
    try:
        root = etree.fromstring(answer.strip().encode())
        token, sign = root.findtext(".//token"), root.findtext(".//sign")
        expires = dt.datetime.fromisoformat(root.findtext(".//expirationTime") or "")
    except (etree.LxmlError, ValueError, AttributeError) as error:
        raise Unknown(_("ARCA's access ticket cannot be read.")) from error
    if not token or not sign or expires.tzinfo is None:
        raise Unknown(_("ARCA's access ticket cannot be read."))
    return token, sign, expires.astimezone(dt.UTC)
