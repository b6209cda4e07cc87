"""The access ticket: one for all, renewed by one, never lost, never begged for."""

from __future__ import annotations

import base64
import datetime as dt
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from zeep.exceptions import Fault

from core import clock, leases
from core.db import db
from core.errors import Unavailable, Unknown
from core.models import Company
from modules.einvoice_ar import certificates, cms, soap, wsaa
from modules.einvoice_ar.errors import LoginRefused
from modules.einvoice_ar.faults import LOGIN
from modules.einvoice_ar.models import AccessTicket, Certificate
from tests.modules.einvoice_ar.authority import issue, login_answer

CUIT = "30990000103"


class Wsaa:
    """Answers logins, or fails as told; counts them."""

    def __init__(self) -> None:
        self.logins: list[str] = []
        self.failure: BaseException | None = None

    def __call__(self, service: str, _address: str, operation: str, **arguments: Any) -> Any:
        assert (service, operation) == ("wsaa", "loginCms")
        self.logins.append(arguments["in0"])
        if self.failure:
            raise self.failure
        return login_answer(token=f"TOKEN{len(self.logins)}")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Wsaa:
    fake = Wsaa()
    monkeypatch.setattr(soap, "call", fake)
    return fake


@pytest.fixture
def certificate(company: Company) -> Certificate:
    row = certificates.request("testing", "abona")
    certificates.install(row.id, issue(row.csr))
    db.session.commit()
    return row


def test_the_ticket_is_asked_for_once_and_shared(server: Wsaa, certificate: Certificate) -> None:
    first = wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    assert wsaa.ticket(certificate, wsaa.WSFE, CUIT) == first
    assert (first.token, first.sign, len(server.logins)) == ("TOKEN1", "SIGN", 1)


def test_each_service_has_its_own_ticket(server: Wsaa, certificate: Certificate) -> None:
    assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token != wsaa.ticket(certificate, wsaa.REGISTER, CUIT).token


def test_the_ticket_is_stored_encrypted(server: Wsaa, certificate: Certificate) -> None:
    wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    raw = db.session.execute(sa.text("SELECT token FROM einvoice_ar_ticket")).scalar_one()
    assert "TOKEN1" not in raw


def test_the_private_key_is_stored_encrypted(certificate: Certificate) -> None:
    raw = db.session.execute(sa.text("SELECT private_key FROM einvoice_ar_certificate")).scalar_one()
    assert "PRIVATE" not in raw and certificate.private_key.startswith("-----BEGIN PRIVATE KEY")


def test_the_ticket_is_renewed_half_an_hour_before_its_end(server: Wsaa, certificate: Certificate) -> None:
    wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    with clock.freeze(clock.now() + dt.timedelta(hours=11, minutes=29)):
        assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token == "TOKEN1"
    with clock.freeze(clock.now() + dt.timedelta(hours=11, minutes=31)):
        assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token == "TOKEN2"


def test_while_a_renewal_fails_the_old_ticket_is_used_on(server: Wsaa, certificate: Certificate) -> None:
    wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    server.failure = Unavailable("no line")
    with clock.freeze(clock.now() + dt.timedelta(hours=11, minutes=40)):
        assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token == "TOKEN1"
        assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token == "TOKEN1"
    assert len(server.logins) == 2


def test_after_a_lost_ticket_arca_is_left_in_peace_for_its_window(server: Wsaa, certificate: Certificate) -> None:
    server.failure = Unknown("cut")
    with pytest.raises(Unavailable):
        wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    with pytest.raises(Unavailable) as waiting:
        wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    assert len(server.logins) == 1
    assert 500 < (waiting.value.retry_after or 0) <= 600
    server.failure = None
    with clock.freeze(clock.now() + dt.timedelta(minutes=11)):
        assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token == "TOKEN2"


def test_already_authenticated_waits_too(server: Wsaa, certificate: Certificate) -> None:
    server.failure = Fault("El CEE ya posee un TA valido", code="ns1:coe.alreadyAuthenticated")
    with pytest.raises(Unavailable) as waiting:
        wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    assert (waiting.value.retry_after or 0) == 600


@pytest.mark.parametrize("code", ["cms.cert.expired", "coe.notAuthorized", "cms.sign.invalid", "cms.cert.untrusted"])
def test_a_refused_login_says_arcas_words_and_ours(server: Wsaa, certificate: Certificate, code: str) -> None:
    server.failure = Fault("palabras de ARCA", code=f"ns1:{code}")
    with pytest.raises(LoginRefused) as refused:
        wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    assert refused.value.code == code
    assert "palabras de ARCA" in str(refused.value) and str(LOGIN[code]) in str(refused.value)


def test_one_process_renews_while_the_other_uses_the_old_ticket(server: Wsaa, certificate: Certificate) -> None:
    old = wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    assert leases.acquire(f"einvoice_ar.ticket:{old.row_id}", 60, "another:1:0#x")
    with clock.freeze(clock.now() + dt.timedelta(hours=11, minutes=45)):
        leases.acquire(f"einvoice_ar.ticket:{old.row_id}", 60, "another:1:0#x")
        assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token == "TOKEN1"
    assert len(server.logins) == 1


def test_a_ticket_that_is_not_accepted_is_forgotten(server: Wsaa, certificate: Certificate) -> None:
    found = wsaa.ticket(certificate, wsaa.WSFE, CUIT)
    wsaa.forget(found.row_id)
    assert db.session.scalars(sa.select(AccessTicket)).one().expires_at is None
    assert wsaa.ticket(certificate, wsaa.WSFE, CUIT).token == "TOKEN2"


def test_openssl_accepts_the_signed_request(certificate: Certificate, tmp_path: Path,
                                            frozen: Callable[..., dt.datetime]) -> None:
    frozen(2026, 11, 3, 12)
    request = cms.login_request("wsfe", clock.now(), wsaa.BUENOS_AIRES)
    signed = tmp_path / "login.der"
    signed.write_bytes(base64.b64decode(cms.sign(request, certificate.private_key, certificate.pem)))
    verified = subprocess.run(["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", str(signed)],
                              capture_output=True, check=True)
    assert verified.stdout == request
    assert b"<generationTime>2026-11-03T08:50:00-03:00</generationTime>" in request
    assert b"<expirationTime>2026-11-03T09:10:00-03:00</expirationTime>" in request
