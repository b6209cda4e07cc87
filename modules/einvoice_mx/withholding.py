"""Income tax that companies withhold from an issuer of RESICO: Mexico's entry in accounting's `collectors`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from core.models import Company
from modules.accounting.drafts import InvoiceDraft
from modules.accounting.ports import Collecting
from modules.accounting.totals import ZERO, Totals
from modules.crm import countries
from modules.crm.models import Customer
from modules.einvoice_mx.amounts import ISR, code_of
from modules.einvoice_mx.catalogs import GENERIC, RESICO
from modules.einvoice_mx.conceptos import RESICO_RATE
from modules.einvoice_mx.findings import cents


class MexicanCollector:
    """Nothing for most companies: only natural persons (RFC of 13) in RESICO are withheld from."""

    def on(self, company: Company, day: dt.date) -> Collecting | None:
        rfc = countries.get("MX").compact(company.tax_id)
        return ResicoWithholding() if company.tax_condition == RESICO and len(rfc) == 13 else None


class ResicoWithholding:
    """1.25 % of what is taxed, of invoices to legal entities (LISR art. 113-J)."""

    def __init__(self) -> None:
        self._entities: set[int] = set()

    def look_up(self, customer_ids: Iterable[int]) -> None:
        """Which of these customers are legal entities: an RFC of 12."""
        rows = db.session.execute(sa.select(Customer.id, Customer.tax_id_kind, Customer.tax_id).where(
            among(Customer.id, sorted(set(customer_ids)))))
        compact = countries.get("MX").compact
        self._entities |= {row.id for row in rows if row.tax_id_kind in ("", "RFC")
                           and len(rfc := compact(row.tax_id or "")) == 12 and rfc not in GENERIC}

    def taxes(self, draft: InvoiceDraft, totals: Totals) -> tuple[Mapping[str, Any], ...]:
        """The withholding, where no line says it already."""
        said = [tax for line in draft.lines for tax in line.taxes]
        base = sum((line.net for line in totals.lines if any(tax.rate is not None or tax.category == "exempt"
                                                             for tax, _part in line.taxes)), ZERO)
        if draft.customer_id not in self._entities or any(code_of(tax["code"]) == ISR for tax in said) or not base:
            return ()
        return ({"code": ISR, "rate": str(RESICO_RATE), "base": str(base),
                 "amount": str(cents(base * RESICO_RATE / 100)), "withheld": True},)
