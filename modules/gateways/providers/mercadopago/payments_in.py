"""Payments out of a report (reference 1.9): what neither a notice nor a poll told is found there by its number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.ports import Settled
from modules.gateways.providers.mercadopago.statement import MercadoPagoStatement
from modules.gateways.shapes import ZERO, Control, Problem, Reading


class MercadoPagoPayments:
    """The payments of a settlement or release report.

    What was taken back is only counted: a report names the payment, not the refund, and the poll tells both.
    """

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        """Payments in order; the Control counts them, and in its facts the other movements."""
        others: Counter[str] = Counter()
        count, total = 0, ZERO
        for one in MercadoPagoStatement().read(file, access):
            if isinstance(one, Control):
                facts = {**one.facts, "net": str(one.total), **{kind: str(many) for kind, many in others.items()}}
                yield replace(one, count=count, total=total, facts=facts)
            elif isinstance(one, Problem):
                yield one
            elif one.kind != "payment":
                others[one.kind] += 1
            elif one.external_id.isascii() and one.external_id.isdigit() and one.gross > 0:
                count, total = count + 1, total + one.gross
                yield _reading(one)
            else:
                yield Problem(one.line or 0, "number", _("Line %(line)s is a payment without a number or an amount.",
                                                         line=one.line))


def _reading(one: Settled) -> Reading:
    return Reading(one.external_id, "approved", one.gross, one.currency, one.settled_on, one.released_on, one.fee,
                   one.withheld, reference=one.reference, line=one.line)
