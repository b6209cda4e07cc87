"""Merchant orders: what of a link was paid (reference 1.3). Made of its payments when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.providers.mercadopago.simulator import preferences
from modules.gateways.providers.mercadopago.simulator.desk import Desk
from modules.gateways.providers.mercadopago.simulator.errors import Refused


def read(desk: Desk, number: str) -> dict[str, Any]:
    """GET /merchant_orders/{id}."""
    found = next((one for one in desk.book.all("order", desk.owner) if str(one["id"]) == number), None)
    if found is None:
        raise Refused("Merchant order not found", 404)
    return _shown(desk, found)


def search(desk: Desk, args: Mapping[str, str]) -> dict[str, Any]:
    """GET /merchant_orders/search?preference_id=|external_reference=."""
    rows = [_shown(desk, one) for one in desk.book.all("order", desk.owner)]
    for name in ("preference_id", "external_reference"):
        if args.get(name):
            rows = [one for one in rows if one[name] == args[name]]
    return {"elements": rows, "next_offset": len(rows), "total": len(rows)}


def of_preference(desk: Desk, preference: str) -> dict[str, Any] | None:
    """The order of a link, where it has one."""
    found = desk.book.get("order", desk.owner, preference)
    return _shown(desk, found) if found else None


def _shown(desk: Desk, order: Mapping[str, Any]) -> dict[str, Any]:
    preference = preferences.read(desk, order["preference_id"])
    payments = desk.book.payments(desk.owner, "AND preference = ?", order["preference_id"])
    total = preferences.total(preference)
    paid = sum((one["transaction_amount"] for one in payments if one["date_approved"]), Decimal(0))
    status = "closed" if paid >= total else "opened" if preferences.is_open(desk, preference) else "expired"
    return {"id": order["id"], "status": status, "preference_id": order["preference_id"],
            "external_reference": preference.get("external_reference"), "date_created": order["date_created"],
            "total_amount": total, "paid_amount": paid, "items": preference["items"],
            "refunded_amount": sum((one["transaction_amount_refunded"] for one in payments), Decimal(0)),
            "payments": [{"id": one["id"], "transaction_amount": one["transaction_amount"],
                          "total_paid_amount": one["transaction_details"]["total_paid_amount"],
                          "currency_id": one["currency_id"], "status": one["status"],
                          "status_detail": one["status_detail"], "date_approved": one["date_approved"],
                          "amount_refunded": one["transaction_amount_refunded"]} for one in payments]}
