"""Keeping digital seals: checked before they are kept, the newest in use."""

from __future__ import annotations

import base64

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.i18n import _, format_date
from core.scope import current_company
from modules.einvoice_mx import access, seal
from modules.einvoice_mx.errors import BadCsd
from modules.einvoice_mx.models import Certificate
from modules.einvoice_mx.seal import Csd


def install(environment: str, cer: bytes, key: bytes, password: str) -> Certificate:
    """Check and keep a seal; the one before is retired. BadCsd where it is not the company's good CSD."""
    found = seal.read_pair(cer, key, password)
    check(found, environment)
    db.session.execute(sa.update(Certificate).where(Certificate.environment == environment, Certificate.active)
                       .values(active=False))
    row = Certificate(environment=environment, number=found.number, rfc=found.rfc, name=found.name[:200],
                      cer=base64.b64encode(found.der).decode(), key=base64.b64encode(key).decode(), password=password,
                      valid_from=found.valid_from, valid_until=found.valid_until, active=True)
    db.session.add(row)
    db.session.flush()
    audit.record("einvoice_mx.install_certificate", row, {"number": row.number})
    return row


def check(found: Csd, environment: str) -> None:
    """The company's own, a CSD, of the SAT, valid today (tests may use those that the SAT publishes for them)."""
    rfc = current_company().tax_id
    if found.rfc != rfc:
        raise BadCsd(_("To seal you must give the company's own CSD: this one is of %(theirs)s, and the company is "
                       "%(ours)s.", theirs=found.rfc or _("nobody"), ours=rfc), field="certificate")
    if found.is_fiel:
        raise BadCsd(_("To seal you must give the CSD (certificado de sello digital); this is an e.firma."),
                     field="certificate")
    if not found.number_is_good:
        raise BadCsd(_("To seal you must give a certificate of the SAT: this one's number has not its 20 digits."),
                     field="certificate")
    if environment == "production" and found.is_test:
        raise BadCsd(_("To issue real invoices you must give a real CSD; this one is for tests."), field="certificate")
    if found.valid_until < clock.now() and not found.is_test:
        raise BadCsd(_("To seal you must give a CSD that is still valid; this one ended on %(day)s.",
                       day=format_date(found.valid_until.date())), field="certificate")


def in_use(environment: str) -> Certificate | None:
    return access.certificate(environment)
