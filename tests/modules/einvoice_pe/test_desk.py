"""Billing checks, the home page, a customer's wishes, explanations, the doctor."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting import totals
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.contracts.facts import CustomerFacts
from modules.contracts.ports import billing_checks
from modules.einvoice import checks as shared_checks
from modules.einvoice.models import Document
from modules.einvoice_pe import checks, desk
from modules.einvoice_pe.explanations import TEXTS, explanation
from modules.einvoice_pe.models import CustomerProfile
from tests.modules.einvoice_pe.cases import RUC
from tests.modules.einvoice_pe.conftest import VAT, customer


def problem(company, price="89.00", taxes=VAT, **who):
    facts = CustomerFacts(**({"id": 1, "code": "1", "name": "Ana", "tax_id_kind": "DNI", "tax_id": "45678912"} | who))
    draft = InvoiceDraft(1, dt.date(2026, 11, 1), (DraftLine("Internet", Decimal(1), Decimal(price), taxes=taxes,
                                                             price_includes_tax=True),))
    found = billing_checks.get("PE").check(company, facts, draft, totals.of_draft(draft, "PE"))
    return found.code if found else None


@pytest.mark.parametrize(("who", "price", "taxes", "code"), [
    ({}, "89.00", VAT, None), ({"tax_id": "4567891"}, "89.00", VAT, "identity"),
    ({"tax_id_kind": "", "tax_id": ""}, "699.99", VAT, None),
    ({"tax_id_kind": "", "tax_id": ""}, "700.00", VAT, "missing_tax_id"),
    ({"tax_id_kind": "RUC", "tax_id": RUC, "has_address": True}, "89.00", VAT, None),
    ({"tax_id_kind": "RUC", "tax_id": RUC}, "89.00", VAT, "address_missing"),
    ({"tax_id_kind": "RUC", "tax_id": "20555666774", "has_address": True}, "89.00", VAT, "identity"),
    ({"tax_id_kind": "TAM", "tax_id": "1"}, "89.00", VAT, "identity_kind"), ({}, "89.00", (), "vat_missing"),
    ({}, "89.00", ({"code": "VAT", "rate": "0"},), "zero_rate"),
    ({}, "89.00", ({"code": "VAT", "category": "exempt"},), None)])
def test_what_would_be_refused_is_told_before_billing(peru, who, price, taxes, code):
    assert problem(peru, price, taxes, **who) == code


def test_totals_of_billing_are_those_of_the_document():
    lines = [totals.Line(Decimal(1), Decimal(price), True, taxes=VAT) for price in ("59.90", "12.50")]
    found = totals.compute(lines, (), totals.rule_for("PE"))
    assert (found.net, found.tax_total, found.total) == (Decimal("61.35"), Decimal("11.05"), Decimal("72.40"))


def test_what_sunat_has_not_decided_for_a_day_is_told(nubefact, issue, work, peru, frozen, app):
    nubefact.post("nubefact", "config", {"boleta_consults": 99})
    issue("89.00")
    work(rounds=2)
    assert checks.sunat_undecided()[0]
    with app.test_request_context():
        assert desk.undecided(peru) == ""
        for hours, tone in ((30, "warn"), (50, "bad")):
            db.session.execute(sa.update(Document.__table__).values(
                sent_at=clock.now() - dt.timedelta(hours=hours)))
            db.session.commit()
            assert f"notice-{tone}" in desk.undecided(peru)
    # SUNAT takes its time with what it has: that is no lost answer, as long as it is asked about
    document = db.session.scalars(sa.select(Document)).one()
    document.next_try = clock.now() + dt.timedelta(hours=1)
    db.session.flush()
    assert shared_checks.unknown_documents()[0]
    document.next_try = None
    db.session.flush()
    assert not shared_checks.unknown_documents()[0]
    assert checks.sunat_undecided()[:2] == (False, 1)


def test_the_standing_tells_that_nothing_is_valid_in_rehearsal(peru, app):
    with app.test_request_context():
        found = desk.standing()
    assert (found.title, found.live) == ("Nubefact", False)


def test_a_customer_s_wishes_are_kept_from_his_page(peru, login):
    buyer = customer("RUC", RUC, "Comercial Ejemplo S.A.C.")
    browser = login(admin=True)
    page = browser.get(f"/customers/{buyer.id}")
    assert page.status_code == 200
    browser.post(f"/einvoice-pe/customers/{buyer.id}/document", data={"factura": "0"})
    browser.post(f"/einvoice-pe/customers/{buyer.id}/agent", data={"agent": "1"})
    row = db.session.scalars(sa.select(CustomerProfile)).one()
    assert (row.wants_factura, row.retention_agent) == (False, True)


@pytest.mark.parametrize("code", TEXTS)
def test_each_known_code_is_explained(code):
    assert explanation(code, "").text


def test_others_are_explained_by_their_level():
    texts = {explanation(code, "").text for code in ("0109", "2999", "4287")}
    assert len(texts) == 3 and all(texts)
    assert explanation("nobody's", "").text == ""
