"""What a request holds, read as strictly as the service reads it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from modules.gateways.providers.mercadopago.simulator.catalog import Country
from modules.gateways.providers.mercadopago.simulator.errors import Refused

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(Z|[+-]\d{2}:\d{2})")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_RELATIVE = re.compile(r"NOW(?:([+-])(\d{1,4})(MINUTE|HOUR|DAY|MONTH|YEAR)S?)?")
UNITS = {"MINUTE": dt.timedelta(minutes=1), "HOUR": dt.timedelta(hours=1), "DAY": dt.timedelta(days=1),
         "MONTH": dt.timedelta(days=30), "YEAR": dt.timedelta(days=365)}
SHORTEST, LONGEST = dt.timedelta(days=1), dt.timedelta(days=30)


def moment(body: Mapping[str, Any], name: str) -> dt.datetime | None:
    """A moment with milliseconds and numeric offset; None where it is not given."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise Refused(f"{name} must be a valid date yyyy-MM-dd'T'HH:mm:ss.SSSZ", code=4024)
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        raise Refused(f"{name} must be a valid date", code=4024) from None


def asked_moment(text: str, name: str, now: dt.datetime) -> dt.datetime:
    """A moment of a search: written out, or NOW, NOW-7DAYS."""
    found = _RELATIVE.fullmatch(text)
    if found:
        shift = UNITS[found[3]] * int(found[2]) if found[1] else dt.timedelta()
        return now - shift if found[1] == "-" else now + shift
    return moment({name: text}, name) or now


def amount(body: Mapping[str, Any], name: str, country: Country, code: int = 4037) -> Decimal:
    """A number above zero with no more decimals than the currency has."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Refused(f"{name} must be a number", code=code)
    found = Decimal(value)
    if found <= 0:
        raise Refused(f"Invalid {name}: must be greater than 0", code=code)
    if found != found.quantize(country.cent):
        raise Refused(f"Invalid {name}: too many decimals for {country.currency}", code=code)
    return found


def text(body: Mapping[str, Any], name: str, most: int, needed: bool = False) -> str:
    """A text within its length."""
    value = body.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise Refused(f"{name} is required" if value is None else f"{name} must be a string")
    if len(value) > most:
        raise Refused(f"{name} must not be longer than {most} characters")
    return value


def part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object inside; {} where it is not given."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(f"{name} must be an object")
    return value


def email(payer: Mapping[str, Any], needed: bool) -> None:
    value = payer.get("email")
    if value is None and not needed:
        return
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise Refused("payer.email must be a valid email", code=4050)


def identification(payer: Mapping[str, Any], country: Country) -> dict[str, Any]:
    """Type and number of the payer's document, where given; the country must have the type."""
    found = part(payer, "identification")
    if found and (found.get("type") not in country.documents or not str(found.get("number") or "").strip()):
        raise Refused("Invalid user identification number or type", code=2067)
    return found


def address(body: Mapping[str, Any], name: str) -> str:
    """An https address; this machine's own may be http, for rehearsals."""
    value = text(body, name, 500)
    if not value:
        return ""
    parts = urlsplit(value)
    host = parts.hostname or ""
    if host and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))):
        return value
    raise Refused(f"{name} attribute must be url valid", code=4020)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def ticket_end(body: Mapping[str, Any], now: dt.datetime) -> dt.datetime:
    """Until when a ticket can be paid: one to thirty days after now; three by default."""
    wanted = moment(body, "date_of_expiration")
    if wanted is None:
        return now + dt.timedelta(days=3)
    if not SHORTEST <= wanted - now <= LONGEST:
        raise Refused("date_of_expiration must be between 1 and 30 days from now", code=4033)
    return wanted


def written(value: dt.datetime, country: Country) -> str:
    """A moment as the service writes it: milliseconds, the account's offset."""
    return value.astimezone(country.zone).isoformat(timespec="milliseconds")
