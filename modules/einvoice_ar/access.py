"""A company's way into ARCA: profile, environment, certificate, ticket, client."""

from __future__ import annotations

import sqlalchemy as sa

from core import clock
from core.db import db, insert_new, only
from core.i18n import _
from core.models import Company
from core.scope import current_company, current_company_id
from modules.einvoice import rehearsing
from modules.einvoice_ar import wsaa
from modules.einvoice_ar.client import Message, Wsfe
from modules.einvoice_ar.errors import LoginRefused, NotEnabled
from modules.einvoice_ar.models import Certificate, FiscalProfile, Notice


def profile() -> FiscalProfile:
    """The fiscal profile of the company in scope; made when it is first asked for."""
    return only(FiscalProfile)


def environment(company: Company | None = None) -> str:
    """Where the company's documents go: rehearsal while the company rehearses, else what the profile says."""
    return "rehearsal" if (company or current_company()).is_rehearsal else profile().environment


def certificate(wanted: str) -> Certificate:
    """The certificate in use in this environment; NotEnabled without one."""
    found = db.session.scalar(sa.select(Certificate).where(Certificate.environment == wanted, Certificate.active))
    if found is None or not found.pem or (wanted == "rehearsal" and _is_over(found)):
        raise NotEnabled(_("To issue electronic invoices you must first enable them: abona einvoice enable AR, or "
                           "Electronic invoices > Enable. There is no certificate for this environment yet."))
    return found


def _is_over(row: Certificate) -> bool:
    return row.valid_until is not None and row.valid_until <= clock.now()


def connect(wanted: str | None = None) -> Wsfe:
    """The invoice service with a ticket. Talks to WSAA where a ticket is due; commits; no transaction is left open."""
    wanted = wanted or environment()
    return Wsfe(wanted, ticket(wanted, wsaa.WSFE))


def ticket(wanted: str, service: str) -> wsaa.Ticket:
    """The access ticket for a service; as `connect`.

    In rehearsal the certificate comes by itself, also again where the simulator was started anew.
    """
    if wanted != "rehearsal":
        return _ticket(wanted, service)
    seen = _active_id(wanted)
    try:
        return _ticket(wanted, service)
    except NotEnabled:
        pass
    except LoginRefused as refusal:
        if refusal.code != "cms.cert.untrusted":
            raise
    from modules.einvoice_ar.rehearsal import enable_rehearsal

    with rehearsing.alone("AR"):
        if _active_id(wanted) == seen:
            enable_rehearsal()
    return _ticket(wanted, service)


def _active_id(wanted: str) -> int | None:
    return db.session.scalar(sa.select(Certificate.id).where(Certificate.environment == wanted, Certificate.active))


def _ticket(wanted: str, service: str) -> wsaa.Ticket:
    own, cuit = certificate(wanted), current_company().tax_id
    return wsaa.ticket(own, service, cuit)


def note_events(events: tuple[Message, ...]) -> None:
    """Keep ARCA's announcements; the same one is kept once."""
    insert_new(Notice.__table__, [
        {"company_id": current_company_id(), "code": event.code[:20], "text": event.text[:1000],
         "received_at": clock.now(), "seen_at": None} for event in events], unique=("company_id", "code", "text"))
