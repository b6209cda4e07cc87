"""The verbs on contracts: made, activated, cut, restored, ended, changed, charged, discounted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock, months
from core.db import among, db, find, lock
from core.i18n import _
from core.jobs import publish
from core.months import DAY
from modules.contracts import states
from modules.contracts.bulk import reserve_numbers
from modules.contracts.drafts import ContractData
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.events import (
    ContractActivated,
    ContractEnded,
    PlanChanged,
    ServiceRestored,
    ServiceSuspended,
)
from modules.contracts.facts import PRORATE
from modules.contracts.models import (
    ChargeInstalment,
    Contract,
    ContractPrice,
    Plan,
    PlanChange,
    Suspension,
)
from modules.contracts.queries import effective_profile, some_prorate
from modules.contracts.settlement import Settlement
from modules.crm.models import Customer
from modules.crm.services import hold_customer

EDITABLE = ("address_id", "profile_id", "installed_on", "in_advance", "billing_day", "due_day", "ip", "pppoe_user",
            "pppoe_password", "notes")


def create_contract(data: ContractData) -> Contract:
    """Make a contract; with state "active" it is activated too. Tells ContractActivated then."""
    if known := of_form(Contract, data.form_key):
        return known
    customer = find(Customer, data.customer_id)
    hold_customer(customer)
    if not customer.active:
        raise NotPossible(_("To make a contract you must first make %(name)s a customer again.", name=customer.name))
    plan = sold(find(Plan, data.plan_id), data.billing_from or clock.today())
    contract = Contract(
        number=data.number.strip() or reserve_numbers(1)[0], customer=customer, plan=plan, state=states.DRAFT,
        billing_from=data.billing_from or clock.today(), courtesy_from=data.courtesy_from,
        courtesy_until=data.courtesy_until, courtesy_reason=data.courtesy_reason, form_key=data.form_key,
        **{name: getattr(data, name) or (None if name == "pppoe_password" else getattr(data, name))
           for name in EDITABLE})
    _free_number(contract.number)
    db.session.add(contract)
    db.session.flush()
    audit.record("contracts.create_contract", contract, {"customer": customer.code, "plan": plan.code})
    if data.price is not None:
        _add_price(contract, data.price, contract.billing_from, data.price_until, data.price_until is not None)
    if data.state == states.ACTIVE:
        activate(contract)
    return contract


def of_form(model: type[Any], form_key: str | None) -> Any:
    """What the same form made before; None where it is new."""
    return db.session.scalar(sa.select(model).where(model.form_key == form_key)) if form_key else None


def _free_number(number: str) -> None:
    if db.session.scalar(sa.select(Contract.id).where(Contract.number == number)):
        raise WrongValue(_("To make this contract you must choose another number: %(number)s is taken.",
                           number=number), field="number")


def sold(plan: Plan, day: dt.date) -> Plan:
    """The plan, if it may be sold on that day."""
    if not plan.active or (plan.valid_from and day < plan.valid_from) or (plan.valid_to and day > plan.valid_to):
        raise WrongValue(_("To sell on %(day)s you must choose a plan that is sold then; %(plan)s is not.",
                           day=day.strftime("%d/%m/%Y"), plan=plan.name), field="plan_id")
    return plan


def update_contract(contract: Contract, **fields: Any) -> None:
    """Change what does not touch what is billed: address, profile, days, notes, network data."""
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not changed here: {', '.join(sorted(unknown))}")
    changes = {name: [getattr(contract, name), value] for name, value in fields.items()
               if getattr(contract, name) != value}
    for name, value in fields.items():
        setattr(contract, name, value)
    db.session.flush()
    if changes:
        hidden = {name: "********" if name == "pppoe_password" else pair for name, pair in changes.items()}
        audit.record("contracts.update_contract", contract, hidden)


# --- states --------------------------------------------------------------------------------------------


def _enter(contract: Contract, action: str) -> None:
    """Take the contract's lock and its next state."""
    db.session.flush()
    db.session.execute(lock(sa.select(Contract.id).where(Contract.id == contract.id)))
    db.session.refresh(contract)
    contract.state = states.after(contract.state, action)


