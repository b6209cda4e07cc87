"""The guided set-up: every step verified against the simulated SRI, resumable, producción behind a guard."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError, Rejected
from modules.einvoice.models import Sequence
from modules.einvoice_ec import access, desk, endpoints
from modules.einvoice_ec import checks as own_checks
from modules.einvoice_ec.enabling import EcuadorianEnabler
from modules.einvoice_ec.errors import BadCertificate
from tests.modules.einvoice_ec import keys

FACTS = {"dir_matriz": "Av. Amazonas N34-120, Quito", "obligado_contabilidad": "SI", "contribuyente_especial": "5368",
         "agente_retencion": "", "gran_contribuyente": "", "rimpe": "", "ruc_proveedor": "", "forma_pago": "20"}
POINT = {"series": "001-003", "address": "Av. 12 de Octubre, Quito", "factura": "120", "credito": "", "debito": "1"}


@pytest.fixture
def enabler(sri: Any, ecuador: Any, monkeypatch: pytest.MonkeyPatch) -> EcuadorianEnabler:
    """Pruebas is the simulator."""
    monkeypatch.setitem(endpoints.HOSTS, "testing", f"{sri.url}/sri/pruebas")
    monkeypatch.setitem(endpoints.HOSTS, "production", f"{sri.url}/sri/produccion")
    return EcuadorianEnabler()


def done(enabler: EcuadorianEnabler) -> list[str]:
    return [step.key for step in enabler.steps() if step.done]


def waiting(enabler: EcuadorianEnabler) -> list[str]:
    return [step.key for step in enabler.steps() if step.waits_for]


def certificate(enabler: EcuadorianEnabler, **options: Any) -> str:
    return enabler.run("certificate", {"certificate": keys.signing_file(**options), "password": keys.PASSWORD})


def test_the_whole_way(enabler, sri, ecuador):
    assert done(enabler) == []
    assert waiting(enabler) == ["testing.point", "testing.test", "production.point", "live"]
    enabler.run("data", FACTS)
    enabler.run("rehearsal.start", {"series": "001-003"})
    certificate(enabler)
    enabler.run("testing.point", POINT)
    said = enabler.run("testing.test", {})
    assert sri.state("sri")["documents"][-1]["clave"] in said
    assert sri.state("sri")["documents"][-1]["secuencial"] == "000000120"
    enabler.run("production.point", POINT | {"factura": "77"})
    assert waiting(enabler) == []
    with pytest.raises(DomainError):
        enabler.run("live", {"confirm": "otra"})
    enabler.run("live", {"confirm": ecuador.tax_id})
    assert (access.environment(), ecuador.is_rehearsal) == ("production", False)
    assert {step.key for step in enabler.steps()} == set(done(enabler))
    numbers = {(row.environment, row.kind): row.last_number for row in db.session.scalars(sa.select(Sequence))}
    assert numbers["testing", "01"] == 120 and numbers["production", "01"] >= 76


def test_production_waits_for_the_test_voucher(enabler, ecuador):
    certificate(enabler)
    enabler.run("testing.point", POINT)
    assert "production.point" in waiting(enabler) and "live" in waiting(enabler)
    with pytest.raises(DomainError):
        enabler.run("live", {"confirm": ecuador.tax_id})


def test_the_test_voucher_tells_the_sris_words(enabler, sri):
    certificate(enabler)
    enabler.run("testing.point", POINT)
    sri.post("sri", "taxpayer", {"ruc": "1790012344001", "permisos": {"1": [], "2": []}})
    with pytest.raises(Rejected, match="37"):
        enabler.run("testing.test", {})
    sri.post("sri", "taxpayer", {"ruc": "1790012344001"})
    enabler.run("testing.test", {})  # the next number
    assert sri.state("sri")["documents"][-1]["secuencial"] == "000000121"


@pytest.mark.parametrize(("options", "words"), [
    ({"ruc": "1790012352001"}, "RUC"), ({"days": -1, "begins": -9}, "expired|venció")])
def test_a_certificate_that_the_sri_would_refuse(enabler, options, words):
    with pytest.raises(BadCertificate, match=words) as refused:
        certificate(enabler, **options)
    assert refused.value.field == "certificate"


def test_no_file_and_a_wrong_password(enabler):
    with pytest.raises(BadCertificate):
        enabler.run("certificate", {"certificate": b"", "password": ""})
    with pytest.raises(BadCertificate, match=r"password is wrong|contraseña es incorrecta"):
        enabler.run("certificate", {"certificate": keys.signing_file(), "password": "x"})


@pytest.mark.parametrize(("step", "values", "field"), [
    ("data", FACTS | {"agente_retencion": "x"}, "agente_retencion"),
    ("data", FACTS | {"ruc_proveedor": "1"}, "ruc_proveedor"), ("data", FACTS | {"forma_pago": "99"}, "forma_pago"),
    ("rehearsal.start", {"series": "1-2"}, "series"), ("testing.point", POINT | {"series": ""}, "series"),
    ("testing.point", POINT | {"factura": "0"}, "factura"), ("testing.point", POINT | {"debito": "x"}, "debito")])
def test_what_is_typed_wrong_is_said_at_its_field(enabler, step, values, field):
    with pytest.raises(DomainError) as refused:
        enabler.run(step, values)
    assert refused.value.field == field


def test_a_new_certificate_takes_the_place_of_the_old_one(enabler):
    certificate(enabler)
    first = access.active("production")
    certificate(enabler)
    second = access.active("production")
    assert first is not None and second is not None and first.id != second.id
    db.session.refresh(first)
    assert (first.active, second.ruc) == (False, "1790012344001")
    assert second.password == keys.PASSWORD


@pytest.mark.parametrize(("days", "tone"), [(365, ""), (50, "warn"), (20, "warn"), (5, "bad")])
def test_the_end_of_a_certificate_is_told_in_time(enabler, app, days, tone):
    certificate(enabler, days=days)
    with app.test_request_context():
        shown = str(desk.certificates(None))
    assert (f"notice-{tone}" in shown) if tone else shown == ""
    fine, count, _text = own_checks.sri_certificates_expiry()
    assert (fine, count) == ((True, 0) if days > 30 else (False, 1))


def test_certificates_are_kept_encrypted(enabler):
    certificate(enabler)
    row = db.session.execute(sa.text("SELECT p12, password FROM einvoice_ec_certificate WHERE active")).first()
    assert row is not None and keys.PASSWORD not in row.password and "MII" not in row.p12[:4]


def test_the_standing(enabler, app):
    with app.test_request_context():
        found = desk.standing()
    assert found is not None and not found.live


def test_installing_again_the_rehearsals_own(enabler, sri):
    enabler.run("rehearsal.start", {"series": "001-003"})
    first = access.active("rehearsal")
    enabler.run("rehearsal.start", {"series": "001-003"})
    second = access.active("rehearsal")
    assert first is not None and second is not None and second.valid_until > clock.now() + dt.timedelta(days=700)
