"""What is done about a contract's debt, and by which rule: plain facts in, actions or what spares it out. Pure.

The rehearsal, `abona arrears run` with and without `--dry-run`, the hourly job and the handlers of payments ask here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from modules.arrears.calendar import DAY, Calendar
from modules.arrears.facts import ARREARS, ZERO, Action, Debt, Debtor, Decision, Moment, Spared

# notices go out at these hours of the company's zone; one whose day was missed is made up for within two days
NOTICES_FROM, NOTICES_UNTIL, NOTICES_LATE = 8, 20, 2
BY_HAND = ("staff", "undone")


def decide(debtor: Debtor, calendar: Calendar, moment: Moment, by_hand: bool = False) -> Decision:
    """`by_hand`: somebody approves the cuts, so that neither the rule's own will nor the hour of now matters."""
    actions = [*_notices(debtor, calendar, moment), *_surcharges(debtor, moment)]
    broken = kept = None
    if over := debtor.ran_out(moment.local):
        broken, kept = (over, None) if is_due(debtor, moment.day) else (None, over.id)
    elif (held := debtor.promised(moment.local)) and not overdue(debtor, moment.day):
        kept = held.id
    if broken:
        late = overdue(debtor, moment.day)
        actions.append(_action(debtor, "promise_broken", "promise_ran_out", f"promise:{broken.id}",
                               {"until": broken.until, "promise": broken.id}, late[0], total(late)))
    if debtor.suspended_by:
        return Decision((*actions, *_restore(debtor, moment)), kept=kept)
    if debtor.state != "active":
        return Decision(tuple(actions), kept=kept)
    if not is_due(debtor, moment.day):
        return Decision(tuple(actions), _below(debtor, moment.day), kept)
    if spared := _spared(debtor, calendar, moment, by_hand):
        return Decision(tuple(actions), spared, kept)
    return Decision((*actions, _cut(debtor, moment, broken is not None)), kept=kept)


# --- what is owed --------------------------------------------------------------------------------------------


def overdue(debtor: Debtor, day: dt.date) -> list[Debt]:
    """What of the debt is overdue, the oldest first: a due date counts until its end."""
    return sorted((one for one in debtor.debts if one.due < day and one.value > 0 and not one.not_counted),
                  key=lambda one: (one.due, one.invoice_id))


def is_due(debtor: Debtor, day: dt.date) -> bool:
    """Whether the debt is old and large enough for a cut, whatever may spare the debtor from it."""
    rules, late = debtor.rules, overdue(debtor, day)
    if not late:
        return False
    if rules.cut_after_days is None:
        return bool(debtor.suspended_by)
    old = late[0].due + rules.cut_after_days * DAY <= day
    return old and len(late) >= rules.minimum_invoices and total(late) >= rules.cut_minimum_debt


def total(debts: list[Debt]) -> Decimal:
    return sum((one.value for one in debts), ZERO)


# --- notices and surcharges ------------------------------------------------------------------------------------


def _notices(debtor: Debtor, calendar: Calendar, moment: Moment) -> Iterator[Action]:
    if not moment.whole_day and not NOTICES_FROM <= moment.local.hour < NOTICES_UNTIL:
        return
    for debt in debtor.debts:
        if debt.value <= 0 or debt.not_counted:
            continue
        yield from _of_date(debtor, debt, debt.due, debtor.rules.notice_days, "due", moment.day)
        if debt.second_due:
            yield from _of_date(debtor, debt, debt.second_due, debtor.rules.second_notice_days, "second_due",
                                moment.day)
    yield from _warning(debtor, calendar, moment.day)


