"""Sales to the general public: gathered by period into a global invoice, stamped, corrected, and left by who asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import checks, clock
from core.db import db
from core.errors import DomainError
from modules.accounting import notes
from modules.accounting import services as accounting
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice import cancelling
from modules.einvoice.models import Document
from modules.einvoice_mx import access, gathering, global_corrections, jobs, proofs, schema
from modules.einvoice_mx.models import CustomerProfile, GlobalInvoice, PublicSale
from modules.einvoice_mx.public_sales import is_public
from modules.einvoice_mx.schema import CFDI
from tests.modules.einvoice_mx.conftest import NAME, VAT, customer, pay, rows

EXEMPT = ({"code": "VAT", "category": "exempt"},)
# (identification, number, regime) of a customer: whether his sales go into the global invoice
RECEIVERS = [
    (("", "", ""), True), (("RFC", "", ""), True), (("RFC", "", "616"), True), (("RFC", "XAXX010101000", "616"), True),
    (("", "xaxx010101000", ""), True), (("CURP", "CACX760510MDFSHC09", ""), True),
    (("RFC", "", "605"), False), (("RFC", "CACX7605101P8", "605"), False), (("", "URE180429TM6", "601"), False),
    (("RFC", "XEXX010101000", "616"), False), (("EXT", "", ""), False), (("EXT", "US-1", ""), False),
]


@pytest.mark.parametrize(("receiver", "expected"), RECEIVERS)
def test_whose_sales_are_to_the_general_public(receiver: tuple[str, str, str], expected: bool) -> None:
    kind, number, regime = receiver
    assert is_public({"tax_id_kind": kind, "tax_id": number, "tax_condition": regime}) is expected


def person(name: str = "Ana Ruiz") -> Customer:
    """Somebody without RFC."""
    found = Customer(code=name.replace(" ", "").lower(), name=name, sort_name=name.lower(), tax_id_kind="", tax_id="",
                     tax_condition="")
    db.session.add(found)
    db.session.flush()
    return found


def yesterday() -> dt.date:
    return clock.today() - dt.timedelta(days=1)


@pytest.fixture
def sell(mexico: Any, pac_server: Any) -> Callable[..., list[Invoice]]:
    """`sell("399.00", "649.00")`: a sale of each price (with tax) to somebody of his own, of yesterday."""
    access.profile().global_period = "01"
    db.session.commit()

    def make(*prices: str, to: Customer | None = None, day: dt.date | None = None, lines: Any = None,
             **changes: Any) -> list[Invoice]:
        known = db.session.scalar(sa.select(sa.func.count()).select_from(Customer)) or 0
        people = [to or person(f"Persona {known + place}") for place, _price in enumerate(prices)]
        drafts = [InvoiceDraft(who.id, day or yesterday(), lines or (DraftLine(
            "Internet 100 Mbps", Decimal(1), Decimal(price), taxes=VAT, price_includes_tax=True),), **changes)
            for who, price in zip(people, prices, strict=True)]
        ids = issue_many(mexico, drafts)
        db.session.commit()
        return list(db.session.scalars(sa.select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id)))

    return make


@pytest.fixture
def gather(done: Callable[[], None]) -> Callable[[], None]:
    """Make what is due, and have it stamped, cancelled and made again until nothing is on its way."""
    def until_done() -> None:
        jobs.make_globals()
        db.session.commit()
        done()

    return until_done


def lines_of(row: GlobalInvoice) -> list[dict[str, Any]]:
    """NoIdentificacion, Importe and taxes of each Concepto."""
    root = schema.parse((row.stamped_xml or row.xml).encode())
    found = []
    for one in root.iter(f"{{{CFDI}}}Concepto"):
        taxes = [(tax.get("Base"), tax.get("TasaOCuota"), tax.get("Importe"))
                 for tax in one.iter(f"{{{CFDI}}}Traslado")]
        found.append({"number": one.get("NoIdentificacion"), "amount": one.get("Importe"), "taxes": taxes})
    return found


def root_of(row: Any) -> Any:
    return schema.parse((row.stamped_xml or row.xml).encode())


def sat_states(server: Any) -> dict[str, str]:
    return {one["uuid"]: one["state"] for one in server.state(NAME)["documents"]}


def test_sales_have_the_company_s_number_and_one_global_invoice(sell, gather):
    sold = sell("399.00", "649.00", "116.00")
    assert [(one.legal_state, one.legal_number) for one in sold] == [
        ("not_required", "00000001"), ("not_required", "00000002"), ("not_required", "00000003")]
    assert db.session.scalars(sa.select(Document)).all() == []
    gather()
    (row,) = rows(GlobalInvoice)
    assert (row.state, row.sales, row.total, row.first_day, row.last_day) == (
        "authorized", 3, Decimal("1164.00"), yesterday(), yesterday())
    root = root_of(row)
    assert schema.faults(root) == []
    assert dict(root.find(f"{{{CFDI}}}InformacionGlobal").attrib) == {
        "Periodicidad": "01", "Meses": f"{yesterday().month:02d}", "Año": str(yesterday().year)}
    assert dict(root.find(f"{{{CFDI}}}Receptor").attrib) == {
        "Rfc": "XAXX010101000", "Nombre": "PUBLICO EN GENERAL", "DomicilioFiscalReceptor": "42501",
        "RegimenFiscalReceptor": "616", "UsoCFDI": "S01"}
    head = {name: root.get(name) for name in ("Serie", "Folio", "MetodoPago", "FormaPago", "SubTotal", "Total")}
    assert head == {"Serie": "G", "Folio": "1", "MetodoPago": "PUE", "FormaPago": "03", "SubTotal": "1003.45",
                    "Total": "1164.00"}
    first = root.find(f".//{{{CFDI}}}Concepto")
    assert {name: first.get(name) for name in ("ClaveProdServ", "ClaveUnidad", "Cantidad", "Descripcion", "ObjetoImp")
            } == {"ClaveProdServ": "01010101", "ClaveUnidad": "ACT", "Cantidad": "1", "Descripcion": "Venta",
                  "ObjetoImp": "02"}
    assert lines_of(row) == [
        {"number": "00000001", "amount": "343.97", "taxes": [("343.97", "0.160000", "55.03")]},
        {"number": "00000002", "amount": "559.48", "taxes": [("559.48", "0.160000", "89.52")]},
        {"number": "00000003", "amount": "100.00", "taxes": [("100.00", "0.160000", "16.00")]}]
    assert row.pdf_file_id is not None and row.xml_file_id is not None
    gather()  # once more makes nothing
    assert len(rows(GlobalInvoice)) == 1


def test_who_has_an_rfc_and_companies_without_the_setting_invoice_each(sell, issue, settle):
    (named,) = issue("116.00", to=customer())
    settle()
    assert named.legal_state == "authorized" and rows(PublicSale) == []
    access.profile().global_period = ""
    (alone,) = issue("116.00", to=person())
    settle()
    assert (alone.legal_state, rows(PublicSale)) == ("authorized", [])


def test_days_that_have_not_ended_wait(sell, gather):
    sell("116.00", day=clock.today())
    sell("232.00")
    gather()
    assert [row.total for row in rows(GlobalInvoice)] == [Decimal("232.00")]


def test_each_period_and_each_full_invoice_by_itself(sell, gather):
    access.profile().global_size = 2
    sell("116.00", "116.00", "116.00")
    sell("232.00", day=yesterday() - dt.timedelta(days=1))
    gather()
    assert [(row.last_day, row.sales, row.number) for row in rows(GlobalInvoice)] == [
        (yesterday() - dt.timedelta(days=1), 1, 1), (yesterday(), 2, 2), (yesterday(), 1, 3)]


def test_rates_of_one_sale_stand_on_one_line(sell, gather):
    mixed = (DraftLine("Internet", Decimal(1), Decimal("100.00"), taxes=VAT),
             DraftLine("Libro", Decimal(1), Decimal("50.00"), taxes=({"code": "VAT", "rate": "0"},)),
             DraftLine("Curso", Decimal(1), Decimal("30.00"), taxes=EXEMPT),
             DraftLine("Telefonía", Decimal(1), Decimal("100.00"),
                       taxes=({"code": "IEPS", "rate": "3"}, *VAT)))
    sell("0", lines=mixed)
    gather()
    (row,) = rows(GlobalInvoice)
    assert (row.state, row.problems, row.total) == ("authorized", [], Decimal("315.48"))
    assert lines_of(row) == [{"number": "00000001", "amount": "280.00", "taxes": [
        ("100.00", "0.030000", "3.00"), ("50.00", "0.000000", "0.00"), ("203.00", "0.160000", "32.48"),
        ("30.00", None, None)]}]


def test_form_is_that_of_the_most_money(sell, gather):
    first, second = sell("116.00", "232.00")
    pay("116.00", "transfer", db.session.get_one(Customer, first.customer_id))
    pay("232.00", "cash", db.session.get_one(Customer, second.customer_id))
    gather()
    assert root_of(rows(GlobalInvoice)[0]).get("FormaPago") == "01"


# --- what changes before -----------------------------------------------------------------------------------


def test_annulled_and_credited_sales_before_it_is_made(sell, gather):
    gone, whole, part, kept = sell("116.00", "232.00", "348.00", "116.00")
    accounting.cancel_invoice(gone, "error")
    notes.credit(whole, "no hubo servicio")
    note = notes.credit(part, "media", amount=Decimal("116.00"))
    db.session.commit()
    assert (note.legal_state, note.legal_number) == ("not_required", "00000002")
    gather()
    (row,) = rows(GlobalInvoice)
    assert lines_of(row) == [
        {"number": part.legal_number, "amount": "200.00", "taxes": [("200.00", "0.160000", "32.00")]},
        {"number": kept.legal_number, "amount": "100.00", "taxes": [("100.00", "0.160000", "16.00")]}]
    with pytest.raises(DomainError, match="G 1"):
        accounting.cancel_invoice(note, "error")
    assert jobs.make_globals() is None and len(rows(GlobalInvoice)) == 1


def test_debit_note_of_a_sale_is_a_sale(sell, gather):
    (sold,) = sell("116.00")
    notes.debit(sold, "recargo", (DraftLine("Recargo", Decimal(1), Decimal("50.00"), taxes=VAT),),
                issue_date=yesterday())
    db.session.commit()
    gather()
    assert [one["number"] for one in lines_of(rows(GlobalInvoice)[0])] == ["00000001", "ND-00000001"]


def named(invoice: Invoice) -> None:
    """The customer brings his tax certificate."""
    who = db.session.get_one(Customer, invoice.customer_id)
    who.name, who.sort_name = "Xochilt Casas Chavez", "xochilt"
    who.tax_id_kind, who.tax_id, who.tax_condition = "RFC", "CACX7605101P8", "605"
    db.session.add(CustomerProfile(customer_id=who.id, postal_code="36257"))
    db.session.commit()


def test_customer_asks_before_it_is_made(sell, gather, settle):
    asks, other = sell("116.00", "232.00")
    with pytest.raises(DomainError, match="RFC"):
        global_corrections.own_cfdi(asks)
    named(asks)
    global_corrections.own_cfdi(asks)
    db.session.commit()
    settle()
    gather()
    asks = db.session.get_one(Invoice, asks.id)
    assert (asks.legal_state, asks.legal_number, accounting.withdrawn(asks)[0]["number"]) == (
        "authorized", "A 1", "00000001")
    assert [one["number"] for one in lines_of(rows(GlobalInvoice)[0])] == [other.legal_number]
    assert [one.ok for one in checks.run_all(("own_numbers_no_gap",))] == [True]


# --- what changes afterwards -------------------------------------------------------------------------------


def test_customer_asks_after_it_was_stamped(sell, gather, settle, pac_server):
    asks, other = sell("116.00", "232.00")
    gather()
    named(asks)
    assert "motivo 04" in global_corrections.own_cfdi(asks)
    assert global_corrections.own_cfdi(asks) == "Ya se pidió."
    db.session.commit()
    gather()
    settle()
    old, new = rows(GlobalInvoice)
    assert (old.state, old.cancel_code, new.state) == ("cancelled", "04", "authorized")
    assert sat_states(pac_server)[old.uuid] == "Cancelado" and old.proof_file_id is not None
    assert [one["number"] for one in lines_of(new)] == [other.legal_number]
    document = db.session.scalars(sa.select(Document)).one()
    assert (document.invoice_id, document.state) == (asks.id, "authorized")
    assert schema.rfc_of(schema.parse(document.request["xml"].encode()), "Receptor") == "CACX7605101P8"


def test_credit_note_afterwards_is_an_egreso_of_the_global_invoice(sell, gather, settle, pac_server):
    sold, other = sell("116.00", "232.00")
    gather()
    with pytest.raises(DomainError, match="G 1"):
        accounting.cancel_invoice(sold, "error")
    note = notes.credit(sold, "no hubo servicio")
    db.session.commit()
    settle()
    (row,) = rows(GlobalInvoice)
    document = db.session.scalars(sa.select(Document)).one()
    root = schema.parse(document.request["xml"].encode())
    assert (document.invoice_id, document.state, root.get("TipoDeComprobante"), root.get("Total")) == (
        note.id, "authorized", "E", "116.00")
    assert proofs.attributes(root, "Receptor")["Rfc"] == "XAXX010101000"
    related = root.find(f"{{{CFDI}}}CfdiRelacionados")
    assert (related.get("TipoRelacion"), related[0].get("UUID")) == ("01", row.uuid)
    named(other)
    with pytest.raises(DomainError, match="nota de crédito"):
        global_corrections.own_cfdi(other)


def test_with_a_credit_note_on_it_the_note_is_cancelled_first(sell, gather, settle, pac_server, login):
    sold, _other = sell("116.00", "232.00")
    gather()
    notes.credit(sold, "no hubo servicio")
    db.session.commit()
    settle()
    (row,), (document,) = rows(GlobalInvoice), rows(Document)
    with pytest.raises(DomainError, match=str(document.invoice)):
        global_corrections.cancel(row, "02", "equivocada")
    db.session.rollback()
    page = login("einvoice.view_documents", "einvoice.cancel_documents").get(f"/einvoice-mx/globals/{row.id}").text
    assert f"/einvoice/{document.id}" in page and f"/einvoice-mx/globals/{row.id}/cancel" not in page
    cancelling.request(document, "02")
    db.session.commit()
    settle()
    assert db.session.get_one(Invoice, document.invoice_id).state == "cancelled"
    global_corrections.cancel(rows(GlobalInvoice)[0], "02", "equivocada")
    db.session.commit()
    gather()
    old, new = rows(GlobalInvoice)
    assert (old.state, new.state, new.total) == ("cancelled", "authorized", Decimal("348.00"))
    assert sat_states(pac_server)[old.uuid] == "Cancelado"


def test_credit_note_waits_for_a_global_invoice_that_is_not_stamped_yet(sell, gather, settle, pac_server):
    (sold,) = sell("116.00")
    gathering.make_next()
    note = notes.credit(sold, "no hubo servicio")
    db.session.commit()
    gather()
    settle()
    gather()
    settle()
    document = db.session.scalars(sa.select(Document)).one()
    assert (document.invoice_id, document.state) == (note.id, "authorized")


@pytest.mark.parametrize("code", ["02", "03"])
def test_cancelled_by_hand(sell, gather, pac_server, code):
    sell("116.00", "232.00")
    gather()
    with pytest.raises(DomainError):
        global_corrections.cancel(rows(GlobalInvoice)[0], "04", "x")
    global_corrections.cancel(rows(GlobalInvoice)[0], code, "equivocada")
    db.session.commit()
    gather()
    states = [row.state for row in rows(GlobalInvoice)]
    assert states == (["cancelled", "authorized"] if code == "02" else ["cancelled"])
    if code == "03":  # its sales wait for a person
        global_corrections.gather_again(rows(GlobalInvoice)[0])
        gather()
        assert [row.state for row in rows(GlobalInvoice)] == ["cancelled", "authorized"]


def test_replaced_first_and_then_cancelled_with_motive_01(sell, gather, pac_server):
    sell("116.00", "232.00")
    gather()
    global_corrections.cancel(rows(GlobalInvoice)[0], "01", "serie equivocada")
    db.session.commit()
    gather()
    old, new = rows(GlobalInvoice)
    related = root_of(new).find(f"{{{CFDI}}}CfdiRelacionados")
    assert (old.state, old.cancel_code, new.state, new.sales) == ("cancelled", "01", "authorized", 2)
    assert (related.get("TipoRelacion"), related[0].get("UUID")) == ("04", old.uuid)
    assert sat_states(pac_server)[old.uuid] == "Cancelado"


# --- what goes wrong ---------------------------------------------------------------------------------------


def test_lost_answer_is_recovered_by_the_same_bytes(sell, gather, pac_server):
    sell("116.00")
    pac_server.fault(NAME, "lost_answer", count=1)
    gather()
    (row,) = rows(GlobalInvoice)
    assert (row.state, len(pac_server.state(NAME)["documents"])) == ("authorized", 1)


def test_refused_waits_for_a_person_and_is_made_again(sell, gather, pac_server):
    first, _second = sell("116.00", "232.00")
    pac_server.fault(NAME, "refuse", count=1, code="CFDI40149")
    gather()
    assert [(row.state, row.problems[0]["code"]) for row in rows(GlobalInvoice)] == [("rejected", "CFDI40149")]
    global_corrections.retry(rows(GlobalInvoice)[0])
    db.session.commit()
    gather()
    old, new = rows(GlobalInvoice)
    assert (old.state, new.state, new.number, lines_of(new)[0]["number"]) == (
        "cancelled", "authorized", 2, first.legal_number)


def test_killed_midway_makes_each_sale_stand_once(sell, gather, monkeypatch):
    access.profile().global_size = 1
    sell("116.00", "232.00", "348.00")
    db.session.commit()
    real, count = gathering._mapped, []

    def dies(*given: Any) -> Any:
        count.append(1)
        if len(count) == 2:
            raise RuntimeError("killed")
        return real(*given)

    monkeypatch.setattr(gathering, "_mapped", dies)
    with pytest.raises(RuntimeError):
        jobs.make_globals()
    db.session.rollback()
    gather()
    found = rows(GlobalInvoice)
    assert [(row.state, row.number) for row in found] == [("authorized", 1), ("authorized", 2), ("authorized", 3)]
    assert sorted(lines_of(row)[0]["number"] for row in found) == ["00000001", "00000002", "00000003"]


def test_statements_do_not_grow_with_sales(sell, statements):
    def counted(prices: int) -> tuple[int, int]:
        before = len(statements)
        sell(*["116.00"] * prices, to=person(f"Cliente {prices}"))
        sold = len(statements)
        gathering.make_next()
        db.session.commit()
        return sold - before, len(statements) - sold

    counted(1)
    assert counted(2) == counted(40)
