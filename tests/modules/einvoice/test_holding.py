"""Why documents of a month are not final: for the result of a billing, which cannot know the authority."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.accounting.models import Invoice
from modules.accounting.ports import Held, holdings
from modules.einvoice import services
from modules.einvoice.models import Document, Sequence
from modules.einvoice.records import Claim
from tests.modules.einvoice.conftest import DAY

Make = Callable[..., Any]


def held(*invoices: Invoice) -> list[Held]:
    wanted = sa.select(Invoice.id)
    return list(holdings.get("einvoice").held(
        wanted.where(Invoice.id.in_([one.id for one in invoices])) if invoices else wanted))


def opened(make_invoice: Make, name: str) -> Document:
    invoice = make_invoice(name)
    services.open_documents([invoice.id])
    db.session.commit()
    return db.session.scalars(sa.select(Document).where(Document.invoice_id == invoice.id)).one()


def test_refused_documents_are_told_by_cause_the_most_frequent_first(make_refused: Make) -> None:
    for name, code, words in (("Ana", "10243", "Condición"), ("Beto", "10015", "Documento inválido"),
                              ("Cora", "10015", "Documento inválido")):
        make_refused(name, code=code, message=words)
    assert held() == [Held("rejected", 2, "Documento inválido (10015)"), Held("rejected", 1, "Condición (10243)")]


def test_what_waits_says_what_for(make_invoice: Make, issuer: Any) -> None:
    sent = opened(make_invoice, "Ana")
    assert [(one.state, one.count) for one in held()] == [("pending", 1)]
    db.session.execute(sa.update(Sequence).values(trouble="ARCA no responde."))
    assert held() == [Held("pending", 1, "ARCA no responde.")]
    db.session.execute(sa.update(Sequence).values(blocked_reason="Falta el punto de venta.", blocked_code="10005"))
    assert held() == [Held("pending", 1, "Falta el punto de venta.")]
    services.claim([Claim(sent.id, 1, DAY, {})])
    services.mark_unknown([sent.id])
    assert [(one.state, one.count) for one in held()] == [("unknown", 1)]


def test_invoices_without_a_document_are_told_too_and_others_are_not(make_invoice: Make, issuer: Any) -> None:
    first, other = make_invoice("Ana"), make_invoice("Beto")
    assert [(one.state, one.count) for one in held(first)] == [("pending", 1)]
    assert "habilitad" in held(first)[0].reason or "enabled" in held(first)[0].reason
    opened(make_invoice, "Cora")
    assert {one.count for one in held(first, other)} == {2}
