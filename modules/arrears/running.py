"""The run: facts of a thousand customers, decisions, and what follows from them; with `dry` nothing is written.

Safe to kill and to repeat: what was done has a key that is unique. Who is cut or restored is decided twice: at first
for all, then, with the account held, on facts read anew, so that a payment that comes in between is seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core import clock, logs
from core.db import db
from core.errors import DomainError
from modules.accounting import services as accounting
from modules.arrears import deciding, reading, services, telling, wording
from modules.arrears.facts import Action, Moment, Spared
from modules.arrears.reading import Context

# what touches the service is decided with the account held
URGENT = ("promise_broken", "restore", "cut")
# what follows from money that came
RELIEF = frozenset({"restore"})
log = logs.get(__name__)


@dataclass
class Part:
    """What was decided of some customers: each with its words."""

    actions: list[tuple[Action, str]] = field(default_factory=list)
    # what was decided and cannot be done, each with what stands against it
    refused: list[tuple[Action, str]] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    # the documents of each customer, by id
    owed: dict[int, list[int]] = field(default_factory=dict)


def now() -> Moment:
    """This moment in the zone of the company in scope."""
    return Moment(clock.local(clock.now()))


def on(day: dt.date) -> Moment:
    """Now where it is that day; else that day as a whole."""
    local = clock.local(clock.now())
    if day == local.date():
        return Moment(local)
    return Moment(dt.datetime.combine(day, dt.time(12), local.tzinfo), whole_day=True)


def run(moment: Moment, *, dry: bool = False, size: int = reading.CHUNK) -> Iterator[Part]:
    """The company in scope, a part after the other; the caller commits after each."""
    known = reading.context()
    for customer_ids in reading.chunks(size):
        yield work(known, moment, customer_ids, dry=dry)


def review(customer_ids: Sequence[int], only: Collection[str] | None = None) -> Part:
    """Look at these customers now: money came or went, a promise is over. `only`: these actions alone."""
    return work(reading.context(), now(), customer_ids, only=only)


def work(known: Context, moment: Moment, customer_ids: Sequence[int], *, dry: bool = False,
         only: Collection[str] | None = None) -> Part:
    """Decide about these customers and, unless `dry`, do it."""
    found = _decide(known, moment, customer_ids, only)
    if dry:
        _leave_out(found, services.refusals([one for one, _words in found.actions if one.action == "cut"]))
        return found
    urgent = sorted({one.customer_id for one, _words in found.actions if one.action in URGENT})
    if urgent:
        _hold(found, urgent)
        again = _decide(known, moment, urgent, only)
        others = [pair for pair in found.actions if pair[0].customer_id not in set(urgent)]
        found.actions = sorted(others + again.actions, key=lambda pair: pair[0].customer_id)
        found.kept = [*{*found.kept, *again.kept}]
    _perform(found, moment)
    return found


def _decide(known: Context, moment: Moment, customer_ids: Sequence[int], only: Collection[str] | None) -> Part:
    part, seen = Part(), set()
    for debtor in reading.debtors(known, customer_ids, moment.day):
        decision = deciding.decide(debtor, known.calendar, moment)
        part.owed.setdefault(debtor.customer_id, []).extend(one.invoice_id for one in debtor.debts)
        for one in decision.actions:
            if one.key not in seen and (only is None or one.action in only):
                seen.add(one.key)
                part.actions.append((one, wording.reason(one)))
        part.spared += [decision.spared] if decision.spared else []
        part.kept += [decision.kept] if decision.kept else []
    return part


def _hold(found: Part, urgent: Sequence[int]) -> None:
    """Hold the accounts of who is cut or restored: who pays meanwhile waits, and is seen by the second look."""
    documents = sorted({key for customer_id in urgent for key in found.owed.get(customer_id, ())})
    if documents:
        accounting.hold_customers(documents)
    db.session.expire_all()


def _perform(found: Part, moment: Moment) -> None:
    """Who is restored first, then notices and surcharges, then who is cut."""
    for promise_id in found.kept:
        services.keep(promise_id)
    of = {action: [pair for pair in found.actions if pair[0].action == action]
          for action in ("restore", "notice", "surcharge", "promise_broken", "cut")}
    refused = services.restore_many(of["restore"], moment.day).of(of["restore"])
    told = [one for one, words in of["notice"] if services.note(one, words, moment.day)]
    telling.tell(told)
    for one, words in of["surcharge"]:
        refused |= _guarded(one, lambda one=one, words=words: services.surcharge(  # type: ignore[misc]
            one, words, moment.day))
    for one, words in of["promise_broken"]:
        services.break_promise(one, words, moment.day)
    refused |= services.cut_many(of["cut"], moment.day).of(of["cut"])
    _leave_out(found, refused)


def _leave_out(found: Part, refused: Mapping[str, str]) -> None:
    """What was refused (key -> why) is not among what is done."""
    found.refused += [(one, refused[one.key]) for one, _words in found.actions if one.key in refused]
    found.actions = [pair for pair in found.actions if pair[0].key not in refused]


def _guarded(one: Action, do: Callable[[], object]) -> dict[str, str]:
    """One contract that refuses stops only itself; why, by key."""
    try:
        with db.session.begin_nested():
            do()
    except DomainError as error:
        log.warning("arrears_refused", contract=one.number, action=one.action, reason=error.message)
        return {one.key: str(error)}
    return {}