def activate(contract: Contract, on: dt.date | None = None) -> None:
    """Service begins; `on` also sets from when it is billed."""
    _enter(contract, "activate")
    contract.billing_from = on or contract.billing_from
    contract.activated_at = clock.now()
    db.session.flush()
    audit.record("contracts.activate", contract, {"billing_from": contract.billing_from})
    publish(ContractActivated(contract.id))


def cancel(contract: Contract, reason: str = "") -> None:
    """A draft that comes to nothing."""
    _enter(contract, "cancel")
    db.session.flush()
    audit.record("contracts.cancel", contract, reason=reason)


def suspend(contract: Contract, cause: str = "request", reason: str = "", on: dt.date | None = None) -> Suspension:
    """Cut the service from `on` (today). What is billed meanwhile is for the billing profile to say.

    Where it charges only days in service, days that are billed already are credited, and charged again on return.
    """
    settlement = _settles_suspension(contract)
    _enter(contract, "suspend")
    row = Suspension(contract_id=contract.id, first_day=on or clock.today(), cause=cause, reason=reason[:300])
    db.session.add(row)
    if settlement:
        settlement.after("suspend")
    db.session.flush()
    audit.record("contracts.suspend", contract, {"cause": cause, "from": row.first_day}, reason)
    publish(ServiceSuspended(contract.id, cause))
    return row


def suspend_many(contracts: Sequence[Contract], cause: str, reasons: Mapping[int, str]) -> list[Suspension]:
    """Cut these services from today, as `suspend` does, with a few statements for all of them.

    The contracts are locked and active. Where a profile charges only days in service it is one after the other.
    """
    if some_prorate():
        return [suspend(one, cause, reasons.get(one.id, "")) for one in contracts]
    rows, today = [], clock.today()
    for one in contracts:
        one.state = states.after(one.state, "suspend")
        reason = reasons.get(one.id, "")
        rows.append(Suspension(contract_id=one.id, first_day=today, cause=cause, reason=reason[:300]))
        audit.record("contracts.suspend", one, {"cause": cause, "from": today}, reason)
    db.session.add_all(rows)
    db.session.flush()
    for one in contracts:
        publish(ServiceSuspended(one.id, cause))
    return rows


def restore(contract: Contract, on: dt.date | None = None, reason: str = "") -> None:
    """The service is back from `on` (today)."""
    settlement = _settles_suspension(contract)
    _enter(contract, "restore")
    _close_suspension(contract, (on or clock.today()) - DAY)
    if settlement:
        settlement.after_restoring(on or clock.today())
    audit.record("contracts.restore", contract, {"on": on or clock.today()}, reason)
    publish(ServiceRestored(contract.id))


def restore_many(contracts: Sequence[Contract], reasons: Mapping[int, str]) -> None:
    """Give these services back from today, as `restore` does, with a few statements for all of them.

    The contracts are locked and cut. Where a profile charges only days in service it is one after the other.
    """
    if some_prorate():
        for one in contracts:
            restore(one, reason=reasons.get(one.id, ""))
        return
    today = clock.today()
    db.session.execute(sa.update(Suspension).where(
        among(Suspension.contract_id, [one.id for one in contracts]), Suspension.ended_at.is_(None))
        .values(last_day=today - DAY, ended_at=clock.now()).execution_options(synchronize_session="fetch"))
    for one in contracts:
        one.state = states.after(one.state, "restore")
        audit.record("contracts.restore", one, {"on": today}, reasons.get(one.id, ""))
    db.session.flush()
    for one in contracts:
        publish(ServiceRestored(one.id))


def _settles_suspension(contract: Contract) -> Settlement | None:
    profile = effective_profile(contract)
    return Settlement.before(contract) if profile.while_suspended == PRORATE else None


