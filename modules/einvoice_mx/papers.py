"""What is stamped and cancelled without being a document of accounting: which tables, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from modules.einvoice_mx import corrections, gathering, global_corrections, receipts
from modules.einvoice_mx.models import GlobalInvoice, PaymentReceipt, Stampable


@dataclass(frozen=True)
class Paper:
    """A table of such documents; the functions run in the transaction that records what happened."""

    model: type[Stampable]
    # rows were stamped: their ids
    stamped: Callable[[Sequence[int]], None]
    # the SAT has cancelled a row, or has refused to
    cancelled: Callable[[Any], None]
    refused: Callable[[Any], None]


def _nothing(_row: Any) -> None:
    """The row says it itself."""


PAPERS: dict[str, Paper] = {
    receipts.PAPER: Paper(PaymentReceipt, corrections.after_stamped,
                          lambda row: corrections.after_cancelled([row.id]), _nothing),
    gathering.PAPER: Paper(GlobalInvoice, global_corrections.after_stamped, global_corrections.after_cancelled,
                           global_corrections.after_refused),
}
