"""Links: POST, GET, PUT, search of /checkout/preferences (reference 1.1)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.providers.mercadopago.simulator import reading
from modules.gateways.providers.mercadopago.simulator.catalog import TYPES
from modules.gateways.providers.mercadopago.simulator.desk import Desk
from modules.gateways.providers.mercadopago.simulator.errors import Refused

KNOWN = ("items", "payer", "external_reference", "notification_url", "back_urls", "auto_return", "expires",
         "expiration_date_from", "expiration_date_to", "date_of_expiration", "payment_methods", "binary_mode",
         "statement_descriptor", "metadata", "additional_info", "marketplace", "purpose")
SHOWN_IN_SEARCH = ("id", "collector_id", "external_reference", "date_created", "expires", "expiration_date_from",
                   "expiration_date_to", "items")


def create(desk: Desk, body: Mapping[str, Any]) -> dict[str, Any]:
    """A link. Refused where the service refuses it."""
    check(desk, body)
    end = reading.moment(body, "expiration_date_to")
    if body.get("expires") is True and end is not None and end <= desk.now:
        raise Refused("expiration_date_to must be in the future")
    number = f"{desk.owner}-{uuid.uuid4()}"
    made = {name: body[name] for name in KNOWN if name in body}
    made |= {"id": number, "collector_id": desk.account["id"], "client_id": desk.account["client_id"],
             "date_created": desk.date(), "site_id": desk.account["site_id"], "live_mode": desk.live,
             "init_point": f"{desk.base}/checkout/{number}", "sandbox_init_point": f"{desk.base}/checkout/{number}"}
    desk.book.put("preference", desk.owner, number, made)
    return made


def change(desk: Desk, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the given fields; how a link is closed: an end that is past."""
    found = read(desk, number)
    changed = {**found, **{name: body[name] for name in KNOWN if name in body}}
    check(desk, changed)
    desk.book.put("preference", desk.owner, number, changed)
    return changed


def read(desk: Desk, number: str) -> dict[str, Any]:
    """A link of this account."""
    found = desk.book.get("preference", desk.owner, number)
    if found is None:
        raise Refused(f"Preference with id = {number} not found", 404)
    return dict(found)


def search(desk: Desk, args: Mapping[str, str]) -> dict[str, Any]:
    """By external_reference; short rows."""
    rows = [one for one in desk.book.all("preference", desk.owner)
            if not args.get("external_reference") or one.get("external_reference") == args["external_reference"]]
    if fault := desk.faults.strikes("search_lag"):
        newest = desk.date(desk.now - dt.timedelta(seconds=fault.seconds or 30))
        rows = [one for one in rows if one["date_created"] <= newest]
    shown = [{name: one[name] for name in SHOWN_IN_SEARCH if name in one} for one in rows]
    return {"elements": shown, "next_offset": len(shown), "total": len(shown)}


def total(preference: Mapping[str, Any]) -> Decimal:
    """What the link asks for."""
    return sum((Decimal(one["unit_price"]) * one["quantity"] for one in preference["items"]), Decimal(0))


def is_open(desk: Desk, preference: Mapping[str, Any]) -> bool:
    """Whether it can be paid now."""
    if preference.get("expires") is not True:
        return True
    start, end = (reading.moment(preference, f"expiration_date_{which}") for which in ("from", "to"))
    return (start is None or start <= desk.now) and (end is None or desk.now < end)


# --- what is refused -------------------------------------------------------------------------------------


def check(desk: Desk, body: Mapping[str, Any]) -> None:
    """All rules of a link."""
    items = body.get("items")
    if not isinstance(items, list) or not items:
        raise Refused("items needed", error="invalid_items")
    for item in items:
        _item(desk, item)
    reading.text(body, "external_reference", 256)
    payer = reading.part(body, "payer")
    reading.email(payer, needed=False)
    reading.identification(payer, desk.country)
    reading.address(body, "notification_url")
    back = reading.part(body, "back_urls")
    for name in back:
        reading.address(back, name)
    if body.get("auto_return") is not None and not back.get("success"):
        raise Refused("auto_return invalid. back_url.success must be defined", error="invalid_auto_return")
    if body.get("auto_return") not in (None, "approved", "all"):
        raise Refused("auto_return invalid", error="invalid_auto_return")
    _times(body)
    _ways(reading.part(body, "payment_methods"))
    reading.part(body, "metadata")
    reading.text(body, "statement_descriptor", 22)
    for name in ("expires", "binary_mode"):
        if not isinstance(body.get(name, False), bool):
            raise Refused(f"{name} must be a boolean")


def _item(desk: Desk, item: Any) -> None:
    if not isinstance(item, Mapping):
        raise Refused("items must be objects", error="invalid_items")
    reading.text(item, "title", 256, needed=True)
    quantity = item.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise Refused("quantity must be a positive integer", error="invalid_items")
    if item.get("currency_id") != desk.country.currency or desk.faults.strikes("wrong_site_currency"):
        raise Refused(f"Invalid currency_id: this account collects {desk.country.currency}",
                      error="invalid_currency_id")
    reading.amount(item, "unit_price", desk.country)


def _times(body: Mapping[str, Any]) -> None:
    start, end = (reading.moment(body, f"expiration_date_{which}") for which in ("from", "to"))
    reading.moment(body, "date_of_expiration")
    if start is not None and end is not None and start >= end:
        raise Refused("expiration_date_to must be after expiration_date_from")


def _ways(ways: Mapping[str, Any]) -> None:
    for one in ways.get("excluded_payment_types") or []:
        if not isinstance(one, Mapping) or one.get("id") not in TYPES:
            raise Refused("excluded_payment_types: unknown payment type")
        if one["id"] == "account_money":
            raise Refused("excluded_payment_types: account_money cannot be excluded")
    most = ways.get("installments")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= 36):
        raise Refused("installments must be between 1 and 36")
    first = ways.get("default_installments")
    if first is not None and most is not None and first > most:
        raise Refused("default_installments must not be more than installments")
