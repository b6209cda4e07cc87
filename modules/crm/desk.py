"""Answers to the frame's slots and search box, without the weight of the views at import."""

from __future__ import annotations

from collections.abc import Iterable

from flask import url_for

from core.scope import current_company
from core.search import Hit
from modules.crm import finding, identity
from modules.crm.models import Customer


def data_tab(customer: Customer) -> str:
    """The customer's own data."""
    from modules.crm import views

    return views.data_tab(customer)


def history_tab(customer: Customer) -> str:
    """What happened, and who changed what."""
    from modules.crm import views

    return views.history_tab(customer)


def find(text: str, limit: int) -> list[Hit]:
    """Customers, former ones too, by name, code, document, phone, mail or street, as they are written."""
    return _hits(finding.written(text, limit))


def guess(text: str, limit: int) -> list[Hit]:
    """Customers whom a text with typing mistakes may mean."""
    return _hits(finding.meant(text, limit)[:limit])


def _hits(rows: Iterable[Customer]) -> list[Hit]:
    return [Hit(str(row), url_for("crm.customer", customer_id=row.id), _detail(row)) for row in rows]


def _detail(customer: Customer) -> str:
    address = customer.fiscal_address
    parts = (identity.formatted(current_company().country, customer.tax_id_kind, customer.tax_id),
             customer.phones[0].typed if customer.phones else "", address.city if address else "")
    return " · ".join(part for part in parts if part)
