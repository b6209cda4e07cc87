"""The signed interface of our own design, `/collect/v1/<network>`: debts, payments, reversals, a day's payments."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.errors import DomainError
from modules.gateways.access import Access
from modules.gateways.networks import Desk, Owing, Reply, Taken, TakenBack, Told
from modules.gateways.providers.facilito import mapping
from modules.gateways.providers.facilito.signing import SKEW, refusal
from modules.gateways.shapes import Incoming

# how long an office may rely on what it was told
VALID = dt.timedelta(minutes=15)
# who is told this is not the network
FORGED = {"unsigned", "bad_signature", "stale", "address"}
# what the desk refuses, under the same names
REFUSALS = {"unknown_code", "code_retired", "transaction_conflict", "too_late", "slow_down"}


class Refused(Exception):
    """An answer that is no."""

    def __init__(self, what: str, **values: Any) -> None:
        super().__init__(what)
        self.what, self.values = what, values


def answer(access: Access, incoming: Incoming, desk: Desk, verb: str, code: str) -> Reply:
    """Prove who asks, then do it."""
    if what := refusal(access, incoming):
        return refused(what)
    try:
        return _route(access, incoming, desk, verb, code)
    except Refused as error:
        return refused(error.what, **error.values)
    except DomainError as error:
        return refused(error.code if error.code in REFUSALS else "refused", transaction=_number_in(incoming))


def refused(what: str, **values: Any) -> Reply:
    status, words = mapping.answers("collect")[what]
    return Reply(status, json.dumps({"error": what, "message": words.format(**values)}, ensure_ascii=False),
                 forged=what if what in FORGED else "")


def _route(access: Access, incoming: Incoming, desk: Desk, verb: str, code: str) -> Reply:
    match (incoming.method, verb, bool(code)):
        case ("GET", "debts", True):
            return _debts(access, incoming, desk, code)
        case ("POST", "payments", False):
            return _pay(access, _body(incoming), desk)
        case ("POST", "reversals", False):
            return _reverse(access, _body(incoming), desk)
        case ("GET", "payments", False):
            return _day(access, incoming, desk)
    raise Refused("not_found")


def _debts(access: Access, incoming: Incoming, desk: Desk, code: str) -> Reply:
    found = desk.debts(code, incoming.headers.get("x-office", ""), str(access.get("look_up", "")))
    if found is None:
        raise Refused("unknown_code")
    return _reply(_owing(access, found))


def _owing(access: Access, found: Owing) -> dict[str, Any]:
    """Never more than a masked name and amounts."""
    until = (clock.now() + VALID).astimezone(ZoneInfo(access.zone))
    rows = [{"id": one.code, "concept": one.concept, "due": one.due.isoformat(), "amount": mapping.amount(one.amount)}
            for one in found.documents]
    return {"code": found.code, "holder": found.holder, "currency": found.currency,
            "total": mapping.amount(found.total), "partial_allowed": bool(access.get("partial_allowed", False)),
            "order": "oldest_first", "invoices": rows, "valid_until": until.isoformat(timespec="seconds")}


def _pay(access: Access, body: Mapping[str, Any], desk: Desk) -> Reply:
    number, code = _number(body), _text(body, "code")
    value = mapping.amount_of(body.get("amount"))
    if value is None:
        raise Refused("amount_not_allowed")
    if body.get("currency", access.currency) != access.currency:
        raise Refused("currency", currency=access.currency)
    invoices = body.get("invoices", [])
    if not (isinstance(invoices, list) and all(isinstance(one, str) for one in invoices)):
        raise Refused("bad_request", field="invoices")
    taken = desk.pay(number, code, value, _moment(body), tuple(invoices), _text(body, "office"))
    return _reply(_taken(taken))


def _taken(taken: Taken) -> dict[str, Any]:
    found = {"transaction": taken.transaction, "receipt": taken.receipt,
             "applied": [{"invoice": code, "amount": mapping.amount(part)} for code, part in taken.applied],
             "credit": mapping.amount(taken.credit), "balance": mapping.amount(taken.balance), "service": taken.service,
             "duplicate": taken.duplicate}
    # its reversal had come before it: nothing is booked
    return {**found, "reversed": True} if taken.reversed else found


def _reverse(access: Access, body: Mapping[str, Any], desk: Desk) -> Reply:
    number, reason = _number(body), body.get("reason", "")
    if not isinstance(reason, str):
        raise Refused("bad_request", field="reason")
    return _reply(_taken_back(desk.reverse(number, reason[:200], mapping.until(access))))


def _taken_back(found: TakenBack) -> dict[str, Any]:
    """A reversal whose payment never came is good too: it will cancel it."""
    shown = {"transaction": found.transaction, "reversed": True,
             "balance": None if found.balance is None else mapping.amount(found.balance), "duplicate": found.duplicate}
    return {**shown, "kept": True} if found.kept else shown


def _day(access: Access, incoming: Incoming, desk: Desk) -> Reply:
    day = mapping.day_of(incoming.query.get("date"))
    if day is None:
        raise Refused("bad_request", field="date")
    found, cursor = desk.payments(day, incoming.query.get("cursor", ""))
    return _reply({"date": day.isoformat(), "payments": [_told(access, one) for one in found],
                   "cursor": cursor or None})


def _told(access: Access, one: Told) -> dict[str, Any]:
    paid = one.paid_at.astimezone(ZoneInfo(access.zone)).isoformat(timespec="seconds")
    return {"transaction": one.transaction, "code": one.code, "amount": mapping.amount(one.amount), "paid_at": paid,
            "office": one.channel, "reversed": one.reversed}


def _body(incoming: Incoming) -> Mapping[str, Any]:
    try:
        found = json.loads(incoming.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("bad_request", field="body")
    return found


def _number_in(incoming: Incoming) -> str:
    try:
        return mapping.number_of(_body(incoming).get("transaction")) or ""
    except Refused:
        return ""


def _number(body: Mapping[str, Any]) -> str:
    found = body.get("transaction")
    number = mapping.number_of(found) if isinstance(found, str) else None
    if number is None:
        raise Refused("bad_request", field="transaction")
    return number


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    if not (isinstance(found, str) and 0 < len(found) <= 60 and found.isprintable()):
        raise Refused("bad_request", field=name)
    return found


def _moment(body: Mapping[str, Any]) -> dt.datetime:
    """When it was paid: with its offset, and not in the future."""
    try:
        found = dt.datetime.fromisoformat(str(body.get("paid_at")))
    except ValueError:
        raise Refused("bad_request", field="paid_at") from None
    if found.tzinfo is None or found > clock.now() + SKEW:
        raise Refused("bad_request", field="paid_at")
    return found


def _reply(found: Mapping[str, Any]) -> Reply:
    return Reply(200, json.dumps(found, ensure_ascii=False))
