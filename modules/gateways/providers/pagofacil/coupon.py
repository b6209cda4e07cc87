"""Pago Fácil's payment code of 14 digits, and a bar code by a template of the contract. Pure.

Source: one provider's integration (the code); the bar code of the counters is only known from hearsay, so that it is a
template: a line per field, `name:digits`, or `=digits` for what always is the same. Two check digits end it.
"""

from __future__ import annotations

import re
from decimal import Decimal

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.providers.check_digits import with_check_digits
from modules.gateways.shapes import ZERO, Coupon, Debt

COMPANY, CUSTOMER = 4, 8
FIELDS = ("empresa", "cliente", "importe", "vencimiento", "recargo", "dias")


class Coupons:
    """Codabar by default; Interleaved 2 of 5 where the account has a template."""

    def coupon(self, access: Access, debt: Debt) -> Coupon:
        dues.check(debt, 2)
        code = payment_code(access, debt)
        template = lines(access)
        if not template:
            return Coupon(code, "codabar", code)
        return Coupon(with_check_digits("".join(_field(access, debt, one) for one in template)), "i2of5", code)


def company(access: Access) -> str:
    """The company's number, four digits."""
    found = str(access.need("empresa"))
    if not re.fullmatch("[0-9]{4}", found):
        raise BadSetting(_("The company's number at Pago Fácil has four digits; found: %(found)s.", found=found),
                         field="empresa")
    return found


def customer(debt: Debt, width: int = CUSTOMER) -> str:
    """The customer's code with zeros before it."""
    if not re.fullmatch(f"[0-9]{{1,{width}}}", debt.customer):
        raise BadDebt(_("Pago Fácil knows customers by at most %(width)s digits; found: %(found)s.", width=width,
                        found=debt.customer), field="customer")
    return debt.customer.zfill(width)


def payment_code(access: Access, debt: Debt) -> str:
    """Company, customer, two check digits: what the payer says at the counter."""
    return with_check_digits(company(access) + customer(debt))


def lines(access: Access) -> list[str]:
    """The template's fields; BadSetting for one that means nothing."""
    given = access.get("barra", [])
    found = [str(one).strip() for one in (given.splitlines() if isinstance(given, str) else given) if str(one).strip()]
    for one in found:
        name, _sign, width = one.partition(":")
        if not re.fullmatch("=[0-9]+", one) and not (name in FIELDS and re.fullmatch("[1-9][0-9]?", width)):
            raise BadSetting(_("A field of the bar code is name:digits or =digits, the name one of %(known)s; found: "
                               "%(found)s.", known=", ".join(FIELDS), found=one), field="barra")
    return found


def _field(access: Access, debt: Debt, text: str) -> str:
    if text.startswith("="):
        return text[1:]
    name, _sign, width = text.partition(":")
    first, last = debt.due[0], debt.due[-1]
    value = {"empresa": lambda: company(access), "cliente": lambda: customer(debt, int(width)),
             "importe": lambda: _cents(first.amount), "vencimiento": lambda: f"{first.date:%y%j}",
             "recargo": lambda: _cents(last.amount - first.amount),
             "dias": lambda: str((last.date - first.date).days)}[name]()
    if len(value) > int(width):
        raise BadDebt(_("%(name)s does not fit into %(width)s digits of the bar code: %(value)s.", name=name,
                        width=width, value=value), field="due")
    return value.zfill(int(width))


def _cents(amount: Decimal) -> str:
    return str(int((amount or ZERO).scaleb(2)))
