"""A debt → what Mercado Pago is asked for, a preference (link) or a payment (ticket); and what it opened. Pure.

Reference 1.1 and 1.2.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core.i18n import _, format_amount
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.mercadopago.mapping import moment
from modules.gateways.providers.mercadopago.sites import (
    ADDRESS,
    DOCUMENT,
    EMAIL,
    LINK,
    METHODS,
    NAME,
    Site,
    Ticket,
    need_site,
    site_of,
)
from modules.gateways.providers.values import money
from modules.gateways.shapes import Attempt, Coupon, Debt, Opened, Payer

LONGEST_TITLE, LONGEST_REFERENCE = 256, 64
# a ticket lives one to thirty days after it was made
SHORTEST, LONGEST = dt.timedelta(days=1), dt.timedelta(days=30)
# a little less than the service's own limits: its clock is not ours
MARGIN = dt.timedelta(minutes=10)
_REFERENCE = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_REFERENCE}}}")


def problem(access: Access, debt: Debt, method: str) -> str:
    """Why a debt cannot be collected this way, in words; "" where it can."""
    site = site_of(access)
    if site is None:
        return _("To use Mercado Pago you must say in which of its countries the account is.")
    if method != LINK and method not in site.tickets:
        return _("%(method)s is no way to pay at Mercado Pago in %(country)s.", method=METHODS.get(method, method),
                 country=site.title)
    if debt.currency != site.currency:
        return _("Mercado Pago in %(country)s collects %(expected)s, and this debt is in %(found)s.",
                 country=site.title, expected=site.currency, found=debt.currency)
    amounts = [asked(access, site, one.amount) for one in debt.due]
    if any(one <= 0 for one in amounts):
        return _("There is nothing to pay.")
    if any(one != one.quantize(site.cent) for one in amounts):
        return _("Mercado Pago in %(country)s takes whole amounts only, and this debt is %(amount)s. The account's "
                 "setting “round up” asks for the next whole amount.", country=site.title,
                 amount=format_amount(debt.amount, debt.currency))
    return limits(site.tickets.get(method), amounts[-1], debt.currency) or limits(
        site.tickets.get(method), amounts[0], debt.currency)


def limits(ticket: Ticket | None, amount: Decimal, currency: str) -> str:
    """Why an amount is outside what a ticket takes; "" where it is inside."""
    if ticket is None:
        return ""
    if ticket.least is not None and amount < ticket.least:
        return _("%(method)s takes %(amount)s at least.", method=ticket.title,
                 amount=format_amount(ticket.least, currency))
    if ticket.most is not None and amount > ticket.most:
        return _("%(method)s takes %(amount)s at most.", method=ticket.title,
                 amount=format_amount(ticket.most, currency))
    return ""


def asked(access: Access, site: Site, amount: Decimal) -> Decimal:
    """The amount to ask for: rounded up to a whole one where the account wants that and the country has no cents."""
    if site.decimals == 0 and access.get("round_up", False) is True:
        return amount.quantize(site.cent, rounding=ROUND_UP)
    return amount


def due_now(access: Access, debt: Debt, now: dt.datetime) -> tuple[Decimal, dt.datetime | None]:
    """(what is owed today, until when that is so); None after the last day, and on it: nothing changes any more."""
    today = access.day(now)
    for index, one in enumerate(debt.due):
        if today <= one.date:
            last = index == len(debt.due) - 1
            return one.amount, None if last else _end(access, one.date)
    return debt.due[-1].amount, None


def _end(access: Access, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(23, 59, 59), ZoneInfo(access.zone))


def preference(access: Access, debt: Debt, attempt: Attempt, now: dt.datetime) -> dict[str, Any]:
    """The body of a link: the debt, its surcharge as a second item, until when it can be paid."""
    site = need_site(access)
    _check(access, debt, attempt, now)
    amount, until = due_now(access, debt, now)
    expires = min(attempt.expires_at, until) if until else attempt.expires_at
    body: dict[str, Any] = {
        "items": _items(access, site, debt, attempt, amount), "external_reference": attempt.reference,
        "expires": True, "expiration_date_to": written(access, expires),
        # of a cash ticket that is made on the page
        "date_of_expiration": written(access, _ticket_end(expires, now)),
        "metadata": {"customer": debt.customer, "invoice": debt.invoice}}
    if payer := _payer(site, attempt.payer):
        body["payer"] = payer
    body |= _addresses(access, attempt)
    if ways := _ways(access):
        body["payment_methods"] = ways
    if access.get("binary_mode", False) is True:
        body["binary_mode"] = True
    if access.get("statement_descriptor"):
        body["statement_descriptor"] = str(access.get("statement_descriptor"))
    return body


def ticket(access: Access, debt: Debt, attempt: Attempt, now: dt.datetime) -> dict[str, Any]:
    """The body of a cash ticket. BadDebt where the payer lacks something that it wants."""
    site = need_site(access)
    _check(access, debt, attempt, now)
    amount, until = due_now(access, debt, now)
    expires = _ticket_end(min(attempt.expires_at, until) if until else attempt.expires_at, now)
    body: dict[str, Any] = {
        "transaction_amount": asked(access, site, amount), "description": _title(debt, attempt),
        "payment_method_id": attempt.method, "payer": _ticket_payer(access, site, attempt),
        "external_reference": attempt.reference, "date_of_expiration": written(access, expires),
        "metadata": {"customer": debt.customer, "invoice": debt.invoice}}
    if address := notice_address(access, attempt):
        body["notification_url"] = address
    return body


def _check(access: Access, debt: Debt, attempt: Attempt, now: dt.datetime) -> None:
    if words := problem(access, debt, attempt.method):
        raise BadDebt(words)
    if not _REFERENCE.fullmatch(attempt.reference):
        raise BadDebt(_("The reference %(reference)s must be letters, digits, - and _, at most %(most)s.",
                        reference=attempt.reference[:80], most=LONGEST_REFERENCE))
    if attempt.expires_at <= now:
        raise BadDebt(_("What is opened at Mercado Pago must end later than now."))


def _items(access: Access, site: Site, debt: Debt, attempt: Attempt, amount: Decimal) -> list[dict[str, Any]]:
    """The invoice, and what is owed on top of it for paying late; together exactly what is asked for."""
    base, whole = asked(access, site, min(debt.amount, amount)), asked(access, site, amount)
    found = [_item(site, debt.invoice or attempt.reference, _title(debt, attempt), base)]
    if whole > base:
        found.append(_item(site, f"{debt.invoice}-surcharge", _("Surcharge for paying late"), whole - base))
    return found


def _item(site: Site, number: str, title: str, amount: Decimal) -> dict[str, Any]:
    return {"id": number[:LONGEST_TITLE], "title": title[:LONGEST_TITLE], "quantity": 1,
            "currency_id": site.currency, "unit_price": amount}


def _title(debt: Debt, attempt: Attempt) -> str:
    return (attempt.description or debt.concept or debt.invoice or attempt.reference)[:LONGEST_TITLE]


def _ticket_end(wanted: dt.datetime, now: dt.datetime) -> dt.datetime:
    return min(max(wanted, now + SHORTEST + MARGIN), now + LONGEST - MARGIN)


def _ways(access: Access) -> dict[str, Any]:
    """Which ways to pay the page does not offer, and in how many instalments at most."""
    found: dict[str, Any] = {}
    left_out = access.get("excluded_types", ())
    if left_out:
        kinds = left_out.split() if isinstance(left_out, str) else left_out
        found["excluded_payment_types"] = [{"id": str(kind)} for kind in kinds]
    if most := access.get("installments", None):
        found["installments"] = int(most)
    return found


def _addresses(access: Access, attempt: Attempt) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if address := notice_address(access, attempt):
        found["notification_url"] = address
    if back := attempt.return_url or access.return_url:
        found["back_urls"] = dict.fromkeys(("success", "pending", "failure"), back)
        if _takes(access, back):
            found["auto_return"] = "approved"
    return found


def notice_address(access: Access, attempt: Attempt) -> str:
    """Where notices go to, without the old unsigned ones; "" where they would be refused: the poll finds payments."""
    address = attempt.notice_url or access.notice_url
    if not address or not _takes(access, address):
        return ""
    return address + ("&" if "?" in address else "?") + "source_news=webhooks"


def _takes(access: Access, address: str) -> bool:
    """They want https; the simulator also takes this machine's own address."""
    return urlsplit(address).scheme == "https" or access.is_rehearsal