def end(contract: Contract, last_day: dt.date | None = None, reason: str = "") -> None:
    """End the service with `last_day` (today); days billed beyond it are credited as the profile says.

    With a day to come the contract goes on until then. Instalments that are left come with the last invoice.
    """
    day = last_day or clock.today()
    states.after(contract.state, "end")
    if day < contract.billing_from - DAY:
        raise WrongValue(_("To end this contract you must choose a day that is not before it began (%(day)s).",
                           day=contract.billing_from.strftime("%d/%m/%Y")), field="last_day")
    settlement = Settlement.before(contract)
    if day <= clock.today():
        _enter(contract, "end")
        _close_suspension(contract, day)
    contract.ends_on, contract.end_reason = day, reason[:300]
    _bring_forward(contract, months.of(day))
    settlement.after("end")
    audit.record("contracts.end", contract, {"last_day": day}, reason)
    if contract.state == states.ENDED:
        publish(ContractEnded(contract.id))


def keep(contract: Contract) -> None:
    """Take back an end that has not come yet."""
    if contract.state == states.ENDED or contract.ends_on is None:
        raise NotPossible(_("Keeping this contract is not possible because no end to come is set."))
    settlement = Settlement.before(contract)
    contract.ends_on, contract.end_reason = None, ""
    settlement.after("end")
    audit.record("contracts.keep", contract)


def _close_suspension(contract: Contract, day: dt.date) -> None:
    for row in contract.suspensions:
        if row.ended_at is None:
            row.last_day, row.ended_at = day, clock.now()


def _bring_forward(contract: Contract, month: dt.date) -> None:
    db.session.execute(
        sa.update(ChargeInstalment).where(ChargeInstalment.contract_id == contract.id, ~ChargeInstalment.cancelled,
                                          ChargeInstalment.billed_period_id.is_(None), ChargeInstalment.month > month)
        .values(month=month).execution_options(synchronize_session=False))


def set_courtesy(contract: Contract, first: dt.date | None, until: dt.date | None, reason: str = "") -> None:
    """Free of charge from `first` until `until` (None: without end). Months that are billed are settled."""
    if first and until and until < first:
        raise WrongValue(_("To give a courtesy you must let it end on or after the day it begins."), field="until")
    settlement = Settlement.before(contract)
    contract.courtesy_from, contract.courtesy_until = first or clock.today(), until
    contract.courtesy_reason = reason[:200]
    settlement.after("courtesy")
    audit.record("contracts.courtesy", contract, {"from": contract.courtesy_from, "until": until}, reason)


def end_courtesy(contract: Contract, last_day: dt.date | None = None) -> None:
    """The courtesy ends with `last_day` (yesterday by default, so that today is charged)."""
    day = last_day or clock.today() - DAY
    settlement = Settlement.before(contract)
    if contract.courtesy_from and day < contract.courtesy_from:
        contract.courtesy_from = contract.courtesy_until = None
    else:
        contract.courtesy_until = day
    settlement.after("courtesy")
    audit.record("contracts.end_courtesy", contract, {"until": day})


# --- plan and price ------------------------------------------------------------------------------------


def change_plan(contract: Contract, plan: Plan, on: dt.date | None = None, reason: str = "",
                price: Decimal | None = None) -> PlanChange:
    """Another plan from `on` (today) on; a day to come is possible. Days that were billed are settled both ways."""
    day = on or clock.today()
    check_change(contract, plan, day)
    settlement = Settlement.before(contract)
    earlier = [change for change in _changes(contract) if change.valid_from < day]
    later = [change for change in _changes(contract) if change.valid_from > day]
    old_id = earlier[-1].new_plan_id if earlier else later[0].old_plan_id if later else contract.plan_id
    change = PlanChange(contract_id=contract.id, valid_from=day, old_plan_id=old_id, new_plan_id=plan.id,
                        reason=reason[:300])
    if later:
        later[0].old_plan_id = plan.id
    db.session.add(change)
    db.session.flush()
    db.session.expire(contract, ["changes"])
    if price is not None:
        _add_price(contract, price, day)
    if day <= clock.today():
        apply_change(change, contract)
    settlement.after("plan_change", change)
    audit.record("contracts.change_plan", contract, {"from": old_id, "to": plan.id, "on": day}, reason)
    return change


def _changes(contract: Contract) -> list[PlanChange]:
    return [change for change in contract.changes if change.state != "cancelled"]


