"""What is added to a contract's invoices: recurring extras, charges in instalments, discounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock, months
from core.db import among, db
from core.i18n import _
from core.money import split
from core.months import DAY
from core.scope import current_company
from modules.contracts import states
from modules.contracts import taxes as known_taxes
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.models import Charge, ChargeInstalment, Contract, ContractItem, Discount
from modules.contracts.services import of_form
from modules.contracts.settlement import Settlement

LONGEST = 120


def add_item(contract: Contract, description: str, unit_price: Decimal, *, quantity: Decimal = Decimal(1),
             first_day: dt.date | None = None, last_day: dt.date | None = None, code: str = "",
             includes_tax: bool | None = None, taxes: Sequence[dict[str, Any]] | None = None,
             account_id: int | None = None, form_key: str | None = None) -> ContractItem:
    """A recurring extra at a price per month; taxes are the plan's where none are given. Billed months are settled."""
    if known := of_form(ContractItem, form_key):
        return known
    _open(contract)
    _named(description)
    if quantity <= 0:
        raise WrongValue(_("To add an extra you must give a quantity above zero."), field="quantity")
    first = first_day or clock.today()
    if last_day and last_day < first:
        raise WrongValue(_("To add an extra you must let it end on or after the day it begins."), field="last_day")
    settlement = Settlement.before(contract)
    item = ContractItem(contract_id=contract.id, code=code, description=description.strip(), quantity=quantity,
                        unit_price=unit_price, first_day=first, last_day=last_day, account_id=account_id,
                        form_key=form_key, **_taxed(contract, includes_tax, taxes))
    db.session.add(item)
    settlement.after("item")
    db.session.expire(contract, ["items"])
    audit.record("contracts.add_item", contract, {"item": description, "price": unit_price, "from": first})
    return item


def end_item(contract: Contract, item: ContractItem, last_day: dt.date | None = None) -> None:
    """The extra ends with `last_day` (yesterday by default); days billed beyond it are credited."""
    settlement = Settlement.before(contract)
    item.last_day = last_day or clock.today() - DAY
    settlement.after("item")
    audit.record("contracts.end_item", contract, {"item": item.description, "last_day": item.last_day})


def add_charge(contract: Contract, description: str, total: Decimal, *, instalments: int = 1,
               first_month: dt.date | None = None, code: str = "", includes_tax: bool | None = None,
               taxes: Sequence[dict[str, Any]] | None = None, account_id: int | None = None, invoiced: int = 0,
               form_key: str | None = None) -> Charge:
    """Something to be paid once, in instalments that come with the next invoices. Negative: a credit.

    `invoiced` parts were invoiced by hand before and are not of the total; these count on from them.
    """
    if known := of_form(Charge, form_key):
        return known
    charge = _charge(contract, description, total, instalments, first_month, invoiced, code=code, form_key=form_key,
                     account_id=account_id, includes_tax=includes_tax, taxes=taxes)
    db.session.add(charge)
    db.session.flush()
    _charged(charge, contract)
    return charge


@dataclass(frozen=True)
class NewCharge:
    """Something to be paid once with the next invoice; of those with the same `form_key` one is made."""

    contract: Contract
    description: str
    total: Decimal
    code: str
    form_key: str


def add_charges(wanted: Sequence[NewCharge]) -> None:
    """As `add_charge`, for many contracts with a few statements; those that were made before are left out."""
    known = set(db.session.scalars(sa.select(Charge.form_key).where(
        among(Charge.form_key, [one.form_key for one in wanted])))) if wanted else set()
    made = [(_charge(one.contract, one.description, one.total, code=one.code, form_key=one.form_key), one.contract)
            for one in wanted if one.form_key not in known]
    db.session.add_all([charge for charge, _contract in made])
    db.session.flush()
    for charge, contract in made:
        _charged(charge, contract)


