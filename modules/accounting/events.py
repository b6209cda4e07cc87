"""What happened to documents and payments."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InvoicesIssued:
    """Documents stand in the current accounts; those that need the authority wait for it."""

    invoice_ids: list[int]


@dataclass(frozen=True)
class InvoiceReady:
    """Documents are final: authorised, or in need of no authority. They can be printed and sent."""

    invoice_ids: list[int]


@dataclass(frozen=True)
class CreditNoteIssued:
    """A credit note stands in the current account."""

    invoice_id: int


@dataclass(frozen=True)
class InvoiceCancelled:
    """A document was annulled by a reversing entry."""

    invoice_id: int


@dataclass(frozen=True)
class PaymentsRecorded:
    """Money was received."""

    payment_ids: list[int]


@dataclass(frozen=True)
class PaymentRefunded:
    """A part of a payment was given back; what that part paid is open again."""

    refund_id: int


@dataclass(frozen=True)
class PaymentReversed:
    """A payment was taken back; what it paid is open again."""

    payment_id: int
