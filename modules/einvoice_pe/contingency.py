"""Contingency on paper: what was written by hand while nothing could be sent, and is reported afterwards.

SUNAT authorises the paper with a series of digits (0001); Nubefact is told `generado_por_contingencia` (peru.md, 1.1,
2.11). The number is printed on the paper: it is typed, unique, and never given here. Services: they neither commit nor
talk to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from modules.accounting.models import Invoice
from modules.accounting.ports import Pad
from modules.einvoice.models import Document
from modules.einvoice_pe import access
from modules.einvoice_pe.catalogs import BOLETA, CREDITO, DEBITO, FACTURA, PAPER_NAMES
from modules.einvoice_pe.models import Paper

# what series of contingency begin with
LETTER = "0"
KINDS: Mapping[str, tuple[int, ...]] = {
    "invoice": (FACTURA, BOLETA), "credit_note": (CREDITO,), "debit_note": (DEBITO,)}


class PeruvianPaper:
    """Peru's entry in the port `first_on_paper`."""

    def pads(self, kind: str) -> Sequence[Pad]:
        """The series of contingency in use, facturas first."""
        return [pad_of(one.kind, one.code) for wanted in KINDS.get(kind, ())
                for one in access.active_series(access.environment()) if one.kind == wanted and one.letter == LETTER]

    def of(self, invoice: Any) -> tuple[Pad, int] | None:
        """As it was written down."""
        row = papers([invoice.id]).get(invoice.id)
        return (pad_of(row.kind, row.series), row.number) if row else None

    def put(self, invoice: Any, pad: Pad, number: int) -> None:
        """Write it down, once; its constraint keeps a number from being used twice."""
        if pad.value not in {one.value for one in self.pads(invoice.kind)}:
            raise DomainError(_("To report a paper you must choose a series of contingency that is in use."),
                              field="paper")
        place = {"environment": access.environment(), "kind": int(pad.kind), "series": pad.series, "number": number}
        _check_free(place, invoice)
        row = papers([invoice.id]).get(invoice.id)
        before = str(row) if row else ""
        try:
            with db.session.begin_nested():
                # changed in here only: what is flushed before the savepoint is not undone by it
                row = row or Paper(invoice_id=invoice.id)
                for name, value in place.items():
                    setattr(row, name, value)
                db.session.add(row)
        except IntegrityError:  # somebody wrote the same number down at this moment
            raise _taken(pad_of(place["kind"], pad.series).words, number, None) from None
        if str(row) != before:
            audit.record("einvoice_pe.put_on_paper", invoice, {"paper": [before, str(row)]})

    def take_back(self, invoice: Any) -> None:
        """Forget the paper; its number can be another document's."""
        row = papers([invoice.id]).get(invoice.id)
        if row is not None:
            audit.record("einvoice_pe.put_on_paper", invoice, {"paper": [str(row), ""]})
            db.session.delete(row)
            db.session.flush()


def papers(invoice_ids: Sequence[int]) -> dict[int, Paper]:
    """What was written on paper of these, by invoice; one select."""
    rows = db.session.scalars(sa.select(Paper).where(among(Paper.invoice_id, invoice_ids)))
    return {row.invoice_id: row for row in rows}


def pad_of(kind: int, series: str) -> Pad:
    """The pad, in words like "Factura 0001"."""
    return Pad(str(kind), series, f"{PAPER_NAMES[kind]} {series}")


def _check_free(place: Mapping[str, Any], invoice: Invoice) -> None:
    """Another document's number is refused, unless that one was given up before anything of it was registered."""
    found = db.session.scalar(sa.select(Paper).where(
        *[getattr(Paper, name) == value for name, value in place.items()], Paper.invoice_id != invoice.id))
    if found is None:
        return
    given_up = found.invoice.state == "cancelled" and db.session.scalar(sa.select(Document.number).where(
        Document.invoice_id == found.invoice_id)) is None
    if not given_up:
        raise _taken(pad_of(place["kind"], place["series"]).words, place["number"], found.invoice)
    db.session.delete(found)
    db.session.flush()


def _taken(words: str, number: int, invoice: Invoice | None) -> DomainError:
    where = _(" (%(document)s of %(day)s)", document=str(invoice), day=invoice.issue_date.strftime("%d/%m/%Y")) if (
        invoice) else ""
    return DomainError(_("Reporting the paper is not possible because its number is used already: %(paper)s, "
                         "%(number)s%(where)s. Look at the number that is printed on it.", paper=words, number=number,
                         where=where), field="paper_number")
