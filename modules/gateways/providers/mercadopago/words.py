"""Why a payment was refused or waits, in words for the payer: status_detail → sentence (reference 1.4)."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy as _

REASONS: dict[str, Any] = {
    "pending_waiting_payment": _("The ticket waits to be paid."),
    "pending_waiting_transfer": _("The transfer has not arrived yet."),
    "pending_challenge": _("The bank waits for your confirmation."),
    "pending_capture": _("The card was authorised, and the money was not taken yet."),
    "pending_contingency": _("Mercado Pago is processing the payment; that takes two working days at most."),
    "pending_review_manual": _("Mercado Pago is reviewing the payment; that takes two working days at most."),
    "offline_process": _("The payment is being processed."),
    "deferred_retry": _("The payment is being processed and will be tried again."),
    "cc_rejected_bad_filled_card_number": _("The card's number is wrong."),
    "cc_rejected_bad_filled_date": _("The card's expiry date is wrong."),
    "cc_rejected_bad_filled_other": _("Something about the card was typed wrong."),
    "cc_rejected_bad_filled_security_code": _("The card's security code is wrong."),
    "cc_rejected_blacklist": _("The payment could not be processed. Use another way to pay."),
    "cc_rejected_call_for_authorize": _("The bank wants you to authorise this payment: call it and try again."),
    "cc_rejected_card_disabled": _("The card is not active: call the bank or use another card."),
    "cc_rejected_card_error": _("The payment could not be processed. Use another card."),
    "cc_rejected_card_type_not_allowed": _("This kind of card is not taken. Use another one."),
    "cc_rejected_duplicated_payment": _("The same payment was made a moment ago. Use another card if you want to pay "
                                        "again."),
    "cc_rejected_high_risk": _("The payment was refused for safety. Use another way to pay, cash for instance."),
    "cc_rejected_insufficient_amount": _("The card has not enough money."),
    "cc_rejected_invalid_installments": _("The card does not take this number of instalments."),
    "cc_rejected_max_attempts": _("Too many attempts. Use another card."),
    "cc_rejected_other_reason": _("The bank refused the payment. Use another card."),
    "cc_amount_rate_limit_exceeded": _("The amount is more than this card may pay."),
    "rejected_by_bank": _("The bank refused the payment."),
    "bank_error": _("The bank could not process the payment. Try again later."),
    "expired": _("The time to pay was over."),
    "by_collector": _("The provider cancelled it."),
    "by_payer": _("The payer cancelled it."),
}
