"""ComboPay's states → readings, and what is asked of it (reference 5). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers import values
from modules.gateways.shapes import ZERO, Attempt, Debt, Opened, Reading, Reference

CURRENCY = "COP"
# a word that is missing or new is pending: the link is asked about again
STATES = {"payment_approved": "approved", "payment_pending": "pending", "payment_fail": "rejected"}
DOCUMENTS = {"CC": "CC", "NIT": "NIT", "CE": "CE", "PASAPORTE": "PP", "PAS": "PP", "PP": "PP"}
AMOUNT_OF_LINK = "amount_of_the_link"


def problem(debt: Debt) -> str:
    """Why this debt cannot be collected, in words; "" where it can."""
    try:
        dues.check(debt, 3, CURRENCY)
    except BadDebt as error:
        return str(error)
    if debt.amount != debt.amount.to_integral_value():
        return _("ComboPay takes whole pesos; found: %(found)s.", found=f"{debt.amount:f}")
    return ""


def request(access: Access, debt: Debt, attempt: Attempt, notice_url: str) -> dict[str, Any]:
    """What opens a link. BadDebt where the payer lacks what ComboPay insists on."""
    payer = attempt.payer
    kind, number = DOCUMENTS.get(payer.document_kind.upper(), ""), re.sub(r"[^0-9A-Za-z]", "", payer.document)
    email = payer.email or str(access.get("payer_email"))
    if not kind or not number or not email:
        raise BadDebt(_("ComboPay wants the payer's document (CC, NIT, CE or passport) and e-mail: complete the "
                        "customer's details."))
    start, end = debt.extra.get("period_from"), debt.extra.get("period_to")
    period = {"start_billing_period": start, "end_billing_period": end} if start and end else {}
    return {
        "value": int(debt.amount), "description": " ".join((attempt.description or debt.concept).split())[:250],
        "invoice": attempt.reference, "name": (payer.name or debt.name)[:150], "document_type": kind,
        "document": number, "email": email, "phone_number": payer.phone, "typePaymentMethod": "payment_link",
        "url_data_return": notice_url, "url_client_redirect": attempt.return_url or access.return_url,
        "custom": debt.customer, **period}


def reading(access: Access, opened: Opened, reference: str, found: Mapping[str, Any] | None) -> Reading:
    """The state of a link. Without a transaction it is pending, by the number of the link."""
    told = found or {}
    status = STATES.get(values.text(told.get("transaction_state")), "pending")
    ticket = values.text(told.get("ticket_id"))
    said, ours = values.amount(told.get("transaction_value")), values.amount(str(opened.data.get("value") or ""))
    named = values.text(told.get("invoice_number"))
    remarks = () if said is not None or status != "approved" else (AMOUNT_OF_LINK,)
    if named and named != reference and status == "approved":
        status = "mismatch"  # it tells of another debt than the one that was asked for
    amount = said if said is not None else ours or ZERO
    return Reading(ticket or f"link-{opened.provider_ref}", status if amount > 0 else "unknown", amount, CURRENCY,
                   channel=values.text(told.get("payment_method")).lower()[:40],
                   reference=Reference(invoice=reference, attempt=reference), remarks=remarks,
                   reason="" if status == "approved" else values.text(told.get("transaction_state")),
                   raw={"link": opened.provider_ref, "told": values.plain(told)})


def noticed(told: Mapping[str, Any]) -> Reading | None:
    """What a notice says: a hint, never the money itself. None where it names no debt."""
    reference, ticket = values.text(told.get("invoice_number")), values.text(told.get("ticket_id"))
    if not reference:
        return None
    amount = values.amount(told.get("transaction_value"))
    return Reading((ticket or reference)[:120], STATES.get(values.text(told.get("transaction_state")), "pending"),
                   amount or ZERO, CURRENCY, channel=values.text(told.get("payment_method")).lower()[:40],
                   reference=Reference(invoice=reference[:80], attempt=reference[:80]))
