"""Accounts, orders and transactions of the simulator, and what happens to them (reference 1.6 to 1.8)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core import exact_json
from core.simulators import Faults
from core.simulators.couriers import way_of
from core.simulators.kept import Kept as Base
from core.simulators.settings import Settings
from modules.gateways.providers.payu.simulator import rules
from modules.gateways.providers.payu.simulator.rules import Refused

# the account that PayU prints in its manual
ACCOUNT: dict[str, Any] = {
    "merchant_id": "508029", "api_key": "4Vj8eK4rloUd272L48hsrarnUA", "api_login": "pRRXKOl8ikMmt9u",
    "algorithm": "SHA256", "accounts": {"512321": "COP", "512322": "ARS", "512327": "BRL", "512325": "CLP",
                                        "512324": "MXN", "512326": "USD", "512323": "PEN"}}
FIRST_ORDER = 1_400_449_740
# a cash receipt that asks for no end, or for a later one
LONGEST = dt.timedelta(days=7)


def _percent(value: Any) -> Decimal:
    found = Decimal(str(value))
    if not 0 <= found <= 100:
        raise ValueError(value)
    return found


@dataclass(frozen=True)
class Config(Settings):
    """Fee in percent and pesos, with IVA on it; days until a refund is reviewed; how notices leave."""

    ZONE = ZoneInfo("America/Bogota")
    READ = {"fee": _percent, "fee_fixed": lambda value: Decimal(str(value)), "refund_days": int, "notices": way_of}

    fee: Decimal = Decimal("3.29")
    fee_fixed: Decimal = Decimal("300")
    refund_days: int = 2
    notices: str = "auto"

    def fee_of(self, amount: Decimal) -> Decimal:
        fee = (amount * self.fee / 100 + self.fee_fixed) * Decimal("1.19")
        return fee.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


class Kept(Base):
    """Accounts stay when all else is forgotten; amounts are Decimals."""

    STAYS = ("account",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "payu")

    def written(self, value: Any) -> str:
        return exact_json.as_json(value)

    def read(self, text: str) -> Any:
        return exact_json.read(text)


class Book:
    """The orders at one moment. `tell(order, transaction, code)` sends a confirmation when all is kept."""

    def __init__(self, kept: Kept, faults: Faults, config: Config,
                 tell: Callable[[dict[str, Any], dict[str, Any], str], None]) -> None:
        self.kept, self.faults, self.config, self.tell, self.now = kept, faults, config, tell, config.now()

    # --- orders ----------------------------------------------------------------------------------------

    def open(self, account: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
        """An order of a reference: the one that is there while nobody paid it, else Refused [gk]."""
        for order in self.of_reference(account["merchant_id"], fields["referenceCode"]):
            if order["status"] in ("CAPTURED", "REFUNDED", "CHARGEBACK"):
                raise Refused("The referenceCode already has an approved transaction")
            if order["visited"]:
                return self.keep({**order, **fields})
        number = int(self.kept.meta("order") or FIRST_ORDER)
        self.kept.set_meta("order", number + 1)
        made: dict[str, Any] = {"id": number, "merchant": account["merchant_id"], "status": "NEW", "transactions": [],
                                "visited": True, "isTest": False, "buyer": {}, **fields}
        names = self.kept.get("reference", made["merchant"], made["referenceCode"]) or []
        self.kept.put("reference", made["merchant"], made["referenceCode"], [*names, number])
        return self.keep(made)

    def keep(self, order: dict[str, Any]) -> dict[str, Any]:
        self.kept.put("order", "", str(order["id"]), order)
        return order

    def order(self, number: Any) -> dict[str, Any]:
        found = self.kept.get("order", "", str(number))
        if found is None:
            raise Refused("The order does not exist")
        return dict(found)

    def of_reference(self, merchant: str, reference: str) -> list[dict[str, Any]]:
        return [self.order(number) for number in self.kept.get("reference", merchant, reference) or []]

    # --- attempts --------------------------------------------------------------------------------------

    def attempt(self, order: dict[str, Any], method: tuple[str, str, str], code: str,
                amount: Decimal | None = None, ends: dt.datetime | None = None) -> dict[str, Any]:
        """An attempt of the payer, and what became of it."""
        if order["status"] in ("CAPTURED", "REFUNDED", "CHARGEBACK"):
            raise Refused("The order is already paid")
        made = {"id": str(uuid.uuid4()), "order": None, "type": "AUTHORIZATION_AND_CAPTURE",
                "parentTransactionId": None, "paymentMethod": method[0], "kind": method[1], "name": method[2],
                "source": "WEB", "paymentCountry": "CO", "ends": ends.isoformat() if ends else None,
                "amount": amount if amount is not None else order["amount"], "code": "", "refunds": "",
                "extraParameters": {}}
        order["transactions"].append(made)
        self.settle(order, made, code)
        return made

    def settle(self, order: dict[str, Any], one: dict[str, Any], code: str) -> None:
        """A transaction that got an answer now."""
        before, state = one["code"], rules.ANSWERS[code][0]
        one.update(code=code, state=state, moment=int(self.now.timestamp() * 1000), was=before)
        if state == "PENDING":
            self.kept.put("waiting", "", one["id"], order["id"])
        else:
            self.kept.delete("waiting", "", one["id"])
        order["status"] = self._status(order)
        if lag := self.faults.strikes("reports_lag") if state == "APPROVED" else None:
            order["lag"] = (self.now + dt.timedelta(seconds=lag.seconds or 30)).isoformat()
        self.keep(order)
        if state != "PENDING":
            self.tell(order, one, code)

    @staticmethod
    def _status(order: Mapping[str, Any]) -> str:
        states = [one["state"] for one in order["transactions"] if one["type"] == "AUTHORIZATION_AND_CAPTURE"]
        if "APPROVED" in states:
            return "CAPTURED"
        return "IN_PROGRESS" if "PENDING" in states else "DECLINED"

    def receipt(self, order: dict[str, Any], method: str, wanted: dt.datetime | None, base: str) -> dict[str, Any]:
        """A cash receipt: its number, its page, its end."""
        least, most = rules.COUNTERS.get(method, (0, 0))
        if not least <= order["amount"] <= most:
            raise Refused(f"The amount is outside the limits of {method}")
        latest = self.now + LONGEST
        ends = wanted if wanted is not None and self.now < wanted <= latest else latest
        made = self.attempt(order, (method, "7", method), "PENDING_TRANSACTION_CONFIRMATION", ends=ends)
        vid = f"{order['id']}Y{made['id'].replace('-', '')[:15]}"
        self.kept.put("vid", "", vid, [order["id"], made["id"]])
        page = f"{base}/ppp-web-gateway-payu/receipt?vid={vid}"
        made["extraParameters"] = {"EXPIRATION_DATE": int(ends.timestamp() * 1000), "REFERENCE": order["id"],
                                   "URL_PAYMENT_RECEIPT_PDF": page, "URL_PAYMENT_RECEIPT_HTML": page}
        self.keep(order)
        return made

    def find(self, number: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """(order, transaction) of a transaction that waits or of a receipt's page."""
        order_id = self.kept.get("waiting", "", number)
        if order_id is None and (named := self.kept.get("vid", "", number)):
            order_id, number = named
        if order_id is None:
            raise Refused("The transaction does not wait for anything")
        order = self.order(order_id)
        return order, next(one for one in order["transactions"] if one["id"] == number)

    def pay(self, number: str, code: str = "APPROVED", amount: Decimal | None = None) -> dict[str, Any]:
        """A receipt is paid at the counter, or the bank answers of a transfer."""
        order, one = self.find(number)
        late = one["ends"] is not None and dt.datetime.fromisoformat(one["ends"]) < self.now
        if one["state"] != "PENDING" and not (late and self.faults.strikes("late_cash")):
            raise Refused(f"The transaction is {one['state']}")
        one["amount"] = one["amount"] if amount is None else amount
        self.settle(order, one, code)
        return one

    # --- what time brings ------------------------------------------------------------------------------

    def age(self) -> None:
        """Receipts whose day is over, refunds whose review is."""
        for order_id in dict.fromkeys(self.kept.all("waiting")):
            order = self.order(order_id)
            for one in [row for row in order["transactions"] if row["state"] == "PENDING"]:
                over = one["ends"] is not None and dt.datetime.fromisoformat(one["ends"]) <= self.now
                if over and one["type"] == "REFUND":
                    self._give_back(order, one)
                elif over:
                    self.settle(order, one, "EXPIRED_TRANSACTION")

    # --- back ------------------------------------------------------------------------------------------

    def refund(self, order: dict[str, Any], parent: str) -> dict[str, Any]:
        """Asked for; PayU looks at it for days. Only cards, from ten minutes to two years after."""
        paid = next((one for one in order["transactions"] if one["id"] == parent and one["state"] == "APPROVED"
                     and one["type"] == "AUTHORIZATION_AND_CAPTURE"), None)
        if paid is None:
            raise Refused("The parent transaction is not approved")
        if paid["kind"] != "2":
            raise Refused("The payment method does not support refunds")
        age = self.now.timestamp() - paid["moment"] / 1000
        if not 600 <= age <= 2 * 365 * 86400 or paid["amount"] < 100:
            raise Refused("The transaction cannot be refunded now")
        if any(one["parentTransactionId"] == parent and one["state"] in ("PENDING", "APPROVED")
               for one in order["transactions"]):
            raise Refused("The refund is already registered")
        ends = self.now + dt.timedelta(days=self.config.refund_days)
        made = {**paid, "id": str(uuid.uuid4()), "type": "REFUND", "parentTransactionId": parent, "state": "PENDING",
                "code": "PENDING_TRANSACTION_REVIEW", "moment": int(self.now.timestamp() * 1000),
                "ends": ends.isoformat(), "extraParameters": {}}
        order["transactions"].append(made)
        self.kept.put("waiting", "", made["id"], order["id"])
        self.keep(order)
        return made

    def _give_back(self, order: dict[str, Any], one: dict[str, Any]) -> None:
        one.update(state="APPROVED", code="APPROVED", moment=int(self.now.timestamp() * 1000))
        order["status"] = "REFUNDED"
        self.kept.delete("waiting", "", one["id"])
        self.keep(order)

    def charge_back(self, number: Any, won: bool) -> dict[str, Any]:
        """A dispute is lost, or the merchant won it: the order changes, and no confirmation is sent."""
        order = self.order(number)
        if order["status"] not in ("CAPTURED", "CHARGEBACK"):
            raise Refused(f"The order is {order['status']}")
        order["status"] = "CAPTURED" if won else "CHARGEBACK"
        return self.keep(order)
