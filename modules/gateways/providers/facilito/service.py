"""The web service that billing systems serve to networks: four routes, a token in the body, always HTTP 200. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from core import clock
from core.errors import DomainError
from core.exact_json import read
from modules.gateways.access import Access
from modules.gateways.networks import Desk, Reply
from modules.gateways.providers.facilito import mapping
from modules.gateways.providers.facilito.signing import address_allowed, same
from modules.gateways.shapes import Incoming

NO_ANSWER = "sin respuesta al pago"
# what the desk refuses, in the service's words
REFUSALS = {"unknown_code": "unknown_invoice", "code_retired": "unknown_customer", "transaction_conflict": "conflict",
            "too_late": "too_late", "slow_down": "slow_down"}


def answer(access: Access, incoming: Incoming, desk: Desk, verb: str) -> Reply:
    """The answer of a route; a refusal is one too."""
    given = _object(incoming.body)
    if not (address_allowed(access, incoming.remote) and same(_token(access), str(given.get("token", "")))):
        return said(access, "bad_token")
    try:
        return VERBS[verb](access, given, desk)
    except DomainError as error:
        return said(access, REFUSALS.get(error.code, "refused"))


def _token(access: Access) -> str:
    """The secret of a network that signs is never sent, so it opens nothing here."""
    return str(access.get("token", "") or ("" if access.get("key_id", "") else access.get("secret", "")))


def _object(body: str) -> Mapping[str, Any]:
    try:
        found = read(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def said(access: Access, what: str, **more: Any) -> Reply:
    """A code with its words."""
    code, words = mapping.code_of(access, what)
    return Reply(200, json.dumps({"code": code, **more, "mensaje": words}, ensure_ascii=False),
                 forged=what if what == "bad_token" else "")


def _debt(access: Access, given: Mapping[str, Any], desk: Desk) -> Reply:
    """`consultadeuda`: the oldest open debt of a document or code."""
    code = mapping.number_of(given.get("cedula"))
    if code is None:
        return said(access, "bad_request")
    found = desk.debts(code, by=str(access.get("look_up", "")))
    if found is None:
        return said(access, "unknown_customer")
    if not found.documents:
        return said(access, "nothing_owed")
    oldest = found.documents[0]
    detail = f"Pago de comprobante Nº {oldest.code} - Vencimiento: {oldest.due:%d/%m/%Y}"
    return said(access, "ok", IDFactura=oldest.number, detalle=detail, valor=mapping.amount(oldest.amount))


def _pay(access: Access, given: Mapping[str, Any], desk: Desk) -> Reply:
    """`registrarpago`: taken whatever became of the document meanwhile."""
    number, document = mapping.number_of(given.get("secuencial")), _document(given)
    day, value = mapping.day_of(given.get("fecha")), mapping.amount_of(given.get("valor"), exact=False)
    if number is None or document is None or day is None or day > access.day(clock.now()):
        return said(access, "bad_request")
    if value is None:
        return said(access, "wrong_amount")
    taken = desk.pay(number, "", value, day, channel=mapping.network(access), document=document)
    if taken.reversed:
        return said(access, "already_reversed")
    return said(access, "ok", autorizacion=taken.number, valor=mapping.amount(taken.amount))


def _reverse(access: Access, given: Mapping[str, Any], desk: Desk) -> Reply:
    """`reversopago`: sent when no answer to the payment came; before it, it is kept."""
    number, document = mapping.number_of(given.get("secuencial")), _document(given)
    if number is None or document is None:
        return said(access, "bad_request")
    desk.reverse(number, NO_ANSWER, mapping.until(access), document)
    return said(access, "ok")


def _day(access: Access, given: Mapping[str, Any], desk: Desk) -> Reply:
    """`consultapago`: the payments of a day, for the network's comparison."""
    day = mapping.day_of(given.get("fecha"))
    if day is None:
        return said(access, "bad_request")
    rows: list[dict[str, Any]] = []
    cursor, more = "", True
    while more:
        found, cursor = desk.payments(day, cursor)
        rows += [{"IDFactura": one.document, "valor": mapping.amount(one.amount), "secuencial": one.transaction}
                 for one in found if not one.reversed]
        more = bool(cursor)
    return Reply(200, json.dumps(rows, ensure_ascii=False))


def _document(given: Mapping[str, Any]) -> int | None:
    text = str(given.get("IDFactura", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


VERBS: Mapping[str, Callable[[Access, Mapping[str, Any], Desk], Reply]] = {
    "consultadeuda": _debt, "registrarpago": _pay, "reversopago": _reverse, "consultapago": _day}
