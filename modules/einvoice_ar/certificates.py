"""Certificates of the company: making the key and the request here, checking what ARCA issued for them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import audit, clock
from core.db import db, find
from core.i18n import _, format_date
from core.scope import current_company
from modules.einvoice_ar import cms
from modules.einvoice_ar.errors import BadCertificate
from modules.einvoice_ar.models import Certificate

AUTHORITIES = {"testing": cms.TESTING_CA, "production": cms.PRODUCTION_CA}


def request(environment: str, alias: str) -> Certificate:
    """The key and signing request that wait for their certificate; made new where none waits."""
    waiting = db.session.scalar(sa.select(Certificate).where(
        Certificate.environment == environment, Certificate.pem == "").order_by(Certificate.id.desc()).limit(1))
    if waiting is not None and waiting.alias == alias:
        return waiting
    company = current_company()
    key = cms.make_key()
    csr = cms.make_csr(key, organisation=company.name, alias=alias, cuit=company.tax_id)
    made = Certificate(environment=environment, alias=alias, private_key=key, csr=csr, cuit=company.tax_id)
    db.session.add(made)
    db.session.flush()
    audit.record("einvoice_ar.request_certificate", made)
    return made


def waiting(environment: str) -> Certificate | None:
    """The newest request without certificate."""
    return db.session.scalar(sa.select(Certificate).where(
        Certificate.environment == environment, Certificate.pem == "").order_by(Certificate.id.desc()).limit(1))


def active(environment: str) -> Certificate | None:
    """The certificate in use."""
    return db.session.scalar(sa.select(Certificate).where(Certificate.environment == environment,
                                                          Certificate.active))


def install(certificate_id: int, data: bytes, *, check_authority: bool = True) -> Certificate:
    """Check an uploaded certificate and put it to use; BadCertificate says what is wrong with it."""
    row: Certificate = find(Certificate, certificate_id)
    facts = cms.read_certificate(data)
    _check_key(row, facts)
    _check_dates(facts)
    if check_authority:
        _check_authority(row.environment, facts)
    row.pem, row.alias, row.cuit, row.issuer = facts.pem, facts.alias or row.alias, facts.cuit, facts.issuer
    row.valid_from, row.valid_until = facts.valid_from, facts.valid_until
    _activate(row)
    audit.record("einvoice_ar.install_certificate", row, {"valid_until": facts.valid_until, "issuer": facts.issuer})
    return row


def _check_key(row: Certificate, facts: cms.CertificateFacts) -> None:
    if not cms.key_matches(row.private_key, facts):
        raise BadCertificate(_("To go on you must upload the certificate that ARCA made from the request shown here: "
                               "this one (%(alias)s) belongs to another key.", alias=facts.alias), field="certificate")


def _check_dates(facts: cms.CertificateFacts) -> None:
    moment = clock.now()
    if facts.valid_until <= moment:
        raise BadCertificate(_("To go on you must get a new certificate: this one expired on %(date)s.",
                               date=format_date(facts.valid_until.date())), field="certificate")
    if facts.valid_from > moment + dt.timedelta(minutes=5):
        raise BadCertificate(_("This certificate is valid only from %(date)s. If that is past, this machine's clock is "
                               "wrong.", date=facts.valid_from.isoformat(" ", "minutes")), field="certificate")


def _check_authority(environment: str, facts: cms.CertificateFacts) -> None:
    """The CUIT may be a representative's: only a wrong form is refused; who issued it must fit the environment."""
    if len(facts.cuit) != 11:
        raise BadCertificate(_("To go on you must upload a certificate whose subject holds a CUIT (serialNumber=CUIT "
                               "...); this one does not."), field="certificate")
    if environment == "production" and facts.cuit != current_company().tax_id:
        raise BadCertificate(_("To go on you must upload the certificate of CUIT %(ours)s; this one is of %(theirs)s.",
                               ours=current_company().tax_id, theirs=facts.cuit), field="certificate")
    wanted = AUTHORITIES.get(environment)
    if wanted and facts.issuer_name != wanted:
        raise BadCertificate(_("To go on you must upload a certificate of this environment: it is to be issued by "
                               "%(wanted)s, this one is by %(found)s.", wanted=wanted, found=facts.issuer_name),
                             field="certificate")


def _activate(row: Certificate) -> None:
    db.session.execute(sa.update(Certificate).where(Certificate.environment == row.environment, Certificate.active,
                                                    Certificate.id != row.id).values(active=False))
    db.session.flush()
    row.active = True
    db.session.flush()
