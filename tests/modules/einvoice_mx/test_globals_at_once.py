"""Several who gather, annul and credit at the same moment, each with a connection and a transaction of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from lxml import etree

from core import clock
from core.db import db
from core.errors import DomainError
from core.scope import company_scope, current_company
from modules.accounting import notes, services
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice_mx import access, gathering
from modules.einvoice_mx.models import GlobalInvoice, PublicSale
from modules.einvoice_mx.schema import CFDI
from tests import at_once
from tests.at_once import real_transactions

COMPANY = 1
VAT = ({"code": "VAT", "rate": "16"},)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    def prepare() -> None:
        access.profile().global_period = "01"
        access.profile().global_size = 3

    with real_transactions(tmp_path_factory.mktemp("globals_at_once"), COMPANY, "MX", "Escuela Kemper Urgate SA de CV",
                           "EKU9003173C9", prepare=prepare, code="kemper", tax_condition="601",
                           postal_code="42501") as app:
        yield app


@pytest.fixture(autouse=True)
def _in_scope(books: Flask) -> Iterator[None]:
    with books.app_context(), company_scope(COMPANY):
        yield
        db.session.rollback()


def sell(count: int) -> list[int]:
    day, drafts = clock.today() - dt.timedelta(days=1), []
    for _sale in range(count):
        who = Customer(code=f"C{db.session.scalar(sa.select(sa.func.count()).select_from(Customer))}", name="Ana",
                       sort_name="ana")
        db.session.add(who)
        db.session.flush()
        drafts.append(InvoiceDraft(who.id, day, (DraftLine("Internet", Decimal(1), Decimal("100.00"), taxes=VAT),)))
    ids = issue_many(current_company(), drafts)
    db.session.commit()
    return ids


def together(app: Flask, *calls: Callable[[], Any]) -> list[Any]:
    return at_once.together(app, COMPANY, *calls)


def said(row: GlobalInvoice) -> dict[str, Decimal]:
    """What a global invoice says of each sale, without tax."""
    root = etree.fromstring(row.xml.encode())
    return {str(one.get("NoIdentificacion")): Decimal(str(one.get("Importe")))
            for one in root.iter(f"{{{CFDI}}}Concepto")}


def all_said() -> list[str]:
    return sorted(number for row in db.session.scalars(sa.select(GlobalInvoice)) for number in said(row))


def make() -> None:
    while gathering.make_next() is not None:
        db.session.commit()


def test_two_runs_at_once_gather_each_sale_once(books: Flask) -> None:
    ids = sell(10)
    assert together(books, make, make, make) == [None] * 3
    numbers = sorted(db.session.scalars(sa.select(Invoice.legal_number).where(Invoice.id.in_(ids))))
    assert all_said() == numbers
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PublicSale).where(
        PublicSale.global_id.is_(None))) == 0


@pytest.mark.parametrize("turn", range(3))
def test_annulled_or_credited_while_it_is_gathered(books: Flask, turn: int) -> None:
    """Each sale is either changed first, and said as it is now, or gathered first, and then corrected by a document."""
    ids = sell(2)

    def annul() -> None:
        services.cancel_invoice(db.session.get_one(Invoice, ids[0]), "error")

    def credit() -> None:
        notes.credit(db.session.get_one(Invoice, ids[1]), "media", amount=Decimal("58.00"))

    answers = together(books, annul, make, credit)
    assert [one for one in answers if one is not None and not isinstance(one, DomainError)] == []
    first, second = (db.session.get_one(Invoice, key) for key in ids)
    lines = {number: amount for row in db.session.scalars(sa.select(GlobalInvoice)) for number, amount
             in said(row).items()}
    assert (first.legal_number in lines) == (first.state == "issued")
    note = db.session.scalars(sa.select(Invoice).where(Invoice.original_id == second.id)).one()
    assert (lines[second.legal_number], note.legal_state) in (
        (Decimal("50.00"), "not_required"), (Decimal("100.00"), "pending"))
