"""What is taken off or put on the whole document: discounts, charges, advances, rounding (reference 2.3). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from core.i18n import _
from modules.accounting.totals import ZERO
from modules.einvoice_co.findings import Draft, decimals, money

DISCOUNT, CHARGE = "0", "1"
LARGEST = Decimal(10) ** 15
# in the order of Adjustments
_FIELDS = ("totalDescuentos", "totalCargosAplicados", "totalAnticipos", "redondeoAplicado")


@dataclass(frozen=True)
class Adjustments:
    """Amounts of the whole document; `rounding` may be negative."""

    discounts: Decimal = ZERO
    charges: Decimal = ZERO
    advances: Decimal = ZERO
    rounding: Decimal = ZERO

    @property
    def change(self) -> Decimal:
        """What totalMonto is above totalBrutoConImpuesto."""
        return self.charges - self.discounts - self.advances + self.rounding


NOTHING = Adjustments()


def adjustments(draft: Draft) -> Adjustments:
    """As the document says them under the WSDL's names; Siigo takes none here."""
    listed = draft.said("cargosDescuentos")
    said = [_amount(draft, name) for name in _FIELDS]
    if isinstance(listed, Mapping):  # as the WSDL has it
        listed = listed.get("CargosDescuentos")
    for position, sign in ((0, DISCOUNT), (1, CHARGE)):
        if said[position] is None:
            said[position] = _summed(listed, sign)
    found = Adjustments(*(one or ZERO for one in said))
    if found != NOTHING and draft.provider == "siigo":
        draft.refuse("adjustments", draft.where(*_FIELDS, "cargosDescuentos"), _(
            "To send this through Siigo you must put discounts and charges on the lines."),
            siigo="parameter_not_allowed")
        return NOTHING
    return found


def _amount(draft: Draft, name: str) -> Decimal | None:
    said = draft.said(name)
    if said is None:
        return None
    found = _decimal(said)
    if found is None or decimals(found) > 2 or (found < 0 and name != "redondeoAplicado"):
        draft.refuse("adjustment", draft.where(name), _(
            "To send this you must give %(name)s as an amount with two decimals, not %(found)s.", name=name,
            found=said), siigo="invalid_amount")
        return None
    return found


def _summed(listed: Any, sign: str) -> Decimal:
    entries = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, Mapping)]
    return sum((_decimal(one.get("monto")) or ZERO for one in entries if str(one.get("indicador")) == sign), ZERO)


def _decimal(said: Any) -> Decimal | None:
    try:
        found = Decimal(str(said))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < LARGEST else None


def entries(found: Adjustments, net: Decimal, share: Any) -> list[dict[str, str]]:
    """cargosDescuentos of the document; `share` rounds a percentage."""
    made: list[dict[str, str]] = []
    for sign, words, amount in ((DISCOUNT, "Descuento", found.discounts), (CHARGE, "Cargo", found.charges)):
        if amount:
            made.append({"codigo": "00", "descripcion": words, "indicador": sign, "monto": money(amount),
                         "montoBase": money(net), "porcentaje": money(share(amount * 100 / net) if net else ZERO),
                         "secuencia": str(len(made) + 1)})
    return made