def written(access: Access, moment: dt.datetime) -> str:
    """2026-11-30T23:59:59.000-03:00: milliseconds, and the offset in numbers."""
    return moment.astimezone(ZoneInfo(access.zone)).isoformat(timespec="milliseconds")


# --- who pays --------------------------------------------------------------------------------------------


def _payer(site: Site, payer: Payer) -> dict[str, Any]:
    """What the page shows filled in; only what we know. The payer may be another person."""
    first, last = names(payer.name)
    found: dict[str, Any] = {"name": first, "surname": last, "email": payer.email,
                             "identification": identification(site, payer)}
    return {name: value for name, value in found.items() if value}


def _ticket_payer(access: Access, site: Site, attempt: Attempt) -> dict[str, Any]:
    payer, wanted = attempt.payer, site.tickets[attempt.method]
    first, last = names(payer.name)
    email, document = payer.email or str(access.get("payer_email")), identification(site, payer)
    there = {EMAIL: email, DOCUMENT: document, NAME: first, ADDRESS: payer.address.get("street")}
    words = {EMAIL: _("e-mail"), DOCUMENT: _("document number"), NAME: _("name"), ADDRESS: _("address")}
    lacking = [words[one] for one in (EMAIL, DOCUMENT, NAME, ADDRESS) if one in wanted.needs and not there[one]]
    if lacking:
        raise BadDebt(_("To make a %(method)s ticket, the customer must have: %(missing)s.", method=wanted.title,
                        missing=", ".join(lacking)))
    found: dict[str, Any] = {"email": email, "first_name": first, "last_name": last, "identification": document}
    if ADDRESS in wanted.needs:
        found["address"] = _address(payer.address)
        found["entity_type"] = "association" if document.get("type") in ("NIT", "CNPJ") else "individual"
    return {name: value for name, value in found.items() if value}


