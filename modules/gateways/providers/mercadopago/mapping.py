"""A payment as Mercado Pago tells it → readings of the product (reference 1.3 to 1.5). Pure.

The debt is settled with `transaction_amount`, whatever the payer's financing makes of it. A payment that money came in
for stays a payment whatever becomes of it later; what is taken back of it are readings of their own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.access import Access
from modules.gateways.providers import values
from modules.gateways.providers.values import mapping, money, plain
from modules.gateways.shapes import ZERO, Reading, Reference

# reference 1.4; with money: charged in the first place, whatever was taken back since
STATES = {
    "pending": "pending", "in_process": "pending", "authorized": "pending", "approved": "approved",
    "in_mediation": "approved", "rejected": "rejected", "cancelled": "expired", "refunded": "approved",
    "charged_back": "approved",
}
REFUND_STATES = {"approved": "reversed", "in_process": "pending", "rejected": "rejected", "cancelled": "rejected"}
DISPUTED, NET_DOES_NOT_FIT = "disputed", "net_does_not_fit"
REIMBURSED = "reimbursed"
# a payment that changes that long after its approval may have come back from a chargeback
SETTLED_AFTER = dt.timedelta(minutes=1)
# what is kept of a payment (reference 1.3)
KEPT = ("id", "status", "status_detail", "live_mode", "transaction_amount", "transaction_amount_refunded",
        "currency_id", "date_created", "date_approved", "date_last_updated", "date_of_expiration",
        "money_release_date", "money_release_status", "payment_method_id", "payment_type_id", "external_reference",
        "installments", "payer", "fee_details", "charges_details", "taxes_amount", "coupon_amount", "shipping_amount",
        "transaction_details", "refunds", "order", "card", "metadata")


class NoPayment(ValueError):
    """Something that has no identity of a payment."""


def readings(access: Access, payment: Mapping[str, Any]) -> list[Reading]:
    """A payment and what was taken back of it. NoPayment where it has no identity.

    A taking back is pending while it is only asked for; rejected where it came to nothing or is undone: a chargeback
    that the provider won.
    """
    number = identity(payment)
    amount, currency = money(payment.get("transaction_amount")), str(payment.get("currency_id") or "")
    if amount is None or amount <= 0 or amount != payment["transaction_amount"] or not currency:
        return [Reading(number, "unknown", ZERO, currency, reason="no amount", raw=kept(payment))]
    paid = _payment(access, number, amount, currency, payment)
    return [paid, *_taken_back(access, paid, payment)]


def identity(payment: Mapping[str, Any]) -> str:
    """The payment's number as text: it passes 2³¹."""
    number = payment.get("id")
    if isinstance(number, bool) or not re.fullmatch(r"\d{1,30}", str(number)):
        raise NoPayment(str(number)[:60])
    return str(number)


def _payment(access: Access, number: str, amount: Decimal, currency: str, payment: Mapping[str, Any]) -> Reading:
    status, detail = str(payment.get("status") or ""), str(payment.get("status_detail") or "")
    approved = moment(payment.get("date_approved"))
    state = STATES.get(status, "unknown")
    if status == "refunded" and approved is None and not refunds_of(payment):
        state = "rejected"  # no money ever came
    fee, withheld, remarks = _kept_back(amount, payment) if state == "approved" else (None, None, ())
    if status == "in_mediation":
        remarks = (*remarks, DISPUTED)
    paid = approved or (moment(payment.get("date_created")) if state == "approved" else None)
    released = moment(payment.get("money_release_date")) if state == "approved" else None
    return Reading(
        number, state, amount, currency, access.day(paid) if paid else None,
        access.day(released) if released else None, fee, withheld, channel_of(payment), reference_of(payment),
        updated_at=updated(payment), live=payment.get("live_mode") is True,
        reason=detail if state != "unknown" else ": ".join(one for one in (status, detail) if one),
        payer=payer_of(payment), remarks=remarks, raw=kept(payment))


def _kept_back(amount: Decimal, payment: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None, tuple[str, ...]]:
    """(fee, taxes withheld, remarks). What the net lacks beyond the fee is tax, known while nothing was taken back.

    The net is zero until the money is there, and nobody says what it becomes of a refund.
    """
    details = payment.get("fee_details")
    if not isinstance(details, list):
        return None, None, ()
    fee = sum((money(one.get("amount")) or ZERO for one in details
               if isinstance(one, Mapping) and one.get("fee_payer") == "collector"), ZERO)
    net = money(mapping(payment.get("transaction_details")).get("net_received_amount"))
    if not net or payment.get("status") not in ("approved", "in_mediation") or money(
            payment.get("transaction_amount_refunded")):
        return fee, None, ()
    withheld = amount - fee - net
    return (fee, withheld, ()) if withheld >= 0 else (fee, None, (NET_DOES_NOT_FIT,))