def _of_date(debtor: Debtor, debt: Debt, date: dt.date, offsets: tuple[int, ...], which: str,
             day: dt.date) -> Iterator[Action]:
    """Of the notices whose day has come the latest alone: who was away for a day is not told twice at once."""
    come = [one for one in offsets if 0 <= (day - (date - one * DAY)).days <= NOTICES_LATE]
    if not come or (debt.contracts and debt.contracts[0] != debtor.contract_id):
        return
    offset = min(come)
    rule = f"{'before' if offset >= 0 else 'after'}_{which}"
    if rule == "before_due" and day > debt.due:  # it is overdue by now: the reminder comes too late
        return
    key = f"notice:{debt.invoice_id}:{which}:{offset}"
    if key not in debtor.done:
        yield _action(debtor, "notice", rule, key, {"day": date, "offset": offset}, debt)


def _warning(debtor: Debtor, calendar: Calendar, day: dt.date) -> Iterator[Action]:
    """The last notice before the cut: on the days between so many before it and it."""
    rules, late = debtor.rules, overdue(debtor, day)
    if debtor.state != "active" or rules.cut_after_days is None or rules.warn_days is None or not late:
        return
    if total(late) < rules.cut_minimum_debt or len(late) < rules.minimum_invoices or _exempt(debtor, day):
        return
    if any(one.state == "open" for one in debtor.promises) or any(one.state == "waiting" for one in debtor.proofs):
        return
    cut = calendar.cut_day(debtor, max(day, late[0].due + max(rules.cut_after_days, 1) * DAY))
    if cut is None or not 0 < (cut - day).days <= rules.warn_days:
        return
    stay = calendar.latest_stay(debtor.zone_id, day)
    after = f":{stay.id}" if stay and (stay.through is None or late[0].due <= stay.through) else ""
    key = f"notice:{debtor.contract_id}:{late[0].invoice_id}:cut{after}"
    if key not in debtor.done:
        yield _action(debtor, "notice", "before_cut", key, {"day": cut}, late[0], total(late))


def _surcharges(debtor: Debtor, moment: Moment) -> Iterator[Action]:
    for debt in debtor.debts:
        mine = not debt.contracts or debt.contracts[0] == debtor.contract_id
        if debt.second_due and debt.second_due < moment.day and debt.surcharge > 0 and debt.amount > 0 and mine:
            key = f"surcharge:{debt.invoice_id}"
            if key not in debtor.done and not debt.not_counted:
                yield _action(debtor, "surcharge", "after_second_due", key, {"day": debt.second_due}, debt,
                              debt.surcharge)


# --- cut, spared, restored -------------------------------------------------------------------------------------


def _exempt(debtor: Debtor, day: dt.date) -> str:
    """What lasts: courtesy, new_customer; "" where neither."""
    rules = debtor.rules
    if rules.spare_courtesy and debtor.courtesy and debtor.courtesy[0] <= day <= debtor.courtesy[1]:
        return "courtesy"
    return "new_customer" if day < debtor.began + rules.new_customer_days * DAY else ""


def _spared(debtor: Debtor, calendar: Calendar, moment: Moment, by_hand: bool) -> Spared | None:
    """The first thing that keeps a debtor who is due from being cut."""
    rules, day = debtor.rules, moment.day
    if why := _exempt(debtor, day):
        return _spare(debtor, day, why, {"until": debtor.courtesy[1] if why == "courtesy" and debtor.courtesy
                                         else debtor.began + rules.new_customer_days * DAY})
    if held := debtor.promised(moment.local):
        return _spare(debtor, day, "promise", {"until": held.until})
    if proof := debtor.shown(moment.local):
        return _spare(debtor, day, "proof", {"until": proof.keeps_until})
    why, stay = calendar.stay(debtor.zone_id, day, None if moment.whole_day else moment.local)
    if stay:
        after = stay.through and stay.through + stay.catch_up * DAY
        return _spare(debtor, day, why, {"until": (stay.ended or stay.last) if why == "moratorium" else after,
                                         "name": stay.reason})
    if by_hand:
        return None
    if _restored_by_hand(debtor, moment):
        return _spare(debtor, day, "restored_by_hand", {"day": debtor.last_cut and debtor.last_cut.ended_at})
    if not rules.automatic:
        return _spare(debtor, day, "needs_approval", {})
    why, name = calendar.refuses(rules, moment, debtor.zone_id, debtor.region)
    return _spare(debtor, day, why, {"name": name, "from": rules.cut_hour, "to": rules.cut_until_hour}) if why else None


