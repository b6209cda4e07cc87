"""CobroDigital's slips: the payer is looked for and created where it is missing, the slip made once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from core import clock
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _, lazy
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.cobrodigital import mapping
from modules.gateways.providers.cobrodigital.client import CobroDigital
from modules.gateways.shapes import Attempt, Coupon, Debt, Opened

METHOD = "boleta"
# a slip of ours was made at most so many days ago
LOOK_BACK = dt.timedelta(days=30)
MOST_DUES = 4


class Checkout:
    """Opened: `provider_ref` is the slip's number, `coupon` the code of the first due date, `data` all of them."""

    methods: Mapping[str, Any] = {METHOD: lazy("Slip of CobroDigital")}

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        try:
            dues.check(debt, MOST_DUES)
        except BadDebt as error:
            return str(error)
        return "" if method in self.methods else _("CobroDigital opens no %(method)s.", method=method)

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        client = CobroDigital(access)
        _ensure_payer(client, access, debt, attempt)
        number = client.make_slip(debt.customer, mapping.concept(debt, attempt),
                                  [(one.date, f"{one.amount:.2f}") for one in debt.due])
        return _opened(client, number, debt.customer)

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """Our slip by the reference in its concept."""
        client, today = CobroDigital(access), access.day(clock.now())
        mark = f"[{attempt.reference}]"
        try:
            found = client.slips(today - LOOK_BACK, today + dt.timedelta(days=1), attempt.reference)
        except Rejected as refusal:
            raise Unavailable(refusal.message) from refusal
        numbers = [str(one.get("numero_Boleta") or "") for one in found if mark in str(one.get("concepto"))]
        return _opened(client, numbers[0], "") if numbers and numbers[0] else None

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        try:
            CobroDigital(access).cancel_slip(opened.provider_ref)
        except Rejected as refusal:
            # done before, or paid meanwhile: nobody can pay it any more
            if not any(word in refusal.message.lower() for word in ("inhabilit", "pagad")):
                raise


def _ensure_payer(client: CobroDigital, access: Access, debt: Debt, attempt: Attempt) -> None:
    """Creating is not idempotent: it is asked before, and after it once more."""
    if client.has_payer(debt.customer):
        return
    client.create_payer(mapping.payer(access, debt, attempt))
    if not client.has_payer(debt.customer):
        raise Rejected(_("CobroDigital has no single payer with the code %(code)s: look for a double one in its panel.",
                         code=debt.customer), code="payer")


def _opened(client: CobroDigital, number: str, customer: str) -> Opened:
    """A slip that was made. Where its codes cannot be read now it is not made again: it is asked for by `find`."""
    try:
        codes = mapping.proved(client.barcodes(number))
        electronic = client.electronic_code(customer) if customer else ""
    except (Unavailable, Rejected, BadDebt) as error:
        raise Unknown(_("Slip %(number)s was made, but its bar codes could not be read: %(reason)s", number=number,
                        reason=str(error))) from error
    if not codes:
        raise Unknown(_("Slip %(number)s has no bar codes yet.", number=number))
    return Opened(number, coupon=Coupon(codes[0], "code128", electronic or number),
                  data={"barcodes": codes, "electronic_code": electronic})
