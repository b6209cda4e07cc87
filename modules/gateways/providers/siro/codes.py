"""SIRO's codes: the payment code (CPE), what names a debt, check digits, channels. Pure."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.records import plain
from modules.gateways.shapes import Debt

CUSTOMER, WIDE_CUSTOMER = 9, 15
ISSUER, TEXT = 15, 25


@dataclass(frozen=True)
class Channel:
    """How somebody paid. `means`: approved, rejected (no payment) or reversed (a payment taken back)."""

    name: str
    means: str


@lru_cache(maxsize=1)
def channels() -> dict[str, Channel]:
    """Every channel by its code."""
    with (Path(__file__).parent / "data" / "canales.csv").open(encoding="utf-8", newline="") as file:
        return {row["canal"]: Channel(row["nombre"], row["clase"]) for row in csv.DictReader(file)}


def customer(debt: Debt, width: int = CUSTOMER) -> str:
    """The customer's code with its zeros; the first of the nine is SIRO's concept."""
    code = debt.customer
    if not (code.isascii() and code.isdigit() and len(code) <= width):
        raise BadDebt(_("SIRO knows customers by at most %(width)s digits; found: %(found)s.", width=width, found=code),
                      field="customer")
    return code.zfill(width)


def convenio(access: Access) -> str:
    """The ten digits of the agreement."""
    found = str(access.need("convenio"))
    if not re.fullmatch(r"[0-9]{10}", found):
        raise BadDebt(_("The convenio of SIRO has ten digits; found: %(found)s.", found=found), field="convenio")
    return found


def of_attempt(reference: str) -> str:
    """What a payment of the button is also known by: the rendition tells our reference, and not the operation."""
    return f"ref:{reference}"


def cpe(access: Access, code: str) -> str:
    """The payment code, nineteen digits: it stays with the customer for life."""
    return code[-CUSTOMER:] + convenio(access)


def five(debt: Debt) -> str:
    """Concept digit and month of a debt: with the payment code, what SIRO takes only once."""
    concept = str(debt.extra.get("concept") or "0")
    period = str(debt.extra.get("period") or debt.due[0].date.strftime("%m%y"))
    if not (re.fullmatch("[0-9]", concept) and re.fullmatch("[0-9]{4}", period)):
        raise BadDebt(_("SIRO wants one digit as concept and the month as MMYY; found: %(concept)s and %(period)s.",
                        concept=concept, period=period), field="extra")
    return concept + period


def invoice_id(debt: Debt) -> str:
    """The twenty characters by which a rendition names the debt."""
    sent = str(debt.extra.get("invoice_id") or "")
    return sent or _fifteen(debt.invoice) + five(debt)


def _fifteen(invoice: str) -> str:
    """Numbers stand on the right with zeros, all else on the left with blanks."""
    bare = plain(invoice).replace(" ", "")
    return bare[-15:].zfill(15) if bare.isdigit() else bare[:15].ljust(15)


def issuer(access: Access) -> str:
    """The company's name as ticket and screen show it."""
    return _fit(str(access.get("ente", access.issuer)), ISSUER)


def ticket(access: Access, debt: Debt) -> str:
    """Name of the company and what is paid."""
    return issuer(access) + _fit(debt.concept, TEXT)


def _fit(text: str, width: int) -> str:
    return plain(text)[:width].ljust(width)
