"""What may be wrong with an uploaded certificate, and what is said about it."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.db import db
from core.models import Company
from modules.einvoice_ar import certificates, cms
from modules.einvoice_ar.errors import BadCertificate
from modules.einvoice_ar.models import Certificate
from tests.modules.einvoice_ar.authority import issue


@pytest.fixture
def requested(company: Company) -> Certificate:
    return certificates.request("testing", "abona")


def test_the_request_names_the_company_as_arca_wants(requested: Certificate) -> None:
    subject = x509.load_pem_x509_csr(requested.csr.encode()).subject.rfc4514_string()
    assert "2.5.4.5=CUIT 30990000103" in subject and "CN=abona" in subject and "C=AR" in subject


def test_a_good_certificate_is_put_to_use(requested: Certificate) -> None:
    row = certificates.install(requested.id, issue(requested.csr))
    assert row.active and row.cuit == "30990000103" and row.valid_until is not None


def test_der_is_as_good_as_pem(requested: Certificate) -> None:
    der = x509.load_pem_x509_certificate(issue(requested.csr)).public_bytes(Encoding.DER)
    assert certificates.install(requested.id, der).active


def test_a_renewal_retires_the_one_before(requested: Certificate) -> None:
    certificates.install(requested.id, issue(requested.csr))
    fresh = certificates.request("testing", "abona")
    assert fresh.id != requested.id
    certificates.install(fresh.id, issue(fresh.csr))
    db.session.expire_all()
    assert (requested.active, fresh.active) == (False, True)


def refusal(requested: Certificate, data: bytes) -> BadCertificate:
    with pytest.raises(BadCertificate) as refused:
        certificates.install(requested.id, data)
    assert not requested.active and not requested.pem
    return refused.value


@pytest.mark.parametrize("data", [b"hello", b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_certificate_is_refused(requested: Certificate, data: bytes) -> None:
    assert refusal(requested, data).field == "certificate"


def test_the_request_itself_or_a_key_is_recognised(requested: Certificate) -> None:
    assert str(refusal(requested, requested.csr.encode())) != str(refusal(requested, b"x"))
    assert str(refusal(requested, requested.private_key.encode())) != str(refusal(requested, b"x"))


def test_a_certificate_for_another_key_is_refused(requested: Certificate) -> None:
    other = cms.make_csr(cms.make_key(), organisation="Otra", alias="otra", cuit="30990000103")
    assert "otra" in str(refusal(requested, issue(other)))


def test_an_expired_certificate_is_refused_with_its_date(requested: Certificate) -> None:
    refusal(requested, issue(requested.csr, days=1, starts_in=-3))


def test_a_certificate_of_the_future_points_to_the_clock(requested: Certificate) -> None:
    refusal(requested, issue(requested.csr, starts_in=3))


def test_a_production_certificate_does_not_serve_in_testing(requested: Certificate) -> None:
    assert "Computadores Test" in str(refusal(requested, issue(requested.csr, issuer="Computadores")))


def test_a_testing_certificate_does_not_serve_in_production(company: Company) -> None:
    row = certificates.request("production", "abona")
    with pytest.raises(BadCertificate):
        certificates.install(row.id, issue(row.csr))
    assert certificates.install(row.id, issue(row.csr, issuer="Computadores")).active


def test_production_wants_the_companys_own_cuit(company: Company) -> None:
    row = certificates.request("production", "abona")
    with pytest.raises(BadCertificate, match="20111111112"):
        certificates.install(row.id, issue(row.csr, issuer="Computadores", cuit="20111111112"))


def test_testing_may_be_a_persons_certificate(requested: Certificate) -> None:
    assert certificates.install(requested.id, issue(requested.csr, cuit="20111111112")).cuit == "20111111112"


def test_only_the_company_in_scope_sees_the_certificate(requested: Certificate, other_company: Company) -> None:
    from core.errors import NotFound
    from core.scope import company_scope

    with company_scope(other_company), pytest.raises(NotFound):
        certificates.install(requested.id, issue(requested.csr))
