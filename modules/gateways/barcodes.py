"""Bar codes that offices scan: GS1-128 of Colombian bills, and what a drawing program wants for each symbology. Pure.

Sources: GS1 General Specifications (identifiers 415, 8020, 390n, 96), and what readers found in what was drawn.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from stdnum import ean, luhn

from core.i18n import _
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.shapes import Coupon

# what ends a part of variable length that is not the last one, and how reportlab's Code 128 wants it and the first FNC1
GROUP, FUNCTION_1 = "\x1d", "\xf1"
LONGEST_REFERENCE, LONGEST_AMOUNT = 25, 15


def gln_trouble(gln: str) -> str:
    """What is wrong with a GLN (13 digits, the last one a check digit), in words; "" where it is right."""
    if not (len(gln) == 13 and gln.isascii() and gln.isdigit()):
        return _("A GLN has 13 digits; found: %(found)s.", found=gln[:40] or "–")
    if not ean.is_valid(gln):
        return _("The check digit of the GLN %(gln)s must be %(digit)s.", gln=gln, digit=ean.calc_check_digit(gln[:-1]))
    return ""


def bill(gln: str, references: tuple[str, ...], amount: Decimal, until: dt.date, width: int = 10,
         decimals: int = 0) -> Coupon:
    """The GS1-128 of a bill: whose (GLN), which references, how much, until which day the office takes it.

    `width`: digits that the amount is filled to; `decimals` of them are decimals. BadSetting, BadDebt.
    """
    if trouble := gln_trouble(gln):
        raise BadSetting(trouble, field="gln")
    for reference in references:
        _prove(reference)
    parts = [("415", gln), *(("8020", one) for one in references), (f"390{decimals}", _filled(amount, width, decimals)),
             ("96", until.strftime("%Y%m%d"))]
    # 415 has a fixed length and the last part needs no end; 8020 and 390n in between do
    barcode = "415" + gln + GROUP.join(identifier + value for identifier, value in parts[1:])
    return Coupon(barcode, "gs1-128", "".join(f"({identifier}){value}" for identifier, value in parts))


def _prove(reference: str) -> None:
    if not (reference.isascii() and reference.isdigit() and len(reference) <= LONGEST_REFERENCE):
        raise BadDebt(_("To print a bar code, the reference must have 1 to %(most)s digits; found: %(found)s.",
                        most=LONGEST_REFERENCE, found=reference or "–"), field="reference")


def _filled(amount: Decimal, width: int, decimals: int) -> str:
    scaled = amount.scaleb(decimals)
    if not (2 <= width < LONGEST_AMOUNT and width % 2 == 0):
        raise BadSetting(_("The amount in the bar code must be filled to an even number of digits, up to 14; found: "
                           "%(found)s.", found=width), field="amount_width")
    if amount <= 0 or scaled != scaled.to_integral_value():
        raise BadDebt(_("To print a bar code, the amount must be above zero and have %(decimals)s decimals; found: "
                        "%(found)s.", decimals=decimals, found=f"{amount:f}"), field="due")
    text = str(int(scaled)).zfill(width)
    if len(text) > width:
        raise BadDebt(_("The amount %(found)s has more than the %(width)s digits of the bar code.", found=f"{amount:f}",
                        width=width), field="due")
    return text


def drawn(coupon: Coupon) -> tuple[str, str]:
    """(value, symbology) for a drawing program that knows Code 128 of reportlab; BadDebt where it would draw another.

    reportlab takes ñ, ò, ó and ô for function characters: only ASCII may come in.
    """
    text = coupon.barcode
    if not text.isascii():
        raise BadDebt(_("A bar code holds digits and letters without accents only; found: %(found)s.", found=text[:60]))
    if coupon.symbology == "gs1-128":
        return FUNCTION_1 + text.replace(GROUP, FUNCTION_1), "code128"
    return text, coupon.symbology


def with_check_digit(number: str) -> str:
    """A number that is told at a counter, with a digit that finds slips (Luhn): 6 to 12 digits in all."""
    if not (number.isascii() and number.isdigit() and len(number.lstrip("0")) <= 11):
        raise BadDebt(_("A reference with a check digit has at most 11 digits before it; found: %(found)s.",
                        found=number[:40] or "–"), field="reference")
    bare = number.lstrip("0").zfill(5)
    return bare + luhn.calc_check_digit(bare)


def without_check_digit(number: str) -> str | None:
    """The number before its check digit; None where the digit is wrong."""
    bare = number.lstrip("0").zfill(6)
    return bare[:-1].lstrip("0") if luhn.is_valid(bare) else None
