"""PayU's orders and confirmations → readings of the product (reference 1.4, 1.6, 1.8). Pure.

An order is one reference of ours with one transaction per attempt of the payer; money is an attempt that charged. What
was taken back of it are readings of their own. PayU does not say when an order changed: the last answer counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.access import Access
from modules.gateways.providers import values
from modules.gateways.providers.payu.words import API_STATES, STATES
from modules.gateways.shapes import ZERO, Reading, Reference

CHARGES, RETURNS = ("AUTHORIZATION_AND_CAPTURE", "CAPTURE"), ("REFUND", "PARTIAL_REFUND", "VOID")
# states of an order in which a charge that was approved holds
SETTLED = ("CAPTURED", "REFUNDED", "CHARGEBACK")
LAGGING = ("NEW", "IN_PROGRESS", "AUTHORIZED")
OTHER_ACCOUNT, NET_DOES_NOT_FIT = "other account", "net_does_not_fit"
KEPT = ("id", "status", "referenceCode", "accountId", "isTest", "transactions", "additionalValues")


def readings(access: Access, order: Mapping[str, Any]) -> list[Reading]:
    """Attempts of an order, then what was taken back of them."""
    charges = [_charge(access, order, one) for one in _transactions(order, CHARGES)]
    paid = [one for one in charges if one.status == "approved"]
    return [*charges, *(_returns(access, order, paid) if paid else ())]


def _transactions(order: Mapping[str, Any], kinds: tuple[str, ...]) -> list[Mapping[str, Any]]:
    return [one for one in values.objects(order.get("transactions"))
            if one.get("type") in kinds and values.text(one.get("id"))]


def _charge(access: Access, order: Mapping[str, Any], one: Mapping[str, Any]) -> Reading:
    """An attempt of the payer."""
    response, (amount, currency) = values.mapping(one.get("transactionResponse")), _value(one)
    status = _status(access, order, values.text(response.get("state")), amount)
    moment = values.milliseconds(response.get("operationDate"))
    fee, withheld, remarks = _kept_back(one, amount or ZERO, currency) if status == "approved" else (None, None, ())
    reference = values.text(order.get("referenceCode"))
    return Reading(
        values.text(one.get("id")), status, amount or ZERO, currency, access.day(moment) if moment else None,
        fee=fee, withheld=withheld, channel=values.text(one.get("paymentMethod")).lower()[:40],
        reference=Reference(invoice=reference, attempt=reference), live=order.get("isTest") is not True,
        reason="" if status == "approved" else _reason(status, response), payer=_payer(order), remarks=remarks,
        raw={"order": values.text(order.get("id")), "order_status": values.text(order.get("status")),
             "transaction": values.plain(one)})


def _status(access: Access, order: Mapping[str, Any], state: str, amount: Decimal | None) -> str:
    status, said = API_STATES.get(state, "unknown"), values.text(order.get("status"))
    if status != "approved":
        return status
    if values.text(order.get("accountId")) != str(access.get("account_id")):
        return "mismatch"  # the number of the account is not signed: somebody sent the money elsewhere
    if said in LAGGING:
        return "pending"
    return "approved" if said in SETTLED and amount else "unknown"


def _reason(status: str, response: Mapping[str, Any]) -> str:
    return OTHER_ACCOUNT if status == "mismatch" else values.text(response.get("responseCode")
                                                                  or response.get("pendingReason"))


def _value(one: Mapping[str, Any], name: str = "TX_VALUE") -> tuple[Decimal | None, str]:
    found = values.mapping(values.mapping(one.get("additionalValues")).get(name))
    amount = values.money(found.get("value"))
    return (amount if amount and amount > 0 else None), values.text(found.get("currency"))


def _kept_back(one: Mapping[str, Any], amount: Decimal,
               currency: str) -> tuple[Decimal | None, Decimal | None, tuple[str, ...]]:
    """(fee, what else was kept back, remarks): what the income lacks beyond the commission."""
    fee, of_fee = _value(one, "DP_MERCHANT_COMMISSION_VALUE")
    income, of_income = _value(one, "DP_MERCHANT_TOTAL_INCOME_VALUE")
    if fee is None or of_fee != currency:
        return None, None, ()
    if income is None or of_income != currency:
        return fee, None, ()
    withheld = amount - fee - income
    return (fee, withheld, ()) if withheld >= 0 else (fee, None, (NET_DOES_NOT_FIT,))


def _payer(order: Mapping[str, Any]) -> dict[str, str]:
    buyer = values.mapping(order.get("buyer"))
    found = {"name": buyer.get("fullName"), "email": buyer.get("emailAddress"), "document": buyer.get("dniNumber")}
    return {name: values.text(one) for name, one in found.items() if values.text(one)}


# --- money that went back --------------------------------------------------------------------------------


def _returns(access: Access, order: Mapping[str, Any], paid: list[Reading]) -> Iterator[Reading]:
    """Refunds by their numbers; the rest of an order that PayU calls returned; a dispute that was lost, or was not.

    A refund names the attempt that it gives back; the rest is told where there is no doubt which that is.
    """
    back, said = dict.fromkeys((one.external_id for one in paid), ZERO), values.text(order.get("status"))
    known = {one.external_id: one for one in paid}
    for one in _transactions(order, RETURNS):
        told = refund(access, known.get(values.text(one.get("parentTransactionId")), paid[-1]), one)
        if told.status == "reversed" and told.reverses in back:
            back[told.reverses] += told.amount
        yield told
    certain = "reversed" if len(paid) == 1 else "mismatch"
    for charge in paid:
        rest = max(charge.amount - back[charge.external_id], ZERO)
        gone = said == "REFUNDED" and rest and not any(back.values())
        yield _taken(charge, "rest", certain if gone else "rejected", rest or charge.amount)
        lost = said == "CHARGEBACK" and rest
        yield _taken(charge, "chargeback", certain if lost else "rejected", rest or charge.amount)


def refund(access: Access, paid: Reading, one: Mapping[str, Any]) -> Reading:
    """One refund of an order; `paid` is what it gives back."""
    response, (amount, _currency) = values.mapping(one.get("transactionResponse")), _value(one)
    status = API_STATES.get(values.text(response.get("state")), "unknown")
    moment = values.milliseconds(response.get("operationDate"))
    return _taken(paid, "",
                  {"approved": "reversed", "pending": "pending", "unknown": "unknown"}.get(status, "rejected"),
                  amount or paid.amount, values.text(one.get("id")), access.day(moment) if moment else None,
                  values.text(response.get("responseCode")))


def _taken(paid: Reading, kind: str, status: str, amount: Decimal, number: str = "", day: dt.date | None = None,
           reason: str = "") -> Reading:
    return Reading(number or f"{paid.external_id}-{kind}", status, amount, paid.currency, day, channel=paid.channel,
                   reference=paid.reference, reverses=paid.external_id, live=paid.live,
                   reason=reason or values.text(paid.raw.get("order_status")), raw={"order": paid.raw.get("order", "")})


# --- what a confirmation says ----------------------------------------------------------------------------


def confirmed(access: Access, form: Mapping[str, str]) -> Reading | None:
    """The payment that a confirmation tells; None where it names none. Its state comes from state_pol alone."""
    number, amount = form.get("transaction_id", ""), values.amount(form.get("value", ""))
    if not number:
        return None
    status, currency = STATES.get(form.get("state_pol", ""), "unknown"), form.get("currency", "")
    fee = values.amount(form.get("commision_pol", ""))
    reference = form.get("reference_sale", "")
    return Reading(
        number[:120], status if amount else "unknown", amount or ZERO, currency, _day(form.get("transaction_date", "")),
        fee=fee if fee is not None and form.get("commision_pol_currency", currency) == currency else None,
        channel=form.get("payment_method_name", "").lower()[:40],
        reference=Reference(invoice=reference, attempt=reference), live=form.get("test", "0") == "0",
        reason="" if status == "approved" else form.get("response_message_pol", ""),
        payer={name: value for name, value in (("email", form.get("email_buyer", "")), ("code", form.get("extra1", "")),
                                               ("document", form.get("payer_document", ""))) if value},
        raw={"order": form.get("reference_pol", ""), "code": form.get("response_code_pol", "")})


def _day(text: str) -> dt.date | None:
    """The day of "2026-11-09 10:21:07", which is Colombia's."""
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def returned(query: Mapping[str, str]) -> Reading:
    """What the page says to which the payer's browser comes back."""
    amount, reference = values.amount(query.get("TX_VALUE", "")), query.get("referenceCode", "")
    status = STATES.get(query.get("transactionState", ""), "unknown")
    return Reading(query.get("transactionId", "")[:120], status if amount else "unknown", amount or ZERO,
                   query.get("currency", ""), _day(query.get("processingDate", "")),
                   channel=query.get("lapPaymentMethod", "").lower()[:40],
                   reference=Reference(invoice=reference, attempt=reference), reason=query.get("lapResponseCode", ""))
