"""Random histories of a debtor, hour by hour: who is current is never cut, nor who promised; a debt cuts once.

The life is made of plain values: invoices, payments that come and are taken back, promises, proofs, staff that
restores, moratoria. What the decision says is done as the services do it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from modules.arrears.calendar import Calendar, Stay
from modules.arrears.deciding import decide, overdue
from modules.arrears.facts import Action, Debt, Debtor, Given, LastCut, Moment, Shown
from tests.modules.arrears.debtors import RULES, ZONE, debtor, owes

START = dt.datetime(2026, 11, 2, 0, tzinfo=ZONE)
HOURS = 24 * 40
EVENTS = ("invoice", "pay", "pay_all", "reverse", "promise", "withdraw", "proof", "refuse", "restore", "moratorium",
          "end_moratorium")


@dataclass
class Life:
    """The debtor as he is, and what was done to him."""

    now: dt.datetime = START
    debts: list[Debt] = field(default_factory=list)
    paid: list[Debt] = field(default_factory=list)
    promises: list[Given] = field(default_factory=list)
    proofs: list[Shown] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    is_cut: bool = False
    last: LastCut | None = None
    cuts: int = 0
    done: set[str] = field(default_factory=set)
    # (oldest debt, how often something had given the service back or had ended since) of each cut
    causes: list[tuple[Any, ...]] = field(default_factory=list)
    given_back: int = 0

    def facts(self) -> Debtor:
        return debtor(*self.debts, rules=RULES, state="suspended" if self.is_cut else "active",
                      suspended_by="arrears" if self.is_cut else "", suspension_id=self.cuts,
                      promises=tuple(self.promises), proofs=tuple(self.proofs), last_cut=self.last, cuts=self.cuts,
                      done=frozenset(self.done))

    def calendar(self) -> Calendar:
        return Calendar("AR", stays=tuple(self.stays))

    # --- what people do ------------------------------------------------------------------------------------

    def happen(self, what: str, number: int) -> None:
        getattr(self, f"_{what}")(number)

    def _invoice(self, number: int) -> None:
        key = len(self.debts) + len(self.paid) + 1
        self.debts.append(owes(self.now.date() + dt.timedelta(days=number % 12 - 4), "100.00", key))

    def _pay(self, number: int) -> None:
        if self.debts:
            self.paid.append(self.debts.pop(0))
            self._relief()

    def _pay_all(self, number: int) -> None:
        while self.debts:
            self._pay(number)

    def _reverse(self, number: int) -> None:
        if self.paid:
            self.debts.insert(0, self.paid.pop())
            self.given_back += 1

    def _promise(self, number: int) -> None:
        facts = self.facts()
        if not any(one.state == "open" for one in self.promises) and overdue(facts, self.now.date()):
            until = self.calendar().opening(RULES, self.now + dt.timedelta(hours=24 + number))
            self.promises.append(Given(len(self.promises) + 1, self.now, until, "open"))
            self._relief()

    def _withdraw(self, number: int) -> None:
        self._end_promises("withdrawn")

    def _end_promises(self, state: str) -> None:
        self.promises = [replace(one, state=state, ended_at=self.now) if one.state == "open" else one
                         for one in self.promises]

    def _proof(self, number: int) -> None:
        until = self.calendar().opening(RULES, self.now + dt.timedelta(hours=24 + number))
        self.proofs.append(Shown(len(self.proofs) + 1, until, "waiting"))
        self._relief()

    def _refuse(self, number: int) -> None:
        self.proofs = [replace(one, state="refused", decided_at=self.now) if one.state == "waiting" else one
                       for one in self.proofs]

    def _restore(self, number: int) -> None:
        if self.is_cut:
            self._back("staff")

    def _moratorium(self, number: int) -> None:
        day = self.now.date()
        self.stays.append(Stay(len(self.stays) + 1, day, day + dt.timedelta(days=number % 6), number % 3))

    def _end_moratorium(self, number: int) -> None:
        day = self.now.date()
        self.stays = [one if one.ended or (one.last and one.last < day) else replace(one, last=day, ended=self.now)
                      for one in self.stays]

    # --- what the product does -----------------------------------------------------------------------------

    def _relief(self) -> None:
        """The handler of a payment, a promise or a proof: at any hour, but it gives back alone."""
        for one in decide(self.facts(), self.calendar(), Moment(self.now)).actions:
            if one.action == "restore":
                self._back(one.rule)

    def _back(self, by: str) -> None:
        assert self.last is not None
        self.is_cut, self.last = False, replace(self.last, ended_by=by, ended_at=self.now)
        self.given_back += by != "staff"

    def look(self) -> None:
        """The hourly run, and what must be true of what it does."""
        facts, moment = self.facts(), Moment(self.now)
        decision = decide(facts, self.calendar(), moment)
        if decision.kept:
            self._end_promises("kept")
        for one in decision.actions:
            self._do(one, facts, moment)

    def _do(self, one: Action, facts: Debtor, moment: Moment) -> None:
        assert one.key not in self.done, "nothing is done twice"
        if one.action in ("notice", "surcharge"):
            self.done.add(one.key)
        elif one.action == "promise_broken":
            self._end_promises("broken")
            self.given_back += 1
        elif one.action == "restore":
            self._back(one.rule)
        elif one.action == "cut":
            self._cut(facts, moment)

    def _cut(self, facts: Debtor, moment: Moment) -> None:
        assert not self.is_cut
        late = overdue(facts, moment.day)
        assert late and late[0].due + dt.timedelta(days=10) <= moment.day, "nobody current is ever cut"
        assert facts.promised(self.now) is None, "nobody with a valid promise is cut"
        assert facts.shown(self.now) is None, "nor whose proof waits"
        assert RULES.cut_hour <= self.now.hour < RULES.cut_until_hour and self.now.weekday() < 4, "never at night"
        assert not any(stay.holds(moment.day, self.now) or stay.follows(moment.day) for stay in self.stays)
        ended = sum(1 for one in self.promises if one.state != "open") + sum(
            1 for one in self.proofs if one.state != "waiting" or (one.keeps_until and one.keeps_until <= self.now))
        old = tuple(one.invoice_id for one in late if one.due + dt.timedelta(days=10) <= moment.day)
        cause = (old, self.given_back, ended)
        assert cause not in self.causes, "the same debt cuts once"
        self.causes.append(cause)
        self.is_cut, self.cuts = True, self.cuts + 1
        self.last = LastCut(self.cuts, late[0].invoice_id, self.now)


@settings(max_examples=300)
@example([(0, "proof", 0), (203, "restore", 0), (204, "refuse", 0)])
@given(st.lists(st.tuples(st.integers(0, HOURS - 1), st.sampled_from(EVENTS), st.integers(0, 47)), max_size=14))
def test_whatever_happens_nobody_is_cut_who_should_not_be_and_nobody_stays_cut_who_paid(
        events: list[tuple[int, str, int]]) -> None:
    life, by_hour = Life(), {}
    life._invoice(0)
    for hour, what, number in events:
        by_hour.setdefault(hour, []).append((what, number))
    for hour in range(HOURS):
        life.now = START + dt.timedelta(hours=hour)
        for what, number in by_hour.get(hour, ()):
            life.happen(what, number)
        life.look()
        if life.is_cut:
            assert overdue(life.facts(), life.now.date()), "whoever owes nothing old is back within the hour"


@settings(max_examples=50)
@given(st.integers(0, 20), st.integers(0, 23))
def test_who_does_nothing_at_all_is_cut_exactly_once(days: int, hour: int) -> None:
    life = Life()
    life.debts.append(owes(START.date() - dt.timedelta(days=days), "100.00", 1))
    for passed in range(HOURS):
        life.now = START + dt.timedelta(hours=passed)
        if passed >= hour:
            life.look()
    assert life.cuts == 1 and life.is_cut
