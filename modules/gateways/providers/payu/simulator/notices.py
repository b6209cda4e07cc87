"""Confirmations (reference 1.4): forms, signed, repeated until they are taken; and the payer's way back (1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from core.simulators import Faults
from core.simulators.couriers import Letter, Mailbox
from modules.gateways.providers.payu.simulator import rules
from modules.gateways.providers.payu.simulator.book import Config

QUARTER, LONGEST = 900.0, 24 * 3600.0


@dataclass
class Confirmation(Letter):
    """A form that says how often it was tried."""

    fields: dict[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return urlencode({**self.fields, "attempts": str(max(self.tries, 1))}).encode()


def again(tries: int) -> float:
    """How often PayU repeats is not published: every quarter of an hour, then at growing intervals."""
    return min(QUARTER * 2.0 ** max(tries - 3, 0), LONGEST)


class Notices(Mailbox):
    """What the merchants were told."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(again, lambda status: status == 200)
        self.faults = faults

    def confirm(self, account: Mapping[str, Any], order: Mapping[str, Any], one: Mapping[str, Any], code: str,
                config: Config) -> None:
        """Tell of a final state, at the order's own address or the account's."""
        address = order.get("notifyUrl") or account.get("confirmation_url")
        if config.notices == "off" or not address or self.faults.strikes("notice_lost"):
            return
        amount = one["amount"] + (1 if self.faults.strikes("wrong_value") else 0)
        fields = confirmation(account, order, one, code, amount, config)
        if self.faults.strikes("wrong_sign"):
            fields["sign"] = rules.signed({**account, "api_key": "another key"}, order["algorithm"], fields["sign"])
        for _time in range(2 if self.faults.strikes("duplicate_notice") else 1):
            self.post(Confirmation(address, b"", {"Content-Type": "application/x-www-form-urlencoded"}, fields=fields,
                                   tag={"transaction": one["id"], "state": fields["state_pol"]}))


def confirmation(account: Mapping[str, Any], order: Mapping[str, Any], one: Mapping[str, Any], code: str,
                 amount: Decimal, config: Config) -> dict[str, str]:
    """The fields of a confirmation."""
    _state, pol, answer = rules.ANSWERS[code]
    moment = config.now()
    fee = config.fee_of(amount) if pol == "4" else Decimal(0)
    told = {
        "response_code_pol": answer, "response_message_pol": code, "state_pol": pol, "value": f"{amount:.2f}",
        "tax": "0.00", "currency": order["currency"], "additional_value": "0.00", "merchant_id": account["merchant_id"],
        "reference_sale": order["referenceCode"], "reference_pol": str(order["id"]), "transaction_id": one["id"],
        "test": "1" if order["isTest"] else "0", "transaction_date": f"{moment:%Y-%m-%d %H:%M:%S}",
        "date": f"{moment:%Y.%m.%d %H:%M:%S}", "payment_method": "10", "payment_method_id": one["kind"],
        "payment_method_type": one["kind"], "payment_method_name": one["name"], "commision_pol": f"{fee:.2f}",
        "commision_pol_currency": order["currency"], "exchange_rate": "1.00", "description": order["description"],
        "email_buyer": order["buyer"].get("emailAddress", ""), "payment_request_state": "A" if pol == "4" else "R",
        "cc_number": "************0004" if one["kind"] == "2" else "", "franchise": "", "installments_number": "1",
        "ip": "192.0.2.10", "risk": "0.0", "extra1": order.get("extra1", ""), "extra2": order.get("extra2", ""),
        "extra3": ""}
    told["sign"] = rules.signed(account, order["algorithm"], account["merchant_id"], order["referenceCode"],
                                rules.confirmation_value(amount), order["currency"], pol)
    return told


def way_back(account: Mapping[str, Any], order: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """Where the payer's browser goes, "" where nowhere: the response page with what PayU appends, signed."""
    address = order.get("responseUrl") or account.get("response_url")
    if not address:
        return ""
    state, pol, answer = rules.ANSWERS[one["code"]]
    told = {"merchantId": account["merchant_id"], "transactionState": pol, "lapTransactionState": state,
            "message": one["code"], "referenceCode": order["referenceCode"], "reference_pol": str(order["id"]),
            "transactionId": one["id"], "description": order["description"], "polTransactionState": pol,
            "polResponseCode": answer, "lapResponseCode": one["code"], "lapPaymentMethod": one["paymentMethod"],
            "lapPaymentMethodType": one["kind"], "TX_VALUE": f"{one['amount']:.2f}", "TX_TAX": ".00",
            "currency": order["currency"], "lng": "es", "extra1": order.get("extra1", "")}
    told["signature"] = rules.signed(account, order["algorithm"], account["merchant_id"], order["referenceCode"],
                                     rules.response_value(one["amount"]), order["currency"], pol)
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(told)}"
