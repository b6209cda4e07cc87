"""B7: an invoice went to the wrong company name; one action credits it and issues it again, both are sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting import services
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.crm import services as crm
from modules.notifications.models import Message
from tests.browser.conftest import Site, enter
from tests.browser.desk import STORY, VAT21, idle, inside, said, sound

pytestmark = STORY
LINE = DraftLine("Instalación de enlace, torre norte", Decimal(1), Decimal(48400), price_includes_tax=True, taxes=VAT21)


@pytest.fixture(scope="module")
def invoice_id(site: Site) -> int:
    """An authorised invoice that names the owner instead of his company."""
    with inside(site):
        customer = crm.create_customer(name="Pereyra, Juan Carlos", tax_condition="CF", tax_id="27123456",
                                       tax_id_kind="DNI", emails=("pagos@pereyra.example",))
        made = services.issue_invoice(InvoiceDraft(
            customer.id, clock.today(), (LINE,), due_date=clock.today() + dt.timedelta(10)))
        return made.id


@pytest.fixture
def page(chromium: Any, site: Site, invoice_id: int) -> Iterator[Any]:
    complaints: list[str] = []
    found = enter(chromium, site.address, 1280, complaints)
    idle(site, found)
    yield found
    found.context.close()
    assert [one for one in complaints if "422" not in one] == []


def test_the_clerk_corrects_the_name_and_both_documents_go_out(site: Site, page: Any, invoice_id: int) -> None:
    page.goto(f"/invoices/{invoice_id}")
    page.click("main a:has-text('Nombre equivocado')")
    assert "Pereyra, Juan Carlos" in said(page)
    sound(page, "b7-form")

    page.fill("#name", "Pereyra Hermanos S.R.L.")
    page.select_option("#tax_id_kind", "CUIT")
    page.fill("#tax_id", "30-71234567-0")  # a slip: the check digit is 1
    page.select_option("#tax_condition", "RI")
    page.fill("#reason", "Va a nombre de la empresa")
    page.click("main form button.btn-primary")
    page.wait_for_selector(".field-error")
    assert page.input_value("#name") == "Pereyra Hermanos S.R.L." and page.input_value("#tax_id") == "30-71234567-0"
    sound(page, "b7-refused")

    page.fill("#tax_id", "30-71234567-1")
    page.dblclick("main form button.btn-primary")  # an impatient hand
    page.wait_for_selector("main .notice-ok")
    idle(site, page)
    page.reload()
    text = said(page)
    assert "Factura A 0003-" in text and "Pereyra Hermanos S.R.L." in text and "Va a nombre de la empresa" in text
    sound(page, "b7-right")

    page.click("main .notice a:has-text('Nota de crédito B')")
    assert "Factura B 0003-" in said(page) and "autorizado" in said(page)
    with inside(site):
        documents = list(db.session.scalars(sa.select(Invoice).order_by(Invoice.id)))
        assert [(one.kind, one.legal_state, one.total) for one in documents] == [
            (kind, "authorized", Decimal("48400.00")) for kind in ("invoice", "credit_note", "invoice")]
        sent = {(one.kind, one.subject_key): one.state for one in db.session.scalars(sa.select(Message))}
        for document in documents:
            kind = "accounting.credit_note_ready" if document.kind == "credit_note" else "accounting.invoice_ready"
            assert sent[kind, f"invoice:{document.id}"] == "sent"


def test_going_back_to_the_form_leads_to_the_right_invoice(page: Any, invoice_id: int) -> None:
    page.goto(f"/invoices/{invoice_id}/reissue")
    assert "Factura A 0003-" in page.inner_text("main h1")
