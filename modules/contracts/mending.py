"""What keeps a contract from being billed, mended where it is said: the fields of each cause, and whether it helped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from core import clock, months
from core.db import db
from core.forms import amount_sample, parse_decimal
from core.i18n import _, use_locale
from core.models import Company
from core.scope import current_company
from modules.contracts import billing_context, billing_read, drafting, plans
from modules.contracts.errors import WrongValue
from modules.contracts.models import Contract, ExchangeRate
from modules.contracts.ports import Problem, billing_checks, place_taxes
from modules.crm import services as crm

IDENTITY, CONDITION, PRICE, RATE, PLACE = "identity", "condition", "price", "rate", "place"
# what is asked for, by kind of cure
INPUTS = {IDENTITY: ("tax_condition", "tax_id_kind", "tax_id"), CONDITION: ("tax_condition",),
          PRICE: ("price",), RATE: ("rate",), PLACE: ("place",)}
# the causes that are ours; a country's check says its own (`cures`)
CURES = {"missing_tax_id": IDENTITY, "wrong_tax_id": IDENTITY, "missing_tax_condition": CONDITION,
         "no_plan_price": PRICE, "no_exchange_rate": RATE}
PERMISSIONS = {PRICE: "contracts.edit_plans", RATE: "contracts.edit_plans"}


def cure_of(code: str) -> str:
    """How a cause is cured in place; "" where only the page of the contract or customer helps."""
    check = billing_checks.find(current_company().country)
    return CURES.get(code) or (check.cures.get(code, "") if check else "")


def permission(cure: str) -> str:
    """Who may do it."""
    return PERMISSIONS.get(cure, "crm.edit_customers")


def mend(contract: Contract, month: dt.date, cure: str, values: Mapping[str, str]) -> None:
    """Write what was typed; refused beside its field where it cannot be."""
    given = {name: values.get(name, "").strip() for name in INPUTS[cure]}
    if cure == PRICE:
        # what is billed afterwards was served the month before
        plans.set_plan_price(contract.plan, _amount(given, "price"), months.add(month, -1))
    elif cure == RATE:
        db.session.add(ExchangeRate(currency=contract.plan.currency, day=clock.today(), rate=_amount(given, "rate")))
        db.session.flush()
    elif cure == PLACE:
        place_taxes.get(current_company().country).answer(contract, given["place"])
    else:
        crm.update_customer(contract.customer, **_needed(given, INPUTS[cure][-1]))


def _needed(given: dict[str, str], name: str) -> dict[str, str]:
    if not given[name]:
        raise WrongValue(_("To bill this contract you must fill this in."), field=name)
    return given


def _amount(given: Mapping[str, str], name: str) -> Decimal:
    found = parse_decimal(given[name])
    if found is None or found <= 0:
        raise WrongValue(_("This is not an amount: write it like %(sample)s.", sample=amount_sample()), field=name)
    return found


def still_wrong(company: Company, month: dt.date, contract: Contract) -> Problem | None:
    """Why the contract cannot be billed as things stand now; None where it can, or need not."""
    with use_locale(company.locale):
        context = billing_context.load(company, month, clock.today(company))
        decision = drafting.decide(context, billing_read.candidates(
            context, contract.customer_id - 1, contract.customer_id))
    return next((one.problem for one in decision.refusals if one.contract.id == contract.id), None)
