"""What ARCA's register says of a customer: asked for, kept beside what staff has chosen, and taken over on request."""

from __future__ import annotations

import sqlalchemy as sa

from core import audit, clock
from core.db import db
from core.errors import DomainError
from core.i18n import _
from modules.crm import countries
from modules.crm.models import Customer
from modules.crm.services import update_customer
from modules.einvoice_ar.models import CustomerProfile
from modules.einvoice_ar.register import Taxpayer

# documents whose numbers the register knows
REGISTERED = ("CUIT", "CUIL", "CDI")


def profile_of(customer: Customer) -> CustomerProfile | None:
    """What is kept of a customer, if anything is."""
    return db.session.scalar(sa.select(CustomerProfile).where(CustomerProfile.customer_id == customer.id))


def number_of(customer: Customer) -> str:
    """The number to ask about, or "" where the register would not know it."""
    return countries.get("AR").compact(customer.tax_id) if customer.tax_id_kind in REGISTERED else ""


def keep(customer: Customer, cuit: str, found: Taxpayer | None) -> CustomerProfile:
    """Keep the register's answer (None: it does not know the number) with the moment."""
    row = _row(customer)
    row.cuit, row.checked_at, row.known = cuit, clock.now(), found is not None
    row.active = bool(found and found.active)
    row.name, row.condition = (found.name[:200], found.condition) if found else ("", "")
    row.address = ", ".join(part for part in (found.street, found.city, found.region) if part)[:300] if found else ""
    row.remarks = " ".join(found.errors) if found else ""
    db.session.flush()
    return row


def take_over(customer: Customer) -> None:
    """Make the register's condition the customer's."""
    row = profile_of(customer)
    if row is None or not row.condition:
        raise DomainError(_("To take the condition over you must first ask ARCA; its register tells none of this "
                            "customer."))
    update_customer(customer, tax_condition=row.condition)


def mark_credit_invoices(customer: Customer, gets: bool) -> None:
    """Say whether a customer gets credit invoices (FCE MiPyME) from the law's amount on."""
    row = _row(customer)
    row.gets_credit_invoices = gets
    db.session.flush()
    audit.record("einvoice_ar.mark_credit_invoices", customer, {"gets_credit_invoices": gets})


def _row(customer: Customer) -> CustomerProfile:
    row = profile_of(customer)
    if row is None:
        row = CustomerProfile(customer_id=customer.id)
        db.session.add(row)
    return row
