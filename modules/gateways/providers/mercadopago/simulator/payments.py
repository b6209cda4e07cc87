"""Payments: tickets made by the API or on the page, cards on the page, reading, searching, cancelling (1.2 to 1.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.providers.mercadopago.simulator import preferences, reading
from modules.gateways.providers.mercadopago.simulator.catalog import NAMES
from modules.gateways.providers.mercadopago.simulator.desk import Desk
from modules.gateways.providers.mercadopago.simulator.errors import Refused
from modules.gateways.providers.mercadopago.simulator.store import DATES, utc

PENDING = ("pending", "in_process")
AT_COUNTERS = ("ticket", "atm", "bank_transfer")
PAGE, DEEPEST = 100, 10_000
ZERO = Decimal(0)
# a ticket that nobody paid ends by itself
GIVEN_UP = dt.timedelta(days=30)
# what the payer's bank adds for each instalment beyond the first, percent
FINANCING = Decimal(4)


# --- making ----------------------------------------------------------------------------------------------


def create(desk: Desk, body: Mapping[str, Any]) -> dict[str, Any]:
    """POST /v1/payments: a ticket. Cards come through the page, where their numbers are typed."""
    amount = reading.amount(body, "transaction_amount", desk.country)
    method = desk.country.method(body.get("payment_method_id"))
    if method is None:
        raise Refused("Invalid payment_method_id", code=4013)
    if method["payment_type_id"] not in AT_COUNTERS:
        raise Refused("token attribute can't be null", code=3034)
    payer = reading.part(body, "payer")
    reading.email(payer, needed=True)
    _needs(method, payer, reading.identification(payer, desk.country))
    _within(method, amount)
    reading.text(body, "description", 256)
    reading.text(body, "external_reference", 256)
    address, ends = reading.address(body, "notification_url"), reading.ticket_end(body, desk.now)
    made = _made(desk, amount, method, payer, str(body.get("external_reference") or ""),
                 reading.part(body, "metadata"), address, str(body.get("description") or ""))
    return _ticket(desk, made, ends)


def _needs(method: Mapping[str, Any], payer: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    wanted = {"identification_type": document, "identification_number": document,
              "payer_first_name": payer.get("first_name"), "payer_address": payer.get("address"),
              "entity_type": payer.get("entity_type")}
    for name in method["additional_info_needed"]:
        if not wanted[name]:
            raise Refused(f"The {name} is required for {method['id']}", code=4048)


def _within(method: Mapping[str, Any], amount: Decimal) -> None:
    if not method["min_allowed_amount"] <= amount <= method["max_allowed_amount"]:
        raise Refused("Invalid transaction_amount for this payment_method_id", code=4037)


def on_page(desk: Desk, preference: Mapping[str, Any], method_id: str, holder: str = "",
            installments: int = 1) -> dict[str, Any]:
    """What the payer does on the page of a link: pay by card or money in the account, or make a ticket."""
    method = desk.country.method(method_id)
    if method is None or not preferences.is_open(desk, preference):
        raise Refused("This link can no longer be paid" if method else "Invalid payment_method_id")
    ways = preference.get("payment_methods") or {}
    left_out = {one["id"] for one in ways.get("excluded_payment_types") or []}
    if method["payment_type_id"] in left_out or installments > (ways.get("installments") or 36):
        raise Refused("This way to pay is excluded from the link")
    amount = preferences.total(preference)
    _within(method, amount)
    made = _made(desk, amount, method, {"email": "test_user@testuser.com", **(preference.get("payer") or {})},
                 str(preference.get("external_reference") or ""), preference.get("metadata") or {},
                 str(preference.get("notification_url") or ""), preference["items"][0]["title"], preference["id"])
    if method["payment_type_id"] in AT_COUNTERS:
        wanted = reading.moment(preference, "date_of_expiration")
        return _ticket(desk, made, max(wanted or desk.now + dt.timedelta(days=3), desk.now + reading.SHORTEST))
    status, detail = NAMES.get(holder.strip().upper()[:4], NAMES["APRO"])
    if status == "in_process" and preference.get("binary_mode"):
        status, detail = "rejected", "cc_rejected_high_risk"
    made["installments"] = installments
    if status == "approved":
        approve(desk, made)
    else:
        made["status"], made["status_detail"] = status, detail
    return desk.keep(made, "payment.created")


def _made(desk: Desk, amount: Decimal, method: Mapping[str, Any], payer: Mapping[str, Any], reference: str,
          metadata: Mapping[str, Any], address: str, description: str, preference: str = "") -> dict[str, Any]:
    shown = {"id": f"{desk.owner}-payer", "email": payer.get("email"), "first_name": payer.get("first_name"),
             "last_name": payer.get("last_name"), "identification": payer.get("identification") or {},
             "type": "guest"}
    return {
        "id": desk.book.number(), "date_created": desk.date(), "date_approved": None,
        "date_last_updated": desk.date(), "date_of_expiration": None, "money_release_date": None,
        "money_release_status": None, "operation_type": "regular_payment", "payment_method_id": method["id"],
        "payment_type_id": method["payment_type_id"], "status": "pending", "status_detail": "pending_waiting_payment",
        "currency_id": desk.country.currency, "description": description, "live_mode": desk.live,
        "collector_id": desk.account["id"], "payer": shown, "metadata": snake(metadata),
        "external_reference": reference or None, "transaction_amount": amount, "transaction_amount_refunded": ZERO,
        "coupon_amount": ZERO, "taxes_amount": ZERO, "shipping_amount": ZERO, "installments": 1,
        "transaction_details": {"net_received_amount": ZERO, "total_paid_amount": amount, "overpaid_amount": ZERO,
                                "installment_amount": ZERO, "external_resource_url": None,
                                "payment_method_reference_id": None},
        "fee_details": [], "charges_details": [], "refunds": [], "captured": True, "binary_mode": False,
        "notification_url": address or None, "preference_id": preference or None,
        "order": {"id": _order(desk, preference), "type": "mercadopago"} if preference else {}, "card": {}}


def snake(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata comes back with keys in snake_case."""
    return {"".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in key).lstrip("_"): value
            for key, value in metadata.items()}


