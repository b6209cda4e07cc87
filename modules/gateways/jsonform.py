"""The JSON of debts, coupons, notices and payments, as commands print and read it (docs: commands). Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.errors import DomainError
from core.i18n import _
from modules.gateways.access import TESTING, Access
from modules.gateways.shapes import ZERO, Control, Coupon, Debt, Due, Incoming, Made, Notice, Problem, Reading

# how a number of money is written; a float would have lost cents already
AMOUNT = re.compile(r"\d{1,15}(\.\d{1,6})?")
ENVIRONMENT = TESTING


class BadJson(DomainError):
    """A file that cannot be understood: where, what was found, what was expected."""

    code = "bad_json"


def load(text: bytes) -> dict[str, Any]:
    """The object of a file."""
    try:
        found = json.loads(text.decode("utf-8-sig"))
    except ValueError as error:
        raise BadJson(_("This file must be JSON: %(reason)s.", reason=str(error))) from None
    if not isinstance(found, dict):
        raise BadJson(_("This file must hold a JSON object."))
    return found


def access_of(provider: str, account: Mapping[str, Any], country: str = "", currency: str = "") -> Access:
    """The settings of a command's file; nothing is asked of anybody."""
    return Access(provider, dict(account), ENVIRONMENT, country=country, currency=currency,
                  zone=str(account.get("zone") or "UTC"))


def debt_of(found: Any, path: str = "debt") -> Debt:
    """A debt; BadJson with its path."""
    got = _object(found, path)
    known = {"customer", "name", "invoice", "concept", "currency", "due", "extra"}
    for key in got:
        if key not in known:
            raise _bad(f"{path}.{key}", key, ", ".join(sorted(known)))
    due = got.get("due")
    if not isinstance(due, list) or not 1 <= len(due) <= 4:
        raise _bad(f"{path}.due", due, _("one to four pairs of date and amount"))
    return Debt(_text(got, "customer", path), _text(got, "name", path, ""), _text(got, "invoice", path, ""),
                _text(got, "concept", path, ""), _text(got, "currency", path),
                tuple(_due(one, f"{path}.due[{index}]") for index, one in enumerate(due)),
                _object(got.get("extra") or {}, f"{path}.extra"))


def _due(found: Any, path: str) -> Due:
    got = _object(found, path)
    return Due(day_of(got.get("date"), f"{path}.date"), amount_of(got.get("amount"), f"{path}.amount"))


def made_of(found: Mapping[str, Any]) -> Made:
    """Which file is to be made: `date`, and where given `time` (HH:MM) and `number`."""
    text = str(found.get("time") or "00:00")
    try:
        time = dt.time.fromisoformat(text)
    except ValueError:
        raise _bad("time", text, "HH:MM") from None
    number = found.get("number", 1)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise _bad("number", number, _("a whole number from 1"))
    return Made(day_of(found.get("date"), "date"), time, number)


def incoming_of(found: Mapping[str, Any]) -> tuple[Incoming, dict[str, Any]]:
    """A request and the credentials by which it is to be judged."""
    query, headers = _object(found.get("query") or {}, "query"), _object(found.get("headers") or {}, "headers")
    body = found.get("body", "")
    if not isinstance(body, str):
        raise _bad("body", body, _("the body as text"))
    return Incoming(str(found.get("method") or "POST").upper(), {key: str(value) for key, value in query.items()},
                    {key.lower(): str(value) for key, value in headers.items()}, body, str(found.get("path") or ""),
                    str(found.get("remote") or "")), _object(found.get("credentials") or {}, "credentials")


def day_of(value: Any, path: str) -> dt.date:
    try:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise _bad(path, value, _("a date like 2026-11-10"))


def amount_of(value: Any, path: str) -> Decimal:
    if isinstance(value, str) and AMOUNT.fullmatch(value):
        return Decimal(value)
    raise _bad(path, value, _("an amount as text, like “12100.00”"))


def _object(value: Any, path: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise _bad(path, value, _("a JSON object"))


def _text(found: Mapping[str, Any], name: str, path: str, default: str | None = None) -> str:
    value = found.get(name, default)
    if isinstance(value, str) and (value or default is not None):
        return value
    raise _bad(f"{path}.{name}", value, _("a text"))


def _bad(path: str, found: Any, expected: str) -> BadJson:
    shown = json.dumps(found, ensure_ascii=False, default=str)
    return BadJson(_("%(path)s: found %(found)s, expected %(expected)s", path=path, found=shown[:80],
                     expected=expected))


def debt_json(one: Debt) -> dict[str, Any]:
    """A debt as `debt_of` reads it."""
    return {"customer": one.customer, "name": one.name, "invoice": one.invoice, "concept": one.concept,
            "currency": one.currency, "extra": dict(one.extra),
            "due": [{"date": due.date.isoformat(), "amount": f"{due.amount:f}"} for due in one.due]}


# --- printing --------------------------------------------------------------------------------------------


def reading_json(one: Reading) -> dict[str, Any]:
    """A payment as commands print it."""
    return {"line": one.line, "external_id": one.external_id, "status": one.status, "paid_at": _iso(one.paid_at),
            "credited_at": _iso(one.credited_at), "amount": f"{one.amount:.2f}", "currency": one.currency,
            "fee": f"{one.fee or ZERO:.2f}", "fee_known": one.fee is not None,
            "withheld": None if one.withheld is None else f"{one.withheld:.2f}", "channel": one.channel,
            "reference": {"customer": one.reference.customer, "invoice": one.reference.invoice,
                          "barcode": one.reference.barcode},
            "reverses": one.reverses, "reason": one.reason, "remarks": list(one.remarks), "live": one.live}


def control_json(control: Control | None) -> dict[str, Any]:
    """What a file says of itself; not ok where it was refused."""
    if control is None:
        return {"count": 0, "total": "0.00", "ok": False}
    return {"count": control.count, "total": f"{control.total:.2f}", "ok": True, "date": _iso(control.date),
            "facts": dict(control.facts)}


def problem_json(one: Problem) -> dict[str, Any]:
    return {"line": one.line, "code": one.code, "message": one.message}


def coupon_json(one: Coupon) -> dict[str, Any]:
    return {"barcode": one.barcode, "symbology": one.symbology, "text": one.text, "link": one.link}


def notice_json(one: Notice) -> dict[str, Any]:
    return {"authentic": one.authentic, "reason": one.reason, "event_id": one.event_id, "payment_id": one.payment_id,
            "action": one.action, "payment": reading_json(one.payment) if one.payment else None}


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
