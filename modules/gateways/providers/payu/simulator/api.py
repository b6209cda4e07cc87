"""The two services that take commands as JSON (reference 1.6 to 1.8)."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.providers.payu.simulator import rules
from modules.gateways.providers.payu.simulator.book import Book, Config
from modules.gateways.providers.payu.simulator.rules import Refused


def called(book: Book, service: str, body: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The answer to a command; Refused where PayU says ERROR."""
    account = _account(book, body.get("merchant"))
    command = str(body.get("command"))
    known = REPORTS if service == "reports" else PAYMENTS
    if command == "PING":
        payload = "ping"
        return {"code": "SUCCESS", "error": None, "result": {"payload": payload}}
    if command not in known:
        raise Refused(f"The command {command} does not exist")
    return dict(known[command](book, account, body, base))


def _account(book: Book, merchant: Any) -> dict[str, Any]:
    given = merchant if isinstance(merchant, Mapping) else {}
    for one in book.kept.all("account"):
        good = hmac.compare_digest(str(given.get("apiLogin")).encode(), one["api_login"].encode())
        if good & hmac.compare_digest(str(given.get("apiKey")).encode(), one["api_key"].encode()):
            return dict(one)
    raise Refused("Invalid credentials")


# --- reports -----------------------------------------------------------------------------------------------


def _by_reference(book: Book, account: Mapping[str, Any], body: Mapping[str, Any], base: str) -> dict[str, Any]:
    found = book.of_reference(account["merchant_id"], str((body.get("details") or {}).get("referenceCode")))
    shown = [order_shown(one, book.config) for one in found if one["transactions"]]
    return {"code": "SUCCESS", "error": None, "result": {"payload": shown} if shown else None}


def _by_number(book: Book, account: Mapping[str, Any], body: Mapping[str, Any], base: str) -> dict[str, Any]:
    found = book.kept.get("order", "", str((body.get("details") or {}).get("orderId")))
    mine = found is not None and found["merchant"] == account["merchant_id"] and found["transactions"]
    return {"code": "SUCCESS", "error": None,
            "result": {"payload": order_shown(found, book.config)} if mine else None}


def order_shown(order: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """An order as Reports tells it; while it lags behind, as it was before."""
    lags = order.get("lag") and dt.datetime.fromisoformat(order["lag"]) > config.now()
    money = {"value": order["amount"], "currency": order["currency"]}
    return {
        "id": order["id"], "accountId": int(order["accountId"]), "status": "IN_PROGRESS" if lags else order["status"],
        "referenceCode": order["referenceCode"], "description": order["description"], "airlineCode": None,
        "language": "es", "notifyUrl": order.get("notifyUrl"), "shippingAddress": None, "buyer": order["buyer"],
        "antifraudMerchantId": None, "isTest": order["isTest"], "additionalValues": {"TX_VALUE": money},
        "transactions": [_transaction(order, one, config, bool(lags)) for one in order["transactions"]]}


def _transaction(order: Mapping[str, Any], one: Mapping[str, Any], config: Config, lags: bool) -> dict[str, Any]:
    hidden = lags and one["state"] == "APPROVED"
    fee = config.fee_of(one["amount"]) if one["state"] == "APPROVED" and one["type"] != "REFUND" else Decimal(0)
    values = {"TX_VALUE": one["amount"], "COMMISSION_VALUE": Decimal(0)}
    if fee and not hidden:
        values |= {"DP_MERCHANT_COMMISSION_VALUE": fee, "DP_MERCHANT_TOTAL_INCOME_VALUE": one["amount"] - fee}
    return {
        "id": one["id"], "order": None, "creditCard": None, "bankAccount": None, "type": one["type"],
        "parentTransactionId": one["parentTransactionId"], "paymentMethod": one["paymentMethod"], "source": "WEB",
        "paymentCountry": "CO", "transactionResponse": response_shown(order, one, hidden), "deviceSessionId": None,
        "ipAddress": "192.0.2.10", "extraParameters": {"INSTALLMENTS_NUMBER": "1"},
        "additionalValues": {name: {"value": value, "currency": order["currency"]} for name, value in values.items()}}


def response_shown(order: Mapping[str, Any], one: Mapping[str, Any], hidden: bool = False) -> dict[str, Any]:
    """What became of a transaction."""
    state = "PENDING" if hidden else one["state"]
    code = "PENDING_TRANSACTION_CONFIRMATION" if hidden else one["code"]
    return {"state": state, "paymentNetworkResponseCode": None, "trazabilityCode": one["id"],
            "authorizationCode": "026262" if state == "APPROVED" else None,
            "pendingReason": "AWAITING_NOTIFICATION" if state == "PENDING" else None, "responseCode": code,
            "errorCode": None, "operationDate": one["moment"], "extraParameters": one["extraParameters"] or None}


def _response(book: Book, account: Mapping[str, Any], body: Mapping[str, Any], base: str) -> dict[str, Any]:
    wanted = str((body.get("details") or {}).get("transactionId"))
    for order in book.kept.all("order"):
        for one in order["transactions"]:
            if one["id"] == wanted and order["merchant"] == account["merchant_id"]:
                return {"code": "SUCCESS", "error": None, "result": {"payload": response_shown(order, one)}}
    return {"code": "SUCCESS", "error": None, "result": None}


# --- payments ----------------------------------------------------------------------------------------------


def _submit(book: Book, account: Mapping[str, Any], body: Mapping[str, Any], base: str) -> dict[str, Any]:
    sent = body.get("transaction")
    if not isinstance(sent, Mapping) or not isinstance(sent.get("order"), Mapping):
        raise Refused("The transaction and its order are required")
    if sent.get("type") == "REFUND":
        order = book.order(sent["order"].get("id"))
        if order["merchant"] != account["merchant_id"]:
            raise Refused("The order does not exist")
        return _submitted(order, book.refund(order, str(sent.get("parentTransactionId"))))
    if sent.get("type") != "AUTHORIZATION_AND_CAPTURE" or sent.get("paymentMethod") not in rules.COUNTERS:
        raise Refused("The type of transaction or the payment method is not valid")
    amount = rules.order(account, sent["order"])
    order = book.open(account, _fields(sent["order"], amount, body))
    ends = str(sent.get("expirationDate") or "")
    wanted = dt.datetime.fromisoformat(ends).replace(tzinfo=Config.ZONE) if ends else None
    return _submitted(order, book.receipt(order, sent["paymentMethod"], wanted, base))


def _fields(sent: Mapping[str, Any], amount: Decimal, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"accountId": str(sent["accountId"]), "referenceCode": str(sent["referenceCode"]), "amount": amount,
            "currency": sent["additionalValues"]["TX_VALUE"]["currency"], "algorithm": "", "visited": False,
            "description": str(sent.get("description") or ""), "notifyUrl": sent.get("notifyUrl"),
            "buyer": dict(sent["buyer"]), "isTest": body.get("test") is True}


def _submitted(order: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    return {"code": "SUCCESS", "error": None, "transactionResponse": {
        **response_shown(order, one), "orderId": order["id"], "transactionId": one["id"],
        "additionalInfo": {"paymentNetwork": one["paymentMethod"], "transactionType": one["type"]}}}


REPORTS: dict[str, Any] = {"ORDER_DETAIL_BY_REFERENCE_CODE": _by_reference, "ORDER_DETAIL": _by_number,
                           "TRANSACTION_RESPONSE_DETAIL": _response}
PAYMENTS: dict[str, Any] = {"SUBMIT_TRANSACTION": _submit}
