"""Sales to the general public: who names nobody has no CFDI of his own, but a line in the global invoice of his days.

Mexico's entry in accounting's `gatherings`. The company says so in its fiscal profile; else each sale has a CFDI with
the generic RFC (reference: Mexico, 0 and 1.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.db import among, db, lock, write_rows
from core.i18n import _
from core.scope import current_company_id
from modules.crm import countries
from modules.einvoice_mx import access
from modules.einvoice_mx.catalogs import NATIONAL, NO_OBLIGATIONS
from modules.einvoice_mx.models import GlobalInvoice, PublicSale
from modules.einvoice_mx.paying import PESOS
from modules.einvoice_mx.periods import days_of

SALES = ("invoice", "debit_note")


def is_public(customer: Mapping[str, Any]) -> bool:
    """Whether documents of this customer name nobody: no RFC, or the generic one.

    Who lives abroad has a generic RFC of his own; who has a regime and no RFC yet is asked for it.
    """
    kind = str(customer.get("tax_id_kind") or "").upper()
    rfc = countries.get("MX").compact(customer.get("tax_id") or "")
    if kind == "EXT":
        return False
    if kind in ("", "RFC") and rfc:
        return rfc == NATIONAL
    return kind != "RFC" or str(customer.get("tax_condition") or "") in ("", NO_OBLIGATIONS)


class MexicanGathering:
    """What goes into global invoices."""

    def gathered(self, documents: Sequence[Mapping[str, Any]]) -> set[int]:
        """The sales to the general public, and the notes on such sales.

        A credit note of a sale that is in a global invoice already is an egreso of its own that refers to it.
        """
        originals, period = held(row["original_id"] for row in documents), access.profile().global_period
        found = set()
        for row in documents:
            sale = originals.get(row["original_id"] or 0)
            if sale is not None:
                belongs = row["kind"] == "debit_note" or sale.global_id is None
            else:
                belongs = bool(period) and row["original_id"] is None and _is_sale(row)
            if belongs:
                found.add(row["id"])
        return found

    def remember(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """One row a sale; what a credit note takes back is counted when its global invoice is made."""
        sales = [row for row in documents if row["kind"] in SALES]
        originals = held(row["original_id"] for row in sales)
        period, environment = access.profile().global_period, access.environment()
        write_rows(PublicSale.__table__, [_row(row, originals, period, environment) for row in sales])

    def refusal(self, invoice: Any) -> str:
        """What is in a global invoice is taken back by a credit note."""
        if invoice.legal_state != "not_required":
            return ""
        is_note = invoice.kind == "credit_note"
        sale = next(iter(held([invoice.original_id if is_note else invoice.id]).values()), None)
        found = db.session.get(GlobalInvoice, sale.global_id) if sale is not None and sale.global_id else None
        if found is None or found.state == "cancelled":
            return ""
        if is_note:
            return _("Annulling is not possible because the global invoice %(number)s leaves out what this note takes "
                     "back; issue a debit note.", number=found)
        return _("Annulling is not possible because the global invoice %(number)s says it; issue a credit note.",
                 number=found)

    def numbers_given_up(self, kind: str) -> Any:
        """Of sales that have a CFDI of their own by now."""
        return sa.select(PublicSale.company_id, PublicSale.number).where(
            PublicSale.kind == kind, PublicSale.asked_at.is_not(None), PublicSale.global_id.is_(None))


def held(invoice_ids: Iterable[int | None]) -> dict[int, Any]:
    """The sales of these documents by document, locked, without those that have a CFDI of their own: period,
    global_id."""
    wanted = sorted({one for one in invoice_ids if one})
    if not wanted:
        return {}
    rows = db.session.execute(lock(
        sa.select(PublicSale.invoice_id, PublicSale.period, PublicSale.global_id)
        .where(among(PublicSale.invoice_id, wanted), PublicSale.asked_at.is_(None)).order_by(PublicSale.invoice_id)))
    return {row.invoice_id: row for row in rows}


def _is_sale(row: Mapping[str, Any]) -> bool:
    return (row["kind"] in SALES and row["currency"] == PESOS and not row["withheld"]
            and is_public(row["snapshot"].get("customer") or {}))


def _row(row: Mapping[str, Any], originals: Mapping[int, Any], period: str, environment: str) -> dict[str, Any]:
    sale = originals.get(row["original_id"] or 0)
    chosen = period or sale.period if sale is not None else period
    first, last = days_of(chosen, row["issue_date"])
    return {"company_id": current_company_id(), "invoice_id": row["id"], "environment": environment,
            "kind": row["kind"], "number": int(row["legal_number"]), "period": chosen, "first_day": first,
            "last_day": last, "global_id": None, "asked_at": None}
