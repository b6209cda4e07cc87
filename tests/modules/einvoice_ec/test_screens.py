"""The pages of Ecuador: master data, the guided set-up."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from core.models import User
from core.security import hash_password
from modules.einvoice_ec import access
from modules.einvoice_ec.models import EmissionPoint, FiscalProfile
from tests.modules.einvoice_ec import keys

PROFILE = {"series": "001-003", "dir_matriz": "Quito", "obligado_contabilidad": "y", "contribuyente_especial": "5368",
           "agente_retencion": "1", "gran_contribuyente": "", "rimpe": "RIMPE_E", "ruc_proveedor": "",
           "forma_pago": "01", "signature_method": "rsa-sha1", "digest": "sha1"}


@pytest.fixture
def browser(ecuador: Any, client: FlaskClient) -> FlaskClient:
    """A person who may do everything."""
    db.session.add(User(email="a@andino.example", name="Ana", is_admin=True, locale="es",
                        password_hash=hash_password("correct horse")))
    db.session.commit()
    assert client.post("/login", data={"email": "a@andino.example", "password": "correct horse"}).status_code == 302
    return client


def profile() -> FiscalProfile:
    return db.session.scalars(sa.select(FiscalProfile).execution_options(populate_existing=True)).one()


@pytest.mark.parametrize("path", ["profile", "point", "certificate"])
def test_master_data_is_listed(browser, sri, path):
    access.key("rehearsal")
    answer = browser.get(f"/admin/einvoice-ec-{path}/")
    assert answer.status_code == 200
    assert access.active("rehearsal").password not in answer.get_data(as_text=True)


def test_the_profile_is_saved(browser):
    answer = browser.post(f"/admin/einvoice-ec-profile/edit/?id={access.profile().id}", data=PROFILE)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    found = profile()
    assert (found.series, found.rimpe, found.forma_pago, found.obligado_contabilidad) == (
        "001-003", "RIMPE_E", "01", True)


@pytest.mark.parametrize(("values", "words"), [
    ({"series": "1-3"}, "001-003"), ({"agente_retencion": "x"}, "8"), ({"ruc_proveedor": "179"}, "001"),
    ({"contribuyente_especial": "1"}, "13")])
def test_what_the_profile_refuses(browser, values, words):
    answer = browser.post(f"/admin/einvoice-ec-profile/edit/?id={access.profile().id}", data=PROFILE | values)
    assert answer.status_code == 200 and words in answer.get_data(as_text=True)
    assert profile().rimpe == ""


def test_a_point_of_emission_is_added(browser):
    assert browser.post("/admin/einvoice-ec-point/new/", data={"series": "002-001", "address": "Guayaquil"}
                        ).status_code == 302
    assert db.session.scalars(sa.select(EmissionPoint.series)).all() == ["002-001"]
    assert browser.post("/admin/einvoice-ec-point/new/", data={"series": "x"}).status_code == 200


def test_the_certificate_is_uploaded_on_screen(browser, sri):
    page = browser.get("/einvoice/enable?step=certificate")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert 'type="password"' in text and 'type="file"' in text

    def upload(password: str) -> Any:
        return browser.post("/einvoice/enable/certificate", content_type="multipart/form-data", data={
            "password": password, "certificate": (io.BytesIO(keys.signing_file()), "firma.p12")})

    refused = upload("una clave equivocada").get_data(as_text=True)
    assert "field-error" in refused and "equivocada" not in refused
    assert upload(keys.PASSWORD).status_code == 302
    db.session.expire_all()
    assert access.active("production").ruc == "1790012344001"
