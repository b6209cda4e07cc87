"""A company's way to the SRI: profile, environment, key, wire."""

from __future__ import annotations

import base64

import sqlalchemy as sa

from core.db import db, only
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.einvoice import rehearsing
from modules.einvoice_ec import certificados
from modules.einvoice_ec.certificados import Llave
from modules.einvoice_ec.errors import NotEnabled
from modules.einvoice_ec.models import Certificate, EmissionPoint, FiscalProfile


def profile() -> FiscalProfile:
    """The fiscal profile of the company in scope; made when it is first asked for."""
    return only(FiscalProfile)


def environment(company: Company | None = None) -> str:
    """Where the company's vouchers go: rehearsal while the company rehearses, else what the profile says."""
    return "rehearsal" if (company or current_company()).is_rehearsal else profile().environment


def use_of(wanted: str) -> str:
    """Which certificate signs in an environment."""
    return "rehearsal" if wanted == "rehearsal" else "sri"


def active(wanted: str) -> Certificate | None:
    """The certificate in use in an environment."""
    return db.session.scalar(sa.select(Certificate).where(Certificate.use == use_of(wanted), Certificate.active))


def key(wanted: str, opened: dict[int, Llave] | None = None) -> Llave:
    """The key that signs in an environment; NotEnabled without one. In rehearsal it comes from the simulator.

    `opened` keeps what was opened, by the certificate's id.
    """
    found = active(wanted)
    if found is None and wanted == "rehearsal":
        from modules.einvoice_ec.rehearsal import enable_rehearsal

        with rehearsing.alone("EC"):
            found = active(wanted) or enable_rehearsal()
    if found is None:
        raise NotEnabled(_("To issue electronic vouchers you must first give the certificate (.p12): abona einvoice "
                           "enable EC, or Electronic invoices > Enable."))
    opened = {} if opened is None else opened
    if found.id not in opened:
        opened[found.id] = certificados.open_p12(base64.b64decode(found.p12), found.password)
    return opened[found.id]


def point(series: str) -> EmissionPoint | None:
    """A point of emission."""
    return db.session.scalar(sa.select(EmissionPoint).where(EmissionPoint.series == series))
