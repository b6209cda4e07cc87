"""Peru's entries in the ports `issuers` and `cancellers`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal

import sqlalchemy as sa

from core.db import db
from core.errors import Rejected, Unavailable
from core.scope import current_company
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.own_numbers import OwnNumbers, Stop, Wire
from modules.einvoice.ports import AtAuthority, Explanation, Opened
from modules.einvoice_pe import access, bridge, client, explanations, qr
from modules.einvoice_pe.catalogs import NAMES
from modules.einvoice_pe.errors import NotEnabled
from modules.einvoice_pe.wire import NubefactWire


class PeruvianIssuer:
    """Documents that Nubefact signs and SUNAT accepts; the numbers are ours."""

    def open(self, invoice_ids: Sequence[int]) -> list[Opened]:
        """Requests of these invoices, from a handful of selects."""
        return bridge.open_invoices(invoice_ids)

    def work(self, sequence_id: int, keep: Callable[[], None]) -> None:
        """Send what is pending, batch after batch."""
        row = db.session.execute(sa.select(Numbering.series, Numbering.kind)
                                 .where(Numbering.id == sequence_id)).one()
        OwnNumbers(sequence_id, keep, lambda environment: connect(environment, row.series, row.kind)).run()

    def last_number(self, environment: str, series: str, kind: str) -> int | None:
        """Nubefact has no such question."""
        return None

    def find(self, environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
        """One document as Nubefact has it, read out of its QR."""
        nubefact = access.connect(environment, series, int(kind))
        try:
            found = nubefact.consult(int(kind), series, number)
        except Rejected as refusal:
            raise Unavailable(refusal.message) from refusal
        return _at_nubefact(found, number) if found is not None else None

    def legal_number(self, series: str, kind: str, number: int) -> str:
        """As people write it: "B001-00000124"."""
        return f"{series}-{number:08d}"

    def kind_name(self, kind: str) -> str:
        """As SUNAT names it."""
        return NAMES.get(int(kind), kind) if kind.isdecimal() else kind

    def explain(self, code: str, message: str) -> Explanation:
        """The refusal in our words."""
        return explanations.explanation(code, message)


def connect(environment: str, series: str, kind: str) -> Wire:
    """The wire of a sequence, with all its secrets in memory."""
    try:
        nubefact = access.connect(environment, series, int(kind))
    except NotEnabled as error:
        raise Stop("not_enabled", str(error)) from error
    return NubefactWire(nubefact, current_company().tax_id, environment, access.profile().days_back)


def _at_nubefact(found: client.Answer, number: int) -> AtAuthority:
    parts = qr.read(found.qr)
    date = dt.datetime.strptime(parts[6], "%d/%m/%Y").date()
    return AtAuthority(number, found.digest, Decimal(parts[5]), date, f"{parts[7]} {parts[8]}")

