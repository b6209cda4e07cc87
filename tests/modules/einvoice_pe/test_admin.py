"""Master data on screen, and the guide: what may be saved, and what is never shown."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.db import db
from modules.einvoice.ports import enablers
from modules.einvoice_pe import access
from modules.einvoice_pe.models import LegalAmount, Route

PERMISSION = "einvoice_pe.edit_settings"


def test_the_profile_is_saved(peru, login):
    browser = login(PERMISSION)
    answer = browser.post(f"/admin/einvoice-pe-profile/edit/?id={access.profile().id}", data={
        "days_back": "3", "detraction_kind": "20", "detraction_account": "00123456789"})
    assert answer.status_code == 302
    db.session.expire_all()
    found = access.profile()
    assert (found.days_back, found.detraction_kind, found.detraction_account) == (3, 20, "00123456789")


def test_an_amount_holds_from_its_day(peru, login):
    browser = login(PERMISSION)
    answer = browser.post("/admin/einvoice-pe-amount/new/", data={
        "code": "igv", "valid_from": "2027-01-01", "amount": "17.00"})
    assert answer.status_code == 302

    assert access.terms(dt.date(2026, 12, 31)).igv == Decimal("18.00")
    assert access.terms(dt.date(2027, 1, 1)).igv == Decimal("17.00")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(LegalAmount).where(LegalAmount.code == "igv")) == 2


@pytest.mark.parametrize("page", ["profile", "amount", "series", "route"])
def test_pages_open_and_show_no_secret(peru, nubefact, login, page):
    enablers.get("PE").run("rehearsal.start", {})
    token = db.session.scalars(sa.select(Route)).one().token
    answer = login(PERMISSION).get(f"/admin/einvoice-pe-{page}/")
    assert answer.status_code == 200
    assert token not in answer.text


def test_the_guide_on_screen(peru, nubefact, login):
    browser = login("einvoice.enable")
    assert browser.get("/einvoice/enable").status_code == 200
    for step in enablers.get("PE").steps():
        assert browser.get(f"/einvoice/enable?step={step.key}").status_code == 200
