"""Certificates of the company: a .p12 is opened, looked at as the SRI does, and put to use."""

from __future__ import annotations

import base64

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.i18n import _
from core.scope import current_company
from modules.einvoice_ec import certificados
from modules.einvoice_ec.errors import BadCertificate
from modules.einvoice_ec.models import Certificate


def install(use: str, data: bytes, password: str) -> Certificate:
    """Put a file to use; BadCertificate says what is wrong with it."""
    if not data:
        raise BadCertificate(_("To go on you must choose the file of the certificate (.p12 or .pfx)."),
                             field="certificate")
    try:
        found = certificados.open_p12(data, password)
    except BadCertificate as error:
        raise BadCertificate(str(error), field="certificate") from error
    wrong = certificados.troubles(found, current_company().tax_id, clock.now())
    if wrong:
        raise BadCertificate(wrong[0], field="certificate")
    certificate = found.certificate
    row = Certificate(
        use=use, p12=base64.b64encode(data).decode(), password=password,
        holder=certificados.holder(certificate)[:200], ruc=certificados.ruc_of(certificate),
        issuer=certificados.issuer_name(certificate)[:300], serial_number=str(certificate.serial_number),
        valid_from=certificate.not_valid_before_utc, valid_until=certificate.not_valid_after_utc)
    db.session.execute(sa.update(Certificate).where(Certificate.use == use, Certificate.active).values(active=False))
    db.session.add(row)
    row.active = True
    db.session.flush()
    audit.record("einvoice_ec.install_certificate", row, {"valid_until": row.valid_until, "issuer": row.issuer})
    return row
