"""Who asks: signatures over requests, addresses. No comparison takes a time that depends on the secret. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable

from core import clock
from modules.gateways.access import Access
from modules.gateways.shapes import Incoming

# a clock may differ so much
SKEW = dt.timedelta(minutes=5)
SIGNED_FROM = "/collect/v1/"


def signature(secret: str, method: str, target: str, date: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over method, path with query (from `/collect/v1/` on), X-Date and the hash of the body."""
    text = f"{method}\n{target}\n{date}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Equal, in constant time; empty secrets are equal to nothing. JSON may hold what no encoding has (half a pair)."""
    return bool(one) and hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "surrogatepass"))


def refusal(access: Access, incoming: Incoming) -> str:
    """Why a signed request is not authentic: address, unsigned, bad_signature, stale; "" where it is."""
    if not address_allowed(access, incoming.remote):
        return "address"
    key, date = incoming.headers.get("x-key", ""), incoming.headers.get("x-date", "")
    given, secret = incoming.headers.get("x-signature", ""), str(access.get("secret"))
    if not (given and date and secret and same(str(access.get("key_id")), key)):
        return "unsigned"
    expected = signature(secret, incoming.method, target_of(incoming), date, incoming.body.encode())
    if not same(expected, given.lower()):
        return "bad_signature"
    return "" if _is_now(date) else "stale"


def target_of(incoming: Incoming) -> str:
    """Path and query as they are signed: without what stands before the interface."""
    path = incoming.path[incoming.path.find(SIGNED_FROM):] if SIGNED_FROM in incoming.path else incoming.path
    return f"{path}?{incoming.raw_query}" if incoming.raw_query else path


def _is_now(date: str) -> bool:
    try:
        moment = dt.datetime.fromisoformat(date)
    except ValueError:
        return False
    return moment.tzinfo is not None and abs(moment - clock.now()) <= SKEW


def address_allowed(access: Access, remote: str) -> bool:
    """Is it one of the network's addresses? Without a list everybody may ask, and must still prove who he is."""
    allowed = networks(access.get("allowed_addresses", ()))
    if not allowed:
        return True
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in allowed)


def networks(given: str | Iterable[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The addresses and networks of a setting; ValueError where one is none."""
    texts = re.split(r"[\s,;]+", given) if isinstance(given, str) else given
    return [ipaddress.ip_network(text.strip(), strict=False) for text in texts if text.strip()]
