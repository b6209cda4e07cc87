"""Mexico's entries in the ports `issuers` and `cancellers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.einvoice.answers import Verdict
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.own_numbers import OwnNumbers
from modules.einvoice.ports import AtAuthority, CancelOrder, CancelReason, Explanation, Opened
from modules.einvoice_mx import access, bridge, catalogs, consulta, explanations, schema
from modules.einvoice_mx.endpoints import sat_url

NAMES = {"I": "Factura (CFDI de ingreso)", "E": "Nota de crédito (CFDI de egreso)",
         "P": "Recibo de pago (CFDI de pago)"}


class MexicanIssuer:
    """Documents that the PAC stamps with the SAT's UUID."""

    def open(self, invoice_ids: Sequence[int]) -> list[Opened]:
        """Documents of these invoices, from a handful of selects."""
        return bridge.open_invoices(invoice_ids)

    def work(self, sequence_id: int, keep: Callable[[], None]) -> None:
        """Stamp what is pending, batch after batch."""
        OwnNumbers(sequence_id, keep, access.connect).run()

    def last_number(self, environment: str, series: str, kind: str) -> int:
        """Our own: neither SAT nor PAC count folios."""
        return int(db.session.scalar(sa.select(Numbering.last_number).where(
            Numbering.environment == environment, Numbering.series == series, Numbering.kind == kind)) or 0)

    def find(self, environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
        """One of our stamped documents as the SAT has it; it is asked by UUID, for it knows no folios."""
        row = db.session.scalar(sa.select(Document).where(
            Document.environment == environment, Document.series == series, Document.kind == kind,
            Document.number == number))
        if row is None or not row.authorization_code:
            return None
        document = schema.parse(row.request["xml"].encode())
        uuid, total, date = row.authorization_code, str(document.get("Total")), row.issue_date
        issuer, receiver = schema.rfc_of(document, "Emisor"), schema.rfc_of(document, "Receptor")
        db.session.commit()
        found = consulta.ask(sat_url(environment), issuer, receiver, total, uuid)
        return AtAuthority(number, uuid, Decimal(total), date, receiver) if found.is_found else None

    def legal_number(self, series: str, kind: str, number: int) -> str:
        """Serie and folio: "A 119"."""
        return f"{series} {number}".strip()

    def kind_name(self, kind: str) -> str:
        return NAMES.get(kind, kind)

    def explain(self, code: str, message: str) -> Explanation:
        """The refusal in our words."""
        return explanations.explanation(code, message)


class MexicanCanceller:
    """Cancelling at the SAT through the PAC: motives 01 to 04; the receiver may have to accept."""

    def reasons(self, document: Any) -> Sequence[CancelReason]:
        """The SAT's motives; 01 names the document that replaces this one."""
        return tuple(CancelReason(code, text, needs_replacement=code == "01")
                     for code, text in catalogs.cancellation_reasons().items())

    def cancel(self, order: CancelOrder) -> Verdict:
        """Ask the PAC for it; the SAT tells whether it was done."""
        return access.connect(order.environment).cancel(order)

    def ask(self, order: CancelOrder) -> Verdict | None:
        """What the SAT says of it."""
        return access.connect(order.environment).cancelled(order)