def names(name: str) -> tuple[str, str]:
    """First names and the last word: Ana María Pérez → ("Ana María", "Pérez")."""
    words = name.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else (name.strip(), "")


def identification(site: Site, payer: Payer) -> dict[str, str]:
    """The payer's document as the country knows it; {} where it knows no such document."""
    kind = site.documents.get(payer.document_kind) or (site.other if payer.document_kind else "")
    return {"type": kind, "number": payer.document} if kind and payer.document else {}


def _address(address: Mapping[str, str]) -> dict[str, str]:
    """Under their names; a house without number is S/N."""
    city = address.get("city")
    found = {"zip_code": address.get("postal_code"), "street_name": address.get("street"),
             "street_number": address.get("number") or "S/N", "neighborhood": address.get("district") or city,
             "city": city, "federal_unit": address.get("region")}
    return {key: str(value) for key, value in found.items() if value}


# --- what was opened -------------------------------------------------------------------------------------


def opened_link(access: Access, found: Mapping[str, Any]) -> Opened:
    """A link out of a preference, with what its items come to."""
    tests = str(access.get("access_token")).startswith("TEST-")
    url = (found.get("sandbox_init_point") if tests else "") or found.get("init_point") or ""
    return Opened(str(found.get("id") or ""), str(url), expires_at=moment(found.get("expiration_date_to")),
                  data={"kind": LINK}, amount=_total(found.get("items")))


def _total(items: Any) -> Decimal | None:
    """What a link asks for; None where its items cannot be read."""
    found = Decimal("0.00")
    for one in items if isinstance(items, list) else [None]:
        price = money(one.get("unit_price")) if isinstance(one, Mapping) and one.get("quantity") == 1 else None
        if price is None:
            return None
        found += price
    return found


def opened_ticket(found: Mapping[str, Any]) -> Opened:
    """A ticket out of a payment: digits to scan, what to say at the counter, a page to print."""
    number, details = str(found.get("id") or ""), found.get("transaction_details")
    details = details if isinstance(details, Mapping) else {}
    digits, transfer = barcode(found), _transfer(found)
    link = str(details.get("external_resource_url") or transfer.get("ticket_url") or "")
    text = str(transfer.get("qr_code") or details.get("payment_method_reference_id") or number)
    kind = "i2of5" if re.fullmatch(r"\d{44}", digits) else "code128"
    return Opened(number, link, coupon=Coupon(digits, kind if digits else "", text, link),
                  expires_at=moment(found.get("date_of_expiration")), amount=money(found.get("transaction_amount")),
                  data={"kind": "ticket", "method": str(found.get("payment_method_id") or "")})


def barcode(found: Mapping[str, Any]) -> str:
    """The first that there is: barcode.content, that of the details, the verification code; "" where none is."""
    details = found.get("transaction_details")
    details = details if isinstance(details, Mapping) else {}
    for place in (found.get("barcode"), details.get("barcode")):
        if isinstance(place, Mapping) and place.get("content"):
            return scanned(str(place["content"]))
    code = str(details.get("verification_code") or "")
    return code if re.fullmatch(r"[0-9A-Za-z]{10,80}", code) else ""


def scanned(digits: str) -> str:
    """The 44 digits of a boleto's bars, out of the 47 that people type (FEBRABAN: five fields, three check digits)."""
    bare = re.sub(r"[\s.-]", "", digits)
    if not re.fullmatch(r"\d{47}", bare):
        return bare
    return bare[:4] + bare[32:] + bare[4:9] + bare[10:20] + bare[21:31]


def _transfer(found: Mapping[str, Any]) -> Mapping[str, Any]:
    place = found.get("point_of_interaction")
    data = place.get("transaction_data") if isinstance(place, Mapping) else None
    return data if isinstance(data, Mapping) else {}
