"""The verbs: cut for debt, restore, surcharge; promises of payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from core import audit, clock, logs
from core.db import among, db, find, insert_new, lock, write_rows
from core.errors import DomainError
from core.i18n import _
from core.jobs import enqueue, publish
from core.scope import current_company_id, current_user_id
from modules.accounting.models import Invoice
from modules.arrears import deciding, promising, reading, surcharges, telling, wording
from modules.arrears.errors import NoPromise, NotPossible
from modules.arrears.events import PromiseBroken, PromiseMade
from modules.arrears.facts import ARREARS, Action, Debtor, Decision, Moment
from modules.arrears.models import Cut, Deed, Promise
from modules.contracts import extras, foresight
from modules.contracts import services as contracts
from modules.contracts.models import Contract
from modules.crm.models import Customer

# so many days at most, whoever grants it
LONGEST = dt.timedelta(days=20)
REVIEW = "modules.arrears.jobs.review"
log = logs.get(__name__)


# --- what is done once -----------------------------------------------------------------------------------------


def note(one: Action, reason: str, day: dt.date) -> bool:
    """Write down that this is done; False where it was done before."""
    row = _deed(one, reason, day)
    return bool(insert_new(Deed.__table__, [row], ("company_id", "key")))  # type: ignore[arg-type]


def _deed(one: Action, reason: str, day: dt.date, batch_id: int | None = None) -> dict[str, Any]:
    return {"company_id": current_company_id(), "contract_id": one.contract_id, "customer_id": one.customer_id,
            "action": one.action, "rule": one.rule, "reason": reason[:300], "invoice_id": one.invoice_id,
            "key": one.key[:100], "amount": one.amount, "currency": one.currency, "at": clock.now(), "day": day,
            "batch_id": batch_id, "by_id": current_user_id()}


Pairs = Sequence[tuple[Action, str]]
Row = TypeVar("Row")


@dataclass
class Outcome:
    """By contract: what was done, and the words of those that refused."""

    done: dict[int, Any] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)

    def of(self, wanted: Pairs) -> dict[str, str]:
        """Why these refused, by the key of what was wanted."""
        return {one.key: self.refused[one.contract_id] for one, _reason in wanted if one.contract_id in self.refused}


def refusals(cuts: Sequence[Action]) -> dict[str, str]:
    """Which of these cuts `cut_many` would refuse, and why, by key; nothing is written.

    Where days that are billed cannot be credited; elsewhere nothing stands against a cut.
    """
    keys = {one.contract_id: one.key for one in cuts}
    return {keys[contract_id]: why for contract_id, why in foresight.refused_suspensions(keys, clock.today()).items()}


def cut_many(wanted: Pairs, day: dt.date, batch_id: int | None = None) -> Outcome:
    """Cut these services for debt, one per contract, and tell it; done are the cuts.

    Who is not in service any more, and whose cut was made before, is left out: the contracts are held first.
    """
    return _do_many(wanted, lambda pairs: _cut_together(pairs, day, batch_id), _of_action)


def restore_many(wanted: Pairs, day: dt.date) -> Outcome:
    """Give these services back that were cut for debt, one per contract, and tell it; who is back already is left out.
    """
    return _do_many(wanted, lambda pairs: _restore_together(pairs, day), _of_action)


def undo_many(back: Sequence[Contract], reason: str) -> Outcome:
    """Give back these services, which are held and cut: cutting them is undone."""
    def undo(some: Sequence[Contract]) -> dict[int, Any]:
        give_back_many(some, {one.id: "undone" for one in some}, {one.id: reason for one in some})
        return {one.id: one for one in some}

    return _do_many(back, undo, lambda one: (one.id, one.number, "undo"))


def _of_action(pair: tuple[Action, str]) -> tuple[int, str, str]:
    return pair[0].contract_id, pair[0].number, pair[0].action


def _do_many(wanted: Sequence[Row], do: Callable[[Sequence[Row]], dict[int, Any]],
             of: Callable[[Row], tuple[int, str, str]]) -> Outcome:
    """With a few statements for all of them; where one refuses, as when days that are billed cannot be credited, one by
    one: it stops only itself. `of`: (contract, its number, what is done)."""
    if not wanted:
        return Outcome()
    try:
        with db.session.begin_nested():
            return Outcome(do(wanted))
    except DomainError as error:
        if len(wanted) == 1:
            contract_id, number, action = of(wanted[0])
            log.warning("arrears_refused", contract=number, action=action, reason=error.message)
            return Outcome(refused={contract_id: str(error)})
    found = Outcome()
    for one in sorted(wanted, key=lambda row: of(row)[0]):  # in the order in which all of them are locked
        alone = _do_many([one], do, of)
        found.done |= alone.done
        found.refused |= alone.refused
    return found


def _cut_together(wanted: Pairs, day: dt.date, batch_id: int | None) -> dict[int, Cut]:
    held_ones = held_many([one.contract_id for one, _reason in wanted])
    pairs = _left(wanted, held_ones, "active")
    if not pairs:
        return {}
    _note_all(pairs, day, batch_id)
    reasons = {one.contract_id: reason for one, reason in pairs}
    suspensions = contracts.suspend_many([held_ones[key] for key in reasons], ARREARS, reasons)
    made = _cuts(pairs, {row.contract_id: row.id for row in suspensions}, batch_id)
    telling.tell([one for one, _reason in pairs])
    return made


def _restore_together(wanted: Pairs, day: dt.date) -> dict[int, Contract]:
    held_ones = held_many([one.contract_id for one, _reason in wanted])
    pairs = _left(wanted, held_ones, "suspended")
    if not pairs:
        return {}
    _note_all(pairs, day)
    back = {one.contract_id: held_ones[one.contract_id] for one, _reason in pairs}
    give_back_many(list(back.values()), {one.contract_id: one.rule for one, _reason in pairs},
                   {one.contract_id: reason for one, reason in pairs})
    telling.tell([one for one, _reason in pairs if one.rule == "paid"])
    return back


def _left(wanted: Pairs, held_ones: Mapping[int, Contract], state: str) -> list[tuple[Action, str]]:
    """Those whose contract is in this state, and that were not done before."""
    known = set(db.session.scalars(sa.select(Deed.key).where(
        Deed.company_id == current_company_id(), among(Deed.key, [one.key for one, _reason in wanted]))))
    return [(one, reason) for one, reason in wanted
            if held_ones[one.contract_id].state == state and one.key not in known]


def _note_all(pairs: Pairs, day: dt.date, batch_id: int | None = None) -> None:
    """Write down that these are done: nobody else can, while their contracts are held."""
    write_rows(Deed.__table__, [_deed(one, reason, day, batch_id) for one, reason in pairs])


def _cuts(pairs: Pairs, suspensions: Mapping[int, int], batch_id: int | None) -> dict[int, Cut]:
    before = {row.contract_id: row.count for row in db.session.execute(
        sa.select(Cut.contract_id, sa.func.count().label("count")).where(among(Cut.contract_id, list(suspensions)))
        .group_by(Cut.contract_id))}
    made = {one.contract_id: Cut(
        contract_id=one.contract_id, customer_id=one.customer_id, suspension_id=suspensions[one.contract_id],
        invoice_id=one.invoice_id, round=before.get(one.contract_id, 0), rule=one.rule, reason=reason[:300],
        amount=one.amount, currency=one.currency, batch_id=batch_id) for one, reason in pairs}
    db.session.add_all(made.values())
    db.session.flush()
    return made


def held_many(contract_ids: Sequence[int]) -> dict[int, Contract]:
    """The contracts as they are now, locked in order until the transaction ends."""
    db.session.flush()
    return {row.id: row for row in db.session.scalars(
        lock(sa.select(Contract).where(among(Contract.id, contract_ids)).order_by(Contract.id))
        .execution_options(populate_existing=True))}


def held(contract_id: int) -> Contract:
    """The contract as it is now, locked until the transaction ends."""
    db.session.flush()
    db.session.execute(lock(sa.select(Contract.id).where(Contract.id == contract_id)))
    contract: Contract = find(Contract, contract_id)
    db.session.refresh(contract)
    return contract


def restore(one: Action, reason: str, day: dt.date) -> bool:
    """Give the service back that was cut for debt; False where it is back already."""
    return bool(_restore_together([(one, reason)], day))


def give_back_many(back: Sequence[Contract], by: Mapping[int, str], reasons: Mapping[int, str]) -> None:
    """Restore these, which are held, and close what says that they were cut; `by` and `reasons` by contract.

    A charge for reconnection comes with the next invoice, once a debt.
    """
    closed = end_cuts(by)
    contracts.restore_many(back, reasons)
    _charge_reconnections([(one, closed[one.id]) for one in back
                           if one.id in closed and by[one.id] in ("paid", "promise", "proof")])


def end_cut(contract_id: int, by: str) -> Cut | None:
    """Close the open cut of a contract, if there is one."""
    return end_cuts({contract_id: by}).get(contract_id)


def end_cuts(by: Mapping[int, str]) -> dict[int, Cut]:
    """Close the open cuts of these contracts (id -> what ends it); those that there were, by contract."""
    rows = db.session.scalars(sa.select(Cut).where(among(Cut.contract_id, list(by)), Cut.ended_at.is_(None))).all()
    for row in rows:
        row.ended_by, row.ended_at = by[row.contract_id], clock.now()
    db.session.flush()
    return {row.contract_id: row for row in rows}


def _charge_reconnections(pairs: Sequence[tuple[Contract, Cut]]) -> None:
    if not pairs:
        return
    known = reading.context()
    zones = dict(db.session.execute(sa.select(Customer.id, Customer.zone_id).where(
        among(Customer.id, {contract.customer_id for contract, _row in pairs}))).tuples().all())
    charges = [extras.NewCharge(contract, _("Charge for reconnection"), amount, "reconnection",
                                f"arrears.reconnection:{contract.id}:{row.invoice_id}")
               for contract, row in pairs
               if (amount := known.rules_of(contract.profile_id, zones[contract.customer_id]).reconnection_charge) > 0]
    extras.add_charges(charges)


def surcharge(one: Action, reason: str, day: dt.date) -> bool:
    """What paying late costs comes with the next invoice of the contract; once a document."""
    if not note(one, reason, day):
        return False
    contract: Contract = find(Contract, one.contract_id)
    invoice: Invoice = find(Invoice, one.invoice_id or 0)
    extras.add_charge(contract, _("Surcharge for paying %(document)s late", document=str(invoice)), one.amount,
                      code="surcharge", form_key=surcharges.key_of(invoice.id))
    return True


# --- promises --------------------------------------------------------------------------------------------------


def promise(contract: Contract, by: Any = None, *, channel: str = "staff", until: dt.datetime | None = None) -> Promise:
    """Note a promise to pay; a service that is cut for debt is back at once. `by`: the person of the staff, if any.

    `until` is aware, at most twenty days away; by default the policy's hours from now. It is moved to when people are
    there. A second click finds the first promise, unless its time is over. NoPromise says why it is not possible.
    """
    contract = held(contract.id)
    debtor, known, moment = promising.of(contract)
    if (open_one := promising.open_promise(contract.id)) is not None:
        if open_one.until > clock.now():
            return open_one
        if debtor is not None:
            _end_over(deciding.decide(debtor, known.calendar, moment), moment)
        debtor, known, moment = promising.of(contract)
    if refused := promising.refusal(debtor, moment, online=channel != "staff"):
        raise NoPromise(refused)
    assert debtor is not None
    row = _write_promise(contract, debtor, moment, promising.ends(debtor, known, moment, _checked(until)), by, channel)
    if contract.state == "suspended" and debtor.suspended_by == ARREARS:
        key = f"restore:{debtor.suspension_id}"
        one = Action(contract.id, contract.number, contract.customer_id, debtor.customer, "restore", "promise", key)
        restore(one, _("promise of payment"), moment.day)
    telling.tell_promise(row, promising.oldest(debtor))
    look_at(contract.customer_id, row.until, f"arrears.promise:{row.id}")
    publish(PromiseMade(row.id))
    return row


def _end_over(decision: Decision, moment: Moment) -> None:
    """Whose time is over, before the hourly run notes it: broken where the debt is there, else kept."""
    for one in decision.actions:
        if one.action == "promise_broken":
            break_promise(one, wording.reason(one), moment.day)
    if decision.kept:
        keep(decision.kept)


def look_at(customer_id: int, moment: dt.datetime, key: str) -> None:
    """Have a customer looked at when a time is over, beside the hourly run."""
    enqueue(REVIEW, customer_ids=[customer_id], run_at=moment, key=key)


def _checked(until: dt.datetime | None) -> dt.datetime | None:
    if until is not None and not clock.now() < until <= clock.now() + LONGEST:
        raise NoPromise(_("To note this promise you must choose a time to come, at most %(days)s days away.",
                          days=LONGEST.days), field="until")
    return until


def _write_promise(contract: Contract, debtor: Debtor, moment: Moment, until: dt.datetime, by: Any,
                   channel: str) -> Promise:
    amount, currency = promising.owed(debtor)
    row = Promise(contract_id=contract.id, customer_id=contract.customer_id, until=until, amount=amount,
                  currency=currency, channel=channel, made_by=by.id if by is not None else None)
    db.session.add(row)
    db.session.flush()
    audit.record("arrears.promise", contract, {"until": until, "amount": amount, "channel": channel})
    return row


def keep(promise_id: int) -> None:
    """The debt of a promise is paid."""
    _end_promise(promise_id, "kept")


def break_promise(one: Action, reason: str, day: dt.date) -> bool:
    """The time of a promise is over and the debt is there; False where it was noted before."""
    promise_id = int(str(one.data["promise"]))
    if not note(one, reason, day) or not _end_promise(promise_id, "broken"):
        return False
    telling.tell([one])
    publish(PromiseBroken(promise_id))
    return True


def withdraw(row: Promise, reason: str = "") -> None:
    """Take an open promise back; by the rules the service may be cut again."""
    if not _end_promise(row.id, "withdrawn"):
        raise NotPossible(_("Taking this promise back is not possible because it has ended."))
    audit.record("arrears.withdraw_promise", row.contract, {"promise": row.id}, reason)


def _end_promise(promise_id: int, state: str) -> bool:
    changed = db.session.execute(
        sa.update(Promise).where(Promise.id == promise_id, Promise.state == "open")
        .values(state=state, ended_at=clock.now()).execution_options(synchronize_session="fetch"))
    return bool(changed.rowcount)  # type: ignore[attr-defined]

