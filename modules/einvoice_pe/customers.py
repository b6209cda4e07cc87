"""What a customer wants or is: factura or boleta, agent of retención."""

from __future__ import annotations

from core import audit
from core.db import db
from modules.crm.models import Customer
from modules.einvoice_pe.models import CustomerProfile


def choose_document(customer: Customer, factura: bool | None) -> None:
    """Facturas, boletas, or (None) by the customer's document."""
    row = _row(customer)
    row.wants_factura = factura
    db.session.flush()
    audit.record("einvoice_pe.choose_document", customer, {"wants_factura": factura})


def mark_agent(customer: Customer, agent: bool) -> None:
    """Say whether a customer keeps back a retención."""
    row = _row(customer)
    row.retention_agent = agent
    db.session.flush()
    audit.record("einvoice_pe.mark_agent", customer, {"retention_agent": agent})


def _row(customer: Customer) -> CustomerProfile:
    row = db.session.get(CustomerProfile, customer.id)
    if row is None:
        row = CustomerProfile(customer_id=customer.id)
        db.session.add(row)
    return row