def check_change(contract: Contract, plan: Plan, day: dt.date) -> None:
    """Refuses a change of plan that cannot be: WrongValue or NotPossible."""
    sold(plan, day)
    if contract.state not in (states.ACTIVE, states.SUSPENDED, states.DRAFT):
        raise NotPossible(_("Changing the plan is not possible because this contract is %(state)s.",
                            state=states.TITLES[contract.state]))
    if day < contract.billing_from:
        raise WrongValue(_("To change the plan you must choose a day that is not before the contract began (%(day)s).",
                           day=contract.billing_from.strftime("%d/%m/%Y")), field="on")
    if any(change.valid_from == day for change in _changes(contract)):
        raise WrongValue(_("To change the plan you must choose another day: there is a change on %(day)s already.",
                           day=day.strftime("%d/%m/%Y")), field="on")
    before = [change.new_plan_id for change in _changes(contract) if change.valid_from < day]
    if plan.id == (before[-1] if before else contract.plan_id):
        raise WrongValue(_("To change the plan you must choose another one: %(plan)s is the plan of that day.",
                           plan=plan.name), field="plan_id")


def apply_change(change: PlanChange, contract: Contract) -> None:
    """The day of a change has come: it is the contract's plan now, unless a later change has come too."""
    change.state = "applied"
    contract.plan_id = change.new_plan_id
    db.session.flush()
    db.session.expire(contract, ["plan"])
    publish(PlanChanged(contract.id, change.old_plan_id, change.new_plan_id))


def cancel_change(change: PlanChange) -> None:
    """Take back a change that has not come yet, with what it would have credited."""
    if change.state != "planned":
        raise NotPossible(_("Taking this change back is not possible because its day has come. Change the plan again."))
    contract = find(Contract, change.contract_id)
    settlement = Settlement.before(contract)
    change.state = "cancelled"
    following = next((one for one in _changes(contract) if one.valid_from > change.valid_from), None)
    if following is not None:
        following.old_plan_id = change.old_plan_id
    settlement.after("plan_change", change)
    audit.record("contracts.cancel_change", contract, {"change": change.id})


def set_price(contract: Contract, price: Decimal, first: dt.date | None = None, last: dt.date | None = None,
              promised: bool = False, form_key: str | None = None) -> ContractPrice:
    """A price of the contract's own from a day on; promised: no price revision touches it until `last`.

    Days that are billed already are settled.
    """
    if known := of_form(ContractPrice, form_key):
        return known
    settlement = Settlement.before(contract)
    row = _add_price(contract, price, first, last, promised, form_key)
    settlement.after("price")
    return row


def _add_price(contract: Contract, price: Decimal, first: dt.date | None = None, last: dt.date | None = None,
               promised: bool = False, form_key: str | None = None) -> ContractPrice:
    if price < 0 or (last and first and last < first):
        raise WrongValue(_("To set a price you must give an amount that is not negative, and an end after its begin."),
                         field="price")
    row = ContractPrice(contract_id=contract.id, price=price, valid_from=first or clock.today(), valid_to=last,
                        promised=promised, form_key=form_key)
    db.session.add(row)
    db.session.flush()
    db.session.expire(contract, ["prices"])
    audit.record("contracts.set_price", contract, {"price": price, "from": row.valid_from, "until": last,
                                                   "promised": promised})
    return row


# --- what the calendar brings ------------------------------------------------------------------------------


def follow_calendar(today: dt.date) -> int:
    """Apply the changes of plan and the ends whose day has come; how many. Safe to repeat."""
    changes = db.session.scalars(sa.select(PlanChange).where(
        PlanChange.state == "planned", PlanChange.valid_from <= today).order_by(PlanChange.valid_from)).all()
    for change in changes:
        contract = find(Contract, change.contract_id)
        if contract.state not in (states.ENDED, states.CANCELLED):
            apply_change(change, contract)
    ending = db.session.scalars(sa.select(Contract).where(
        Contract.state.in_((states.ACTIVE, states.SUSPENDED)), Contract.ends_on < today)).all()
    for contract in ending:
        _enter(contract, "end")
        assert contract.ends_on is not None
        _close_suspension(contract, contract.ends_on)
        db.session.flush()
        publish(ContractEnded(contract.id))
    return len(changes) + len(ending)