def _below(debtor: Debtor, day: dt.date) -> Spared | None:
    """What keeps an old debt from being large enough: minimum_debt, few_invoices, credit, paid_elsewhere."""
    rules = debtor.rules
    if rules.cut_after_days is None:
        return None
    old = sorted((one for one in debtor.debts if one.due < day and one.due + rules.cut_after_days * DAY <= day),
                 key=lambda one: (one.due, one.invoice_id))
    counted = [one for one in old if not one.not_counted and one.value > 0]
    if not old:
        return None
    if not counted:
        return _spare(debtor, day, old[0].not_counted or "credit", {}, old[0])
    late = overdue(debtor, day)
    if len(late) < rules.minimum_invoices:
        return _spare(debtor, day, "few_invoices", {"count": len(late), "least": rules.minimum_invoices}, old[0])
    return _spare(debtor, day, "minimum_debt", {"least": rules.cut_minimum_debt}, old[0])


def _restored_by_hand(debtor: Debtor, moment: Moment) -> bool:
    """Somebody restored what was cut: the same debt does not cut again, another one that grew old since does.

    The day on which it was restored is that of the company's zone, as the due dates are.
    """
    last = debtor.last_cut
    if last is None or (last.ended_at is not None and last.ended_by not in BY_HAND):
        return False
    since = last.ended_at or last.at
    if any(one.ended_at and one.ended_at > since for one in debtor.promises) or any(
            one.ended_at and one.ended_at > since for one in debtor.proofs):
        return False
    wait, restored = (debtor.rules.cut_after_days or 0) * DAY, since.astimezone(moment.local.tzinfo).date()
    return not any(restored < one.due + max(wait, DAY) <= moment.day for one in overdue(debtor, moment.day))


def _cut(debtor: Debtor, moment: Moment, broken: bool) -> Action:
    late = overdue(debtor, moment.day)
    since = debtor.last_cut.at if debtor.last_cut else dt.datetime.min.replace(tzinfo=dt.UTC)
    rule = "overdue"
    if broken or any(one.state == "broken" and one.ended_at and one.ended_at > since for one in debtor.promises):
        rule = "promise_broken"
    elif any(one.state == "refused" and one.decided_at and one.decided_at > since for one in debtor.proofs):
        rule = "proof_refused"
    return _action(debtor, "cut", rule, f"cut:{debtor.contract_id}:{debtor.cuts}",
                   {"due": late[0].due, "count": len(late)}, late[0], total(late))


def _restore(debtor: Debtor, moment: Moment) -> list[Action]:
    """Of who is cut for debt: what gives the service back."""
    if debtor.suspended_by != ARREARS:
        return []
    held, proof = debtor.promised(moment.local), debtor.shown(moment.local)
    rule = "promise" if held else "proof" if proof else "" if is_due(debtor, moment.day) else "paid"
    if not rule:
        return []
    until = held.until if held else proof.keeps_until if proof else None
    return [_action(debtor, "restore", rule, f"restore:{debtor.suspension_id}", {"until": until})]


def _action(debtor: Debtor, action: str, rule: str, key: str, data: dict[str, object], debt: Debt | None = None,
            amount: Decimal | None = None) -> Action:
    return Action(debtor.contract_id, debtor.number, debtor.customer_id, debtor.customer, action, rule, key,
                  debt.invoice_id if debt else None, debt.label if debt else "",
                  (debt.amount if amount is None else amount) if debt else ZERO, debt.currency if debt else "", data)


def _spare(debtor: Debtor, day: dt.date, by: str, data: dict[str, object], debt: Debt | None = None) -> Spared:
    late = overdue(debtor, day)
    oldest = late[0] if late else debt
    return Spared(debtor.contract_id, debtor.number, debtor.customer_id, debtor.customer, by,
                  oldest.invoice_id if oldest else None, total(late), data)