def _order(desk: Desk, preference: str) -> int:
    """The merchant order of a link: one, made with its first payment."""
    found = desk.book.get("order", desk.owner, preference)
    if found is None:
        found = {"id": desk.book.number(), "preference_id": preference, "date_created": desk.date()}
        desk.book.put("order", desk.owner, preference, found)
    return int(found["id"])


def _ticket(desk: Desk, payment: dict[str, Any], ends: dt.datetime) -> dict[str, Any]:
    """With the digits and the page that are printed (OXXO's shape for all but boleto and pix)."""
    number, amount = payment["id"], payment["transaction_amount"]
    short = str(number)[-8:]
    details = payment["transaction_details"]
    details |= {"payment_method_reference_id": short, "external_resource_url": f"{desk.base}/ticket/{number}"}
    payment["date_of_expiration"] = desk.date(ends)
    if payment["payment_method_id"] == "bolbradesco":
        payment["barcode"] = {"type": "Code128C", "content": _boleto(short, ends, amount)}
    elif payment["payment_method_id"] == "pix":
        payment["status_detail"] = "pending_waiting_transfer"
        payment["point_of_interaction"] = {"type": "PIX", "transaction_data": {
            "qr_code": f"00020126580014br.gov.bcb.pix0136{number}5204000053039865802BR6304{short[:4]}",
            "qr_code_base64": "", "ticket_url": details["external_resource_url"]}}
    else:
        cents = f"{int(amount * 100):07d}"[-7:]
        digits = f"88{short}{ends.astimezone(desk.country.zone):%y%m%d}{cents}"
        details["verification_code"] = f"{digits}{sum(map(int, digits)) % 10}"
    return desk.keep(payment, "payment.created")


def _boleto(short: str, ends: dt.datetime, amount: Decimal) -> str:
    """The 47 digits of a boleto, without caring for its check digits."""
    free = f"{short:0>25}"
    days = (ends.date() - dt.date(2022, 5, 29)).days % 10_000
    return f"2379{free[:5]}0{free[5:15]}0{free[15:25]}01{days:04d}{int(amount * 100):010d}"


# --- becoming money --------------------------------------------------------------------------------------


def approve(desk: Desk, payment: dict[str, Any]) -> None:
    """The money came: fee, taxes kept back, financing of the payer, the day from which it can be used."""
    amount, country = Decimal(payment["transaction_amount"]), desk.country
    fee, tax = desk.config.fee_of(country, amount), desk.config.withheld(country, amount)
    extra = (amount * FINANCING * (payment["installments"] - 1) / 100).quantize(country.cent)
    fees = [{"type": "mercadopago_fee", "amount": fee, "fee_payer": "collector"}]
    if extra:
        fees.append({"type": "financing_fee", "amount": extra, "fee_payer": "payer"})
    charges = [{"name": "mercadopago_fee", "type": "fee", "amounts": {"original": fee, "refunded": ZERO},
                "accounts": {"from": "collector", "to": "mp"}}]
    if tax:
        charges.append({"name": "tax_withholding", "type": "tax", "amounts": {"original": tax, "refunded": ZERO},
                        "accounts": {"from": "collector", "to": "mp"}})
    payment |= {"status": "approved", "status_detail": "accredited", "date_approved": desk.date(),
                "fee_details": fees, "charges_details": charges, "money_release_status": "pending",
                "money_release_date": desk.date(desk.now + dt.timedelta(days=desk.config.release_days))}
    payment["transaction_details"] |= {"net_received_amount": amount - fee - tax, "total_paid_amount": amount + extra}


