"""Facilito's answers, codes and files. Pure.

The web service is what billing systems for providers serve to it, as one of them documents it; Facilito's own manual
was not found. The signed interface and the files are our own design, for networks that can follow ours.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.i18n import _
from modules.gateways import layouts
from modules.gateways.access import Access
from modules.gateways.layout_shapes import Layout
from modules.gateways.shapes import Made

DATA = Path(__file__).parent / "data"
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
LONGEST_NUMBER = 64
# no office takes more in one payment
MOST = Decimal("10000.00")


@lru_cache
def layout(name: str) -> Layout:
    """A layout of our own files."""
    return layouts.load(json.loads((DATA / "layouts.json").read_bytes())[name], name)


def file_name(access: Access, made: Made) -> str:
    return f"deudas_{network(access)}_{made.date:%Y%m%d}_{made.number}.csv"


@lru_cache
def answers(kind: str) -> dict[str, tuple[Any, str]]:
    """(code or status, words) by what happened, of an interface: `service`, `collect`."""
    found = json.loads((DATA / "answers.json").read_bytes())[kind]
    return {name: (first, words) for name, (first, words) in found.items()}


def code_of(access: Access, what: str) -> tuple[str, str]:
    """(code, words) of the web service: the account's table wins over ours."""
    code, words = answers("service")[what]
    return table(access.get("codes", ())).get(what, code), words


def table(given: Any) -> dict[str, str]:
    """The lines `unknown_customer=101` of a setting."""
    rows = given.splitlines() if isinstance(given, str) else given
    return {name.strip(): code.strip() for name, sign, code in (str(row).partition("=") for row in rows) if sign}


def bad_table(given: Any) -> str:
    """What is wrong with a table of codes, in words; "" where it is right."""
    known = answers("service")
    for row in given.splitlines() if isinstance(given, str) else given:
        name, sign, code = str(row).partition("=")
        if name.strip() not in known or not sign or not code.strip():
            return _("“%(row)s” must be one of %(known)s, =, and the network's code.", row=str(row)[:60],
                     known=", ".join(known))
    return ""


def network(access: Access) -> str:
    """The network's name in our addresses."""
    return str(access.get("network", "facilito"))


def until(access: Access) -> dt.time | None:
    """Until when on its day a payment can be taken back; None for the whole day."""
    text = str(access.get("reversal_until", ""))
    return dt.time.fromisoformat(text) if text else None


def amount_of(found: Any, exact: bool = True) -> Decimal | None:
    """An amount above zero that an office can take, from text (unless `exact`, a number too); else None."""
    if isinstance(found, int | Decimal) and not isinstance(found, bool) and not exact:
        found = f"{found:f}" if isinstance(found, Decimal) else str(found)
    if not (isinstance(found, str) and AMOUNT.fullmatch(found)):
        return None
    amount = Decimal(found)
    return amount if 0 < amount <= MOST else None


def number_of(found: Any) -> str | None:
    """The network's number of a payment; None where it is none."""
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if isinstance(found, str) and found.strip() == found and found.isprintable() and len(found) <= LONGEST_NUMBER:
        return found or None
    return None


def day_of(found: Any) -> dt.date | None:
    """A day written like 2026-11-09; None for anything else."""
    try:
        return dt.date.fromisoformat(found) if isinstance(found, str) and len(found) == 10 else None
    except ValueError:
        return None


def amount(value: Decimal) -> str:
    return f"{value:.2f}"
