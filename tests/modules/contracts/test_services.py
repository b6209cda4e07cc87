"""The verbs on contracts, as situations of a provider."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import AuditRecord
from modules.contracts import events, extras, services, states
from modules.contracts.drafts import ContractData
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.models import BillingProfile, Contract, PlanChange, ZoneProfile
from modules.contracts.queries import effective_profile
from modules.crm.models import Zone
from tests.modules.contracts.situations import DECEMBER, NOVEMBER, day, invoice_of, lines, waiting


@pytest.fixture
def told(monkeypatch):
    """The events that services publish."""
    found = []
    monkeypatch.setattr(services, "publish", found.append)
    return found


# --- states --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "action", "after"), [
    (state, action, states.TRANSITIONS.get((state, action))) for state in states.STATES for action in states.ACTIONS])
def test_the_table_of_states_is_what_is_possible(state, action, after):
    if after is None:
        with pytest.raises(NotPossible):
            states.after(state, action)
        assert action not in states.possible(state)
    else:
        assert states.after(state, action) == after
        assert action in states.possible(state)


def test_a_new_contract_takes_the_next_number_and_tells_that_service_begins(make_contract, told):
    first, second = make_contract("Ana"), make_contract("Beto")
    assert (first.number, second.number, first.state) == ("000001", "000002", "active")
    assert told == [events.ContractActivated(first.id), events.ContractActivated(second.id)]


def test_a_number_that_was_taken_by_hand_is_not_given_again(make_contract):
    make_contract("Ana", number="000001")
    assert make_contract("Beto").number == "000002"
    with pytest.raises(WrongValue, match="000001"):
        make_contract("Carla", number="000001")


def test_a_draft_is_not_billed_until_it_is_installed(make_contract, bill):
    contract = make_contract(state="draft", billing_from=day(1))
    assert bill(NOVEMBER).billed == 0
    services.activate(contract, on=day(16))
    db.session.commit()
    assert bill(NOVEMBER).billed == 1
    (text, total), = lines(contract)
    assert total == "6050.00" and text.endswith("15 days × 12,100.00 ÷ 30")


def test_the_same_form_sent_twice_makes_one_contract(make_customer, plan):
    data = ContractData(make_customer().id, plan.id, form_key="k1")
    assert services.create_contract(data) is services.create_contract(data)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Contract)) == 1


def test_a_plan_that_is_not_sold_any_more_is_kept_but_not_sold(make_contract, make_plan):
    old = make_plan("OLD", valid_to=day(31, 10))
    contract = make_contract(plan_id=old.id, billing_from=day(1, 10))
    assert contract.plan is old
    with pytest.raises(WrongValue, match="Plan OLD"):
        make_contract("Beto", plan_id=old.id, billing_from=day(1))


def test_cut_and_restored_says_since_when_and_tells_the_network(make_contract, told):
    contract = make_contract()
    told.clear()
    row = services.suspend(contract, "arrears", "factura B 0003-1", day(5))
    assert (contract.state, row.first_day, row.ended_at) == ("suspended", day(5), None)
    with pytest.raises(NotPossible, match="suspended"):
        services.suspend(contract)
    services.restore(contract, on=day(9))
    assert (contract.state, row.last_day) == ("active", day(8)) and row.ended_at
    assert told == [events.ServiceSuspended(contract.id, "arrears"), events.ServiceRestored(contract.id)]


def test_every_verb_leaves_who_when_and_why(make_contract):
    contract = make_contract()
    services.suspend(contract, reason="viaje")
    services.restore(contract)
    db.session.flush()
    found = db.session.execute(sa.select(AuditRecord.action, AuditRecord.reason).where(
        AuditRecord.object_type == "contracts_contract", AuditRecord.object_id == contract.id).order_by(AuditRecord.id))
    assert [tuple(row) for row in found][-2:] == [("contracts.suspend", "viaje"), ("contracts.restore", "")]


def test_data_that_do_not_touch_billing_are_changed_without_secrets_in_the_audit(make_contract):
    contract = make_contract()
    services.update_contract(contract, ip="10.0.0.7", pppoe_password="s3cret")
    db.session.flush()
    changes = db.session.scalars(sa.select(AuditRecord.changes).order_by(AuditRecord.id.desc())).first()
    assert changes["ip"] == ["", "10.0.0.7"] and "s3cret" not in str(changes)
    with pytest.raises(TypeError):
        services.update_contract(contract, plan_id=7)


# --- suspension and billing ------------------------------------------------------------------------------


def test_days_without_service_are_credited_where_the_profile_says_so(make_contract, profile, bill):
    profile.while_suspended = "prorate"
    contract = make_contract()
    bill(NOVEMBER)
    services.suspend(contract, on=day(21))
    assert [amount for _text, amount in waiting(contract)] == ["-4033.33"]
    services.restore(contract, on=day(26))
    assert sum(Decimal(amount) for _text, amount in waiting(contract)) == Decimal("-2016.66")
    db.session.commit()
    bill(DECEMBER)
    assert sum(Decimal(total) for _text, total in lines(contract, DECEMBER)) == Decimal("10083.34")


def test_where_the_profile_charges_nothing_is_credited(make_contract, bill):
    contract = make_contract()
    bill(NOVEMBER)
    services.suspend(contract, on=day(21))
    assert waiting(contract) == []


def test_a_wholly_cut_month_is_skipped_where_the_profile_says_so(make_contract, profile, bill):
    profile.while_suspended = "skip"
    contract = make_contract()
    services.suspend(contract, on=day(20, 10))
    db.session.commit()
    run = bill(NOVEMBER)
    assert run.billed == 0 and run.contracts == 1


# --- end -----------------------------------------------------------------------------------------------


def test_ending_today_credits_the_days_that_are_billed_and_tells(make_contract, bill, told):
    contract = make_contract()
    bill(NOVEMBER)
    told.clear()
    services.end(contract, day(5), "se muda")
    assert (contract.state, contract.ends_on, contract.end_reason) == ("ended", day(5), "se muda")
    assert [amount for _text, amount in waiting(contract)] == ["-10083.33"]
    assert told == [events.ContractEnded(contract.id)]


def test_an_end_to_come_waits_for_its_day_and_can_be_taken_back(make_contract, bill, told):
    contract = make_contract()
    bill(NOVEMBER)
    told.clear()
    services.end(contract, day(20))
    assert contract.state == "active" and len(waiting(contract)) == 1 and told == []
    services.keep(contract)
    assert sum(Decimal(amount) for _text, amount in waiting(contract)) == 0 and contract.ends_on is None
    services.end(contract, day(20))
    assert services.follow_calendar(day(20)) == 0
    assert services.follow_calendar(day(21)) == 1 and contract.state == "ended"
    assert told == [events.ContractEnded(contract.id)]


def test_what_is_left_of_instalments_comes_with_the_last_invoice(make_contract, bill):
    contract = make_contract()
    extras.add_charge(contract, "Antenna", Decimal("300"), instalments=3)
    services.end(contract, day(30))
    db.session.commit()
    bill(NOVEMBER)
    assert [total for _text, total in lines(contract)] == ["12100.00", "100.00", "100.00", "100.00"]
    assert bill(DECEMBER).billed == 0


def test_a_contract_cannot_end_before_it_began(make_contract):
    with pytest.raises(WrongValue, match="01/01/2026"):
        services.end(make_contract(), dt.date(2025, 12, 1))


# --- plan changes --------------------------------------------------------------------------------------


def test_a_change_of_plan_today_settles_the_billed_days_both_ways(make_contract, make_plan, bill, told):
    faster = make_plan("H100", "24200")
    contract = make_contract()
    bill(NOVEMBER)
    told.clear()
    services.change_plan(contract, faster, day(5), "pide más")
    assert contract.plan is faster and told == [events.PlanChanged(contract.id, contract.changes[0].old_plan_id,
                                                                   faster.id)]
    assert [amount for _text, amount in waiting(contract)] == ["-10486.67", "20973.33"]
    assert "26 days" in waiting(contract)[0][0] and "Plan H50" in waiting(contract)[0][0]
    db.session.commit()
    bill(DECEMBER)
    assert [total for _text, total in lines(contract, DECEMBER)] == ["24200.00", "-10486.67", "20973.33"]


def test_a_change_in_the_middle_of_an_unbilled_month_is_two_lines_that_add_up(make_contract, make_plan, bill):
    contract = make_contract()
    services.change_plan(contract, make_plan("H100", "24200"), day(17))
    assert waiting(contract) == [] and contract.plan.code == "H50"
    db.session.commit()
    bill(NOVEMBER)
    assert [total for _text, total in lines(contract)] == ["6453.33", "11293.33"]


def test_a_change_to_come_is_applied_on_its_day_and_can_be_taken_back_before(make_contract, make_plan, bill):
    faster = make_plan("H100", "24200")
    contract = make_contract()
    bill(NOVEMBER)
    change = services.change_plan(contract, faster, day(21))
    assert (change.state, contract.plan.code) == ("planned", "H50") and len(waiting(contract)) == 2
    services.cancel_change(change)
    assert sum(Decimal(amount) for _text, amount in waiting(contract)) == 0
    change = services.change_plan(contract, faster, day(21))
    services.follow_calendar(day(21))
    assert (change.state, contract.plan.code) == ("applied", "H100")
    with pytest.raises(NotPossible):
        services.cancel_change(change)


@pytest.mark.parametrize(("code", "on", "words"), [
    ("H50", day(20), "is the plan of that day"), ("H100", dt.date(2025, 12, 31), "not before the contract began")])
def test_changes_that_cannot_be_are_refused_in_words(make_contract, make_plan, plan, code, on, words):
    contract = make_contract()
    other = plan if code == "H50" else make_plan(code)
    with pytest.raises(WrongValue, match=words):
        services.change_plan(contract, other, on)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PlanChange)) == 0


def test_two_changes_on_one_day_are_refused(make_contract, make_plan):
    contract = make_contract()
    services.change_plan(contract, make_plan("H100"), day(20))
    with pytest.raises(WrongValue, match="20/11/2026"):
        services.change_plan(contract, make_plan("H200"), day(20))


def test_a_plan_without_a_price_on_that_day_says_where_to_mend_it(make_contract, make_plan, bill):
    contract = make_contract()
    bill(NOVEMBER)
    empty = make_plan("NEW")
    empty.prices[0].valid_from = dt.date(2027, 3, 1)
    db.session.flush()
    with pytest.raises(WrongValue, match="Plan NEW"):
        services.change_plan(contract, empty, day(5))


# --- prices, courtesy, profiles --------------------------------------------------------------------------


def test_a_price_of_its_own_is_valid_until_it_ends_or_the_plan_changes(make_contract, make_plan, bill):
    contract = make_contract(price=Decimal("9680"), price_until=day(30, 11))
    bill(NOVEMBER)
    assert lines(contract)[0][1] == "9680.00"
    bill(DECEMBER)
    assert lines(contract, DECEMBER)[0][1] == "12100.00"


def test_a_price_for_billed_days_is_settled_with_the_next_invoice(make_contract, bill):
    contract = make_contract()
    bill(NOVEMBER)
    services.set_price(contract, Decimal("9100"), NOVEMBER)
    assert [amount for _text, amount in waiting(contract)] == ["-3000.00"]


def test_a_courtesy_is_free_and_ends_with_a_part_of_the_month(make_contract, bill):
    contract = make_contract()
    services.set_courtesy(contract, day(1), None, "canje")
    db.session.commit()
    assert bill(NOVEMBER).billed == 0
    services.end_courtesy(contract, day(15))
    db.session.commit()
    bill(NOVEMBER)
    assert lines(contract)[0][1] == "6050.00"


def test_the_contracts_profile_wins_over_the_zones_and_that_over_the_general(make_contract, make_customer, profile):
    zone = Zone(name="Norte")
    north, own = BillingProfile(name="Norte", due_days=5), BillingProfile(name="Empresa", due_days=30)
    db.session.add_all([zone, north, own])
    db.session.flush()
    db.session.add(ZoneProfile(zone_id=zone.id, profile_id=north.id))
    customer = make_customer(zone_id=zone.id)
    db.session.flush()
    plain, by_zone = make_contract("Beto"), make_contract(customer=customer)
    by_contract = make_contract(customer=customer, profile_id=own.id)
    assert [effective_profile(one) for one in (plain, by_zone, by_contract)] == [profile, north, own]


def test_due_dates_follow_profile_zone_and_contract_and_the_second_one_has_its_surcharge(make_contract, profile, bill):
    profile.due_days, profile.second_due_days = 10, 10
    profile.surcharge_percent, profile.surcharge_amount = Decimal("3"), Decimal("50")
    contract, own = make_contract(), make_contract("Beto", due_day=20)
    bill(NOVEMBER)
    invoice = invoice_of(contract)
    assert (invoice.issue_date, invoice.due_date, invoice.second_due_date) == (day(5), day(15), day(25))
    assert invoice.second_due_total == Decimal("12513.00")
    assert invoice_of(own).due_date == day(20)