def _taken_back(access: Access, paid: Reading, payment: Mapping[str, Any]) -> Iterator[Reading]:
    """Refunds by their numbers, the rest of a payment that was returned as a whole, a chargeback."""
    if paid.status != "approved":
        return
    status, refunded = str(payment.get("status")), ZERO
    for one in refunds_of(payment):
        reading = refund(access, paid, one)
        refunded += reading.amount if reading.status == "reversed" else ZERO
        yield reading
    rest = max(paid.amount - refunded, ZERO)
    if status == "refunded":
        # returned by the service itself without telling a refund; were there one later, this would be undone
        yield _reversal(access, paid, f"{paid.external_id}-rest", "reversed" if rest else "rejected",
                        rest or paid.amount, paid.reason)
    elif status == "charged_back" and paid.reason != REIMBURSED:
        yield _chargeback(access, paid, "reversed", rest or paid.amount)
    elif status == "charged_back" or paid.reason == REIMBURSED or _changed_later(paid, payment):
        yield _chargeback(access, paid, "rejected", rest or paid.amount)


def _changed_later(paid: Reading, payment: Mapping[str, Any]) -> bool:
    approved = moment(payment.get("date_approved"))
    return (payment.get("status") == "approved" and approved is not None and paid.updated_at is not None
            and paid.updated_at - approved > SETTLED_AFTER)


def _chargeback(access: Access, paid: Reading, status: str, amount: Decimal) -> Reading:
    return _reversal(access, paid, f"{paid.external_id}-chargeback", status, amount, paid.reason)


def _reversal(access: Access, paid: Reading, number: str, status: str, amount: Decimal, reason: str) -> Reading:
    day = access.day(paid.updated_at) if paid.updated_at else None
    return Reading(number, status, amount, paid.currency, day, channel=paid.channel, reference=paid.reference,
                   reverses=paid.external_id, updated_at=paid.updated_at, live=paid.live, reason=reason)


def refund(access: Access, paid: Reading, one: Mapping[str, Any]) -> Reading:
    """One refund of a payment; `paid` gives what the refund does not tell. NoPayment where it has no number."""
    made, amount = moment(one.get("date_created")), max(money(one.get("amount")) or ZERO, ZERO)
    status = REFUND_STATES.get(str(one.get("status") or "approved"), "unknown") if amount else "unknown"
    return Reading(
        f"refund-{identity(one)}", status, amount, paid.currency, access.day(made) if made else None,
        channel=paid.channel, reference=paid.reference, reverses=paid.external_id,
        updated_at=paid.updated_at or made, live=paid.live, reason=str(one.get("reason") or ""), raw=plain(one))


def refunds_of(payment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The refunds that a payment tells of."""
    listed = payment.get("refunds")
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def lacks_refunds(payment: Mapping[str, Any]) -> bool:
    """Whether more was returned than its refunds tell: they are to be asked for."""
    told = sum((money(one.get("amount")) or ZERO for one in refunds_of(payment)
                if str(one.get("status") or "approved") == "approved"), ZERO)
    wanted = money(payment.get("transaction_amount_refunded")) or ZERO
    if payment.get("status") == "refunded":
        wanted = max(wanted, money(payment.get("transaction_amount")) or ZERO)
    return told < wanted


def reference_of(payment: Mapping[str, Any]) -> Reference:
    """Whose it is: our reference, and the codes that we sent along and that come back."""
    sent = mapping(payment.get("metadata"))
    return Reference(customer=str(sent.get("customer") or ""), invoice=str(sent.get("invoice") or ""),
                     attempt=str(payment.get("external_reference") or ""))


def payer_of(payment: Mapping[str, Any]) -> dict[str, str]:
    """What helps to find the owner: email, document, name; what there is of them."""
    payer = mapping(payment.get("payer"))
    name = " ".join(str(payer[part]) for part in ("first_name", "last_name") if payer.get(part))
    found = {"email": payer.get("email"), "document": mapping(payer.get("identification")).get("number"),
             "name": name}
    return {key: str(value) for key, value in found.items() if value}


def channel_of(payment: Mapping[str, Any]) -> str:
    """How it was paid: visa, oxxo, account_money."""
    return str(payment.get("payment_method_id") or payment.get("payment_type_id") or "")


def updated(payment: Mapping[str, Any]) -> dt.datetime | None:
    """When it last changed."""
    return moment(payment.get("date_last_updated")) or moment(payment.get("date_created"))


def moment(text: Any) -> dt.datetime | None:
    """2026-11-09T10:04:58.396-04:00, aware; None for anything else."""
    try:
        found = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    good = found is not None and found.tzinfo is not None and 1970 < found.year < 3000
    return found.astimezone(dt.UTC) if found and good else None


def kept(payment: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a payment."""
    return values.kept(payment, KEPT)
