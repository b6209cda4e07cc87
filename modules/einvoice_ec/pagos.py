"""How it is to be paid: the block `pagos` (ficha, table 24). Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.einvoice_ec import catalogs
from modules.einvoice_ec.catalogs import NOTA_DEBITO
from modules.einvoice_ec.findings import Draft, clean, money

# "otros con utilización del sistema financiero": transfer, deposit, agents
DEFAULT, CASH = "20", "01"
DEDUCTIBLE_IN_CASH = Decimal("500.00")
DAYS, LONGEST_UNIT = "dias", 10


def pagos(draft: Draft, total: Decimal) -> list[Any]:
    """One payment of the whole; of a factura on credit with the days until it is due."""
    method = clean(draft.case.payment.get("method"))
    if method and method not in catalogs.means_of_payment():
        draft.refuse("means_of_payment", "payment.method", _(
            "To send this you must choose a means of payment of table 24 (%(known)s), not %(found)s.",
            known=", ".join(catalogs.means_of_payment()), found=method))
    if not method:
        draft.remark("means_assumed", "payment.method", _(
            "It does not say how the customer pays; %(code)s is sent (%(name)s).", code=DEFAULT,
            name=catalogs.means_of_payment()[DEFAULT]))
    if method == CASH and total > DEDUCTIBLE_IN_CASH:
        draft.remark("cash", "payment.method", _(
            "Above USD 500 a customer who pays outside the financial system cannot deduct the expense."))
    term, unit = _term(draft)
    return [("pago", [("formaPago", method or DEFAULT), ("total", money(total)), ("plazo", term),
                      ("unidadTiempo", unit if term else "")])]


def _term(draft: Draft) -> tuple[str, str]:
    """(plazo, unidadTiempo) as they were said, or the days until it is due."""
    said = clean(draft.extra.get("plazo"))
    unit = draft.text(draft.extra.get("unidadTiempo"), "extra.unidadTiempo", LONGEST_UNIT) or DAYS
    if said:
        if not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", said):
            draft.refuse("plazo", "extra.plazo", _(
                "To send this you must give plazo as a number of %(unit)s, not %(found)s.", unit=unit, found=said))
        return said, unit
    due = draft.case.due_date
    if due is None or draft.kind.cod_doc == NOTA_DEBITO or draft.case.payment.get("terms") == "cash":
        return "", ""
    days = (due - draft.date).days
    return (str(days), DAYS) if days > 0 else ("", "")