def _charge(contract: Contract, description: str, total: Decimal, instalments: int = 1,
            first_month: dt.date | None = None, invoiced: int = 0, *, includes_tax: bool | None = None,
            taxes: Sequence[dict[str, Any]] | None = None, **values: Any) -> Charge:
    """The row, not yet in the database."""
    if contract.state == states.CANCELLED:
        raise NotPossible(_("Charging is not possible because this contract was cancelled."))
    _named(description)
    if total == 0 or not 1 <= instalments <= LONGEST:
        raise WrongValue(_("To charge you must give an amount other than zero, and 1 to %(most)s instalments.",
                           most=LONGEST), field="total")
    if taxes is None:  # what is sold beside the service bears no tax that follows its place
        taxes = known_taxes.beside(contract.plan.taxes, current_company().country)
    first = months.of(first_month or clock.today())
    parts = enumerate(split(total, instalments, current_company().currency), start=1)
    return Charge(
        contract_id=contract.id, description=description.strip(), total=total, **values,
        **_taxed(contract, includes_tax, taxes), instalments=[
            ChargeInstalment(contract_id=contract.id, position=invoiced + place, amount=amount,
                             month=months.add(first, place - 1)) for place, amount in parts])


def _charged(charge: Charge, contract: Contract) -> None:
    db.session.expire(contract, ["charges"])
    audit.record("contracts.add_charge", contract, {"charge": charge.description, "total": charge.total,
                                                    "in": len(charge.instalments)})


def cancel_charge(contract: Contract, charge: Charge, reason: str = "") -> int:
    """Take back the instalments that are not billed yet; how many."""
    waiting = [one for one in charge.instalments if one.billed_period_id is None and not one.cancelled]
    if not waiting:
        raise NotPossible(_("Taking this charge back is not possible because all of it was billed. "
                            "Issue a credit note."))
    for one in waiting:
        one.cancelled = True
    charge.cancelled_at = clock.now()
    db.session.flush()
    audit.record("contracts.cancel_charge", contract, {"charge": charge.description, "count": len(waiting)}, reason)
    return len(waiting)


def add_discount(contract: Contract, description: str, *, percent: Decimal | None = None,
                 amount: Decimal | None = None, first_month: dt.date | None = None, count: int | None = None,
                 last_month: dt.date | None = None, on_items: bool = False,
                 form_key: str | None = None) -> Discount:
    """Less by percent or by an amount a month, for `count` months or until `last_month` (None: without end)."""
    if known := of_form(Discount, form_key):
        return known
    _open(contract)
    _named(description)
    if (percent is None) == (amount is None):
        raise WrongValue(_("To give a discount you must give a percentage or an amount, not both."), field="percent")
    if (percent is not None and not 0 < percent <= 100) or (amount is not None and amount <= 0):
        raise WrongValue(_("To give a discount you must give a percentage up to 100, or an amount above zero."),
                         field="percent" if amount is None else "amount")
    first = months.of(first_month or clock.today())
    last = months.add(first, count - 1) if count else months.of(last_month) if last_month else None
    if last and last < first:
        raise WrongValue(_("To give a discount you must let it end in or after the month it begins."),
                         field="last_month")
    discount = Discount(contract_id=contract.id, description=description.strip(), percent=percent, amount=amount,
                        first_month=first, last_month=last, on_items=on_items,
                        form_key=form_key)
    db.session.add(discount)
    db.session.flush()
    db.session.expire(contract, ["discounts"])
    audit.record("contracts.add_discount", contract, {"discount": description, "percent": percent, "amount": amount,
                                                      "from": first, "until": last})
    return discount


def end_discount(contract: Contract, discount: Discount, last_month: dt.date | None = None) -> None:
    """The discount ends with `last_month` (the month before by default)."""
    discount.last_month = months.of(last_month) if last_month else months.add(months.of(clock.today()), -1)
    db.session.flush()
    audit.record("contracts.end_discount", contract, {"discount": discount.description, "until": discount.last_month})


def _open(contract: Contract) -> None:
    if contract.state in (states.ENDED, states.CANCELLED):
        raise NotPossible(_("This is not possible because the contract is %(state)s.",
                            state=states.TITLES[contract.state]))


def _named(description: str) -> None:
    if not description.strip():
        raise WrongValue(_("To add this you must say what it is: it stands on the invoice."), field="description")


def _taxed(contract: Contract, includes_tax: bool | None, taxes: Sequence[dict[str, Any]] | None) -> dict[str, Any]:
    """Tax as given, else as the plan has it."""
    plan = contract.plan
    return {"includes_tax": plan.includes_tax if includes_tax is None else includes_tax,
            "taxes": list(plan.taxes if taxes is None else taxes)}
