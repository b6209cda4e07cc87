"""SIRO's bar codes: 0444 and 0447 (56 digits), 0449 and 0448 (59 digits). Pure.

Source: the bank's own generator of bar codes; check digits as two integrations compute them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.check_digits import with_check_digits
from modules.gateways.providers.siro import codes
from modules.gateways.shapes import ZERO, Coupon, Debt

LINK = "https://siropagos.bancoroela.com.ar"


@dataclass(frozen=True)
class Form:
    """A bar code: digits of the customer, of each amount, how many due dates, and how it is drawn."""

    customer: int
    amount: int
    dates: int
    symbology: str


FORMS = {"0444": Form(9, 7, 3, "i2of5"), "0447": Form(9, 7, 3, "i2of5"), "0449": Form(9, 8, 3, "code128"),
         "0448": Form(15, 10, 2, "code128")}


class Coupons:
    """A slip for counters: `extra` may hold "open": the payer says the amount."""

    def coupon(self, access: Access, debt: Debt) -> Coupon:
        name = str(access.get("formato_barra", "0447"))
        form = FORMS.get(name)
        if form is None:
            raise BadDebt(_("SIRO has the bar codes %(known)s; found: %(found)s.", known=", ".join(sorted(FORMS)),
                            found=name), field="formato_barra")
        barcode = digits(access, debt, name, form)
        # the payment code holds nine digits: a longer one would name somebody else
        nine = debt.customer.zfill(form.customer)[:-codes.CUSTOMER].strip("0") == ""
        cpe = codes.cpe(access, codes.customer(debt, form.customer)) if nine else ""
        return Coupon(barcode, form.symbology, cpe or barcode, page(access, cpe) if cpe else "")


def page(access: Access, cpe: str) -> str:
    """Where the debts of a payment code can be paid; it exists without asking anybody."""
    return f"{access.address or LINK}/Home/PagoOffLine/{cpe}/"


def digits(access: Access, debt: Debt, name: str, form: Form) -> str:
    """The whole bar code."""
    owner = name + codes.customer(debt, form.customer)
    inside = _empty(form) if debt.extra.get("open") else _owed(debt, form)
    return with_check_digits(owner + inside + codes.convenio(access))


def _empty(form: Form) -> str:
    return "0" * len(_layout(form))


def _layout(form: Form) -> str:
    return "d" * 6 + "a" * form.amount + ("n" * 2 + "a" * form.amount) * (form.dates - 1)


def _owed(debt: Debt, form: Form) -> str:
    dues.check(debt, 3)
    if len(debt.due) > form.dates:
        raise BadDebt(_("This bar code holds %(most)s due dates; found: %(found)s. Choose 0447 or 0449.",
                        most=form.dates, found=len(debt.due)), field="due")
    written = debt.due[0].date.strftime("%y%m%d") + _amount(debt.due[0].amount, form)
    for place in range(1, form.dates):
        if place < len(debt.due):
            days = (debt.due[place].date - debt.due[place - 1].date).days
            written += _days(days) + _amount(debt.due[place].amount, form)
        else:
            written += "00" + _amount(ZERO, form)
    return written


def _days(days: int) -> str:
    if days > 99:
        raise BadDebt(_("A bar code of SIRO holds at most 99 days between due dates; found: %(days)s. Bring the dates "
                        "closer, or leave the later one to the debt file.", days=days), field="due")
    return f"{days:02d}"


def _amount(amount: Decimal, form: Form) -> str:
    text = str(int(amount.scaleb(2))).zfill(form.amount)
    if len(text) > form.amount:
        raise BadDebt(_("%(amount)s is too large for this bar code. Choose 0449 (up to 999999.99) or 0448 (up to "
                        "99999999.99).", amount=f"{amount:.2f}"), field="due")
    return text
