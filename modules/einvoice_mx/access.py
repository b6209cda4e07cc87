"""A company's way to the PAC: profile, environment, account, digital seal, wire."""

from __future__ import annotations

import base64
from functools import lru_cache

import sqlalchemy as sa

from core import clock
from core.db import db, only
from core.i18n import _
from core.scope import current_company
from modules.einvoice import rehearsing
from modules.einvoice_mx import seal
from modules.einvoice_mx.client import Pac
from modules.einvoice_mx.endpoints import REHEARSAL, pac_url, sat_url
from modules.einvoice_mx.errors import NotEnabled
from modules.einvoice_mx.models import Account, Certificate, FiscalProfile
from modules.einvoice_mx.seal import Csd
from modules.einvoice_mx.wire import MexicanWire


def profile() -> FiscalProfile:
    """The fiscal profile of the company in scope; made when it is first asked for."""
    return only(FiscalProfile)


def environment() -> str:
    """Where the company's documents go: rehearsal while the company rehearses, else what the profile says."""
    return REHEARSAL if current_company().is_rehearsal else profile().environment


def account(wanted: str) -> Account | None:
    return db.session.scalar(sa.select(Account).where(Account.environment == wanted))


def certificate(wanted: str) -> Certificate | None:
    """The digital seal in use in this environment."""
    return db.session.scalar(sa.select(Certificate).where(Certificate.environment == wanted, Certificate.active))


def csd_of(row: Certificate) -> Csd:
    """The seal, opened; kept open in this process, for opening its key takes longer than sealing."""
    return _opened(row.cer, row.key, row.password)


@lru_cache(maxsize=8)
def _opened(cer: str, key: str, password: str) -> Csd:
    return seal.read_pair(base64.b64decode(cer), base64.b64decode(key), password)


def pac(wanted: str) -> Pac:
    """The company's account; NotEnabled without one."""
    own = account(wanted)
    if own is None:
        raise NotEnabled(_("To issue electronic invoices you must first enable them: abona einvoice enable MX, or "
                           "Electronic invoices > Enable. There is no account at the PAC for this environment yet."))
    return Pac(pac_url(wanted, own.address), own.user, current_company().tax_id, own.password)


def _is_unprepared(own: Certificate | None) -> bool:
    return account(REHEARSAL) is None or own is None or own.valid_until <= clock.now()


def connect(wanted: str) -> MexicanWire:
    """The wire of an environment with account and seal; a rehearsal gets both by itself."""
    own = certificate(wanted)
    if wanted == REHEARSAL and _is_unprepared(own):
        from modules.einvoice_mx.rehearsal import enable_rehearsal

        with rehearsing.alone("MX"):
            own = enable_rehearsal() if _is_unprepared(certificate(wanted)) else certificate(wanted)
    if own is None:
        raise NotEnabled(_("To issue electronic invoices you must first enable them: abona einvoice enable MX, or "
                           "Electronic invoices > Enable. There is no digital seal (CSD) for this environment yet."))
    return MexicanWire(pac(wanted), sat_url(wanted), csd_of(own), current_company().timezone)
