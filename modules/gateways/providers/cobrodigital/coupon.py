"""A coupon with a code that CobroDigital made: proved before it is printed. Pure."""

from __future__ import annotations

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.cobrodigital import mapping
from modules.gateways.shapes import Coupon, Debt


class Coupons:
    """`extra.barcode`: the 29 digits. CobroDigital computes them with the slip; nobody else can."""

    def coupon(self, access: Access, debt: Debt) -> Coupon:
        barcode = str(debt.extra.get("barcode") or "")
        if not barcode:
            raise BadDebt(_("CobroDigital makes the bar codes of its slips: open a slip, or give its code as "
                            "extra.barcode."), field="barcode")
        return Coupon(mapping.proved([barcode])[0], "code128", barcode)