def pay(desk: Desk, number: str) -> dict[str, Any]:
    """A ticket is paid at the counter, or a review ends well. After its date the money goes back to the payer."""
    payment = desk.payment(number)
    if payment["status"] not in PENDING:
        raise Refused(f"The payment is {payment['status']}", 400, 2084)
    ends = utc(payment["date_of_expiration"])
    late = ends is not None and ends < (utc(desk.date()) or "")
    approve(desk, payment)
    if late or (payment["payment_type_id"] in AT_COUNTERS and desk.faults.strikes("paid_after_expiry")):
        payment |= {"status": "refunded", "status_detail": "refunded",
                    "transaction_amount_refunded": payment["transaction_amount"],
                    "refunds": [{"id": desk.book.number(), "payment_id": payment["id"],
                                 "amount": payment["transaction_amount"], "status": "approved",
                                 "date_created": desk.date(), "reason": "paid after its date"}]}
    return desk.keep(payment)


def cancel(desk: Desk, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """PUT /v1/payments/{id} {"status": "cancelled"}, while it is pending or in process."""
    payment = desk.payment(number)
    if body.get("status") != "cancelled":
        raise Refused("The action requested is not valid for the current payment state", code=2062)
    if payment["status"] not in PENDING:
        raise Refused("Invalid payment status for cancellation", code=2040)
    payment |= {"status": "cancelled", "status_detail": "by_collector"}
    return desk.keep(payment)


def age(desk: Desk) -> None:
    """What happens by itself as days go by: tickets that nobody paid end, money becomes usable."""
    now = utc(desk.date())
    waiting = desk.book.payments(desk.owner, "AND status = 'pending' AND date_created < ?",
                                 utc(desk.date(desk.now - GIVEN_UP)))
    for payment in waiting:
        payment |= {"status": "cancelled", "status_detail": "expired"}
        desk.keep(payment)
    for payment in desk.book.payments(desk.owner, "AND status = 'approved' AND money_release_date <= ?", now):
        if payment["money_release_status"] == "pending":
            payment["money_release_status"] = "released"
            desk.keep(payment)


# --- reading ---------------------------------------------------------------------------------------------


def shown(desk: Desk, payment: Mapping[str, Any]) -> dict[str, Any]:
    """As the service answers it, or in a state that nobody has heard of."""
    made = {name: value for name, value in payment.items() if name != "preference_id"}
    if desk.faults.strikes("unknown_status"):
        made |= {"status": "held_by_network", "status_detail": "awaiting_instructions"}
    return made


def search(desk: Desk, args: Mapping[str, str]) -> dict[str, Any]:
    """GET /v1/payments/search."""
    limit, offset = _count(args, "limit", 30, PAGE), _count(args, "offset", 0, DEEPEST)
    if limit + offset > DEEPEST:
        raise Refused(f"offset + limit must not be more than {DEEPEST}", code=4009)
    order = args.get("sort") or "date_created"
    if order not in (*DATES, "id") or args.get("criteria", "desc") not in ("asc", "desc"):
        raise Refused("Invalid sort or criteria", code=4010)
    where, values = _conditions(desk, args)
    total, rows = desk.book.found(desk.owner, where, values, f"{order} {args.get('criteria', 'desc')}, id", limit,
                                  offset)
    return {"paging": {"total": total, "limit": limit, "offset": offset},
            "results": [shown(desk, one) for one in rows]}


def _conditions(desk: Desk, args: Mapping[str, str]) -> tuple[str, list[Any]]:
    where, values = "", list[Any]()
    for name, column in (("external_reference", "reference"), ("status", "status")):
        if args.get(name):
            where += f" AND {column} = ?"
            values.append(args[name])
    if fault := desk.faults.strikes("search_lag"):
        where += " AND date_last_updated <= ?"
        values.append(utc(desk.date(desk.now - dt.timedelta(seconds=fault.seconds or 30))))
    if args.get("range"):
        if args["range"] not in DATES:
            raise Refused("Invalid range", code=4011)
        if not args.get("begin_date") or not args.get("end_date"):
            raise Refused("begin_date and end_date are required with range", code=4012)
        where += f" AND {args['range']} BETWEEN ? AND ?"
        values += [utc(desk.date(reading.asked_moment(args[name], name, desk.now)))
                   for name in ("begin_date", "end_date")]
    return where, values


def _count(args: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise Refused(f"Invalid {name}", code=4008)
    return int(text)
