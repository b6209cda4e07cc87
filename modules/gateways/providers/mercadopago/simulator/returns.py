"""Money that goes back: refunds, chargebacks, claims (reference 1.4, 1.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from core.simulators.frame import BadRequest
from modules.gateways.providers.mercadopago.simulator import reading
from modules.gateways.providers.mercadopago.simulator.desk import Desk
from modules.gateways.providers.mercadopago.simulator.errors import Refused
from modules.gateways.providers.mercadopago.simulator.store import utc

ZERO = Decimal(0)
LAST = dt.timedelta(days=180)
WITH_MONEY = ("approved", "in_mediation")


def refund(desk: Desk, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """POST …/refunds: a part, or with an empty body what is left; whole payments only where the country says so."""
    payment = desk.payment(number)
    if payment["status"] != "approved":
        raise Refused("Payment status is not valid for refund", code=2085)
    if (utc(payment["date_approved"]) or "") < (utc(desk.date(desk.now - LAST)) or ""):
        raise Refused("Payment too old to be refunded", code=2024)
    left = Decimal(payment["transaction_amount"]) - payment["transaction_amount_refunded"]
    amount = left if body.get("amount") is None else reading.amount(body, "amount", desk.country)
    if amount > left:
        raise Refused("Amount to refund is more than what is left of the payment", code=2017)
    if not desk.country.partial_refunds and amount != payment["transaction_amount"]:
        raise Refused("Partial refunds are not available for this site", code=2063)
    made = {"id": desk.book.number(), "payment_id": payment["id"], "amount": amount, "status": "approved",
            "refund_mode": "standard", "date_created": desk.date(), "reason": None, "metadata": {},
            "source": {"id": desk.owner, "name": desk.account["nickname"], "type": "collector"}}
    payment["refunds"].append(made)
    payment["transaction_amount_refunded"] += amount
    if payment["transaction_amount_refunded"] == payment["transaction_amount"]:
        payment |= {"status": "refunded", "status_detail": "refunded"}
    else:
        payment["status_detail"] = "partially_refunded"
    desk.keep(payment)
    return made


def charge_back(desk: Desk, number: str, outcome: str) -> dict[str, Any]:
    """The payer's bank takes the money: `open`, then `lost`, or `won`, after which it comes back."""
    payment = desk.payment(number)
    wanted = WITH_MONEY if outcome == "open" else ("charged_back",)
    again = outcome == "open" and payment["status_detail"] == "reimbursed"  # the bank asks once more (arbitration)
    if outcome not in ("open", "won", "lost") or not (again or payment["status"] in wanted):
        raise BadRequest(_("A payment that is %(state)s cannot be charged back that way.", state=payment["status"]))
    found = desk.book.get("chargeback", desk.owner, number)
    if found is None:
        found = {"id": desk.book.number(), "payments": [payment["id"]], "currency": payment["currency_id"],
                 "amount": payment["transaction_amount"] - payment["transaction_amount_refunded"],
                 "reason": "fraud", "coverage_eligible": True, "documentation_required": True,
                 "date_created": desk.date()}
    found |= {"coverage_applied": {"won": True, "lost": False}.get(outcome),
              "documentation_status": "pending" if outcome == "open" else "valid",
              "date_documentation_deadline": desk.date(desk.now + dt.timedelta(days=10)),
              "date_last_updated": desk.date()}
    desk.book.put("chargeback", desk.owner, number, found)
    if outcome == "won" and desk.faults.strikes("reopened_chargeback"):
        payment |= {"status": "approved", "status_detail": "accredited"}
    else:
        detail = {"open": "in_process", "won": "reimbursed", "lost": "settled"}[outcome]
        payment |= {"status": "charged_back", "status_detail": detail}
    desk.keep(payment)
    desk.tell("topic_chargebacks_wh", str(found["id"]), f"chargebacks.{'created' if outcome == 'open' else 'updated'}",
              payment)
    return dict(found)


def chargeback(desk: Desk, number: str) -> dict[str, Any]:
    """GET /v1/chargebacks/{id}."""
    found = next((one for one in desk.book.all("chargeback", desk.owner) if str(one["id"]) == number), None)
    if found is None:
        raise Refused("Chargeback not found", 404)
    return dict(found)


def chargebacks(desk: Desk, args: Mapping[str, str]) -> dict[str, Any]:
    """GET /v1/chargebacks/search?payment_id=."""
    rows = [one for one in desk.book.all("chargeback", desk.owner)
            if args.get("payment_id") in (None, "", *map(str, one["payments"]))]
    return {"paging": {"total": len(rows), "limit": 30, "offset": 0}, "results": rows}


def document(desk: Desk, number: str, names: list[tuple[str, int]]) -> dict[str, Any]:
    """POST …/documentation: evidence as jpg, png or pdf, each at most 10 MB."""
    found = chargeback(desk, number)
    if not names:
        raise Refused("files[] is required")
    for name, size in names:
        if not name.lower().endswith((".jpg", ".jpeg", ".png", ".pdf")) or size > 10 * 2**20:
            raise Refused("files must be jpg, png or pdf, at most 10 MB")
    found["documentation_status"] = "review_pending"
    desk.book.put("chargeback", desk.owner, str(found["payments"][0]), found)
    return found


def mediate(desk: Desk, number: str, outcome: str) -> dict[str, Any]:
    """The payer claims: `open`; then `closed` for the provider, or `refunded`."""
    payment = desk.payment(number)
    wanted = "approved" if outcome == "open" else "in_mediation"
    if outcome not in ("open", "closed", "refunded") or payment["status"] != wanted:
        raise BadRequest(_("A payment that is %(state)s cannot be claimed that way.", state=payment["status"]))
    payment |= {"status": "in_mediation", "status_detail": "pending"} if outcome == "open" else {
        "status": "approved", "status_detail": "accredited"}
    desk.keep(payment)
    desk.tell("topic_claims_integration_wh", str(desk.book.number()), "claim.updated", payment)
    if outcome == "refunded":
        refund(desk, number, {})
    return desk.payment(number)
