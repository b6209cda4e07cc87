"""`abona billing` as scripts call it: JSON, exit status, progress apart, repeatable."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from core import cli as frame
from core import schema, worker
from core.db import db
from core.errors import DomainError
from core.models import Job
from modules.accounting.models import Invoice, Payment
from modules.accounting.ports import Held, holdings
from modules.contracts import waiting
from modules.contracts.cli import cli
from modules.contracts.models import BilledPeriod
from modules.contracts.stages import Stage
from tests.modules.contracts.situations import NOVEMBER, run_billing_jobs

RESULT = {"company", "period", "contracts", "billed", "already_billed", "skipped", "exceptions", "totals", "compared",
          "documents", "notices", "seconds"}


@pytest.fixture
def run(app, isp, monkeypatch):
    """`run("preview", "--json", ...)` gives (exit status, standard output, standard error)."""
    monkeypatch.setattr(frame, "app", lambda: app)
    monkeypatch.setitem(app.config, "BABEL_DEFAULT_LOCALE", "en")
    monkeypatch.setattr(schema, "require_current", lambda: None)  # the test's engine is one connection

    def work_here(done, idle=None, every=0):
        while not done():
            run_billing_jobs()

    monkeypatch.setattr(worker, "work_until", work_here)

    def invoke(*arguments):
        result = CliRunner().invoke(cli, [*map(str, arguments), "--company", "rcw"], standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.return_value, result.stdout, result.stderr

    return invoke


def only(output):
    """The one company of the one JSON document."""
    (found,) = json.loads(output)["companies"]
    return found


def test_the_preview_has_the_shape_that_scripts_rely_on_and_writes_nothing(run, make_contract):
    make_contract()
    status, output, _err = run("preview", "--period", "2026-11", "--json")
    found = only(output)
    assert status == 0 and found.keys() >= RESULT
    assert (found["company"], found["period"], found["contracts"], found["billed"]) == ("rcw", "2026-11", 1, 1)
    assert found["totals"] == [{"currency": "ARS", "net": "10000.00", "tax": "2100.00", "total": "12100.00"}]
    assert found["compared"].keys() >= {"period", "total", "new", "gone", "changed"}
    assert found["documents"] == dict.fromkeys(("not_required", "pending", "authorized", "rejected", "unknown"), 0)
    assert found["notices"] == {"queued": 0, "sent": 0, "failed": 0}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BilledPeriod)) == 0


def test_a_run_bills_and_repeating_it_bills_nobody(run, make_contract):
    make_contract()
    status, output, err = run("run", "--period", "2026-11", "--json")
    found = only(output)
    assert status == 0 and found.keys() >= RESULT and (found["billed"], found["already_billed"]) == (1, 0)
    assert found["documents"]["not_required"] == 1 and "Billed 1 of 1" in err
    found = only(run("run", "--period", "2026-11", "--json")[1])
    assert (found["billed"], found["already_billed"], found["totals"][0]["total"]) == (0, 1, "0.00")
    found = only(run("status", "--json")[1])
    assert (found["period"], found["billed"], found["totals"][0]["total"]) == ("2026-11", 1, "12100.00")


def test_exceptions_ask_for_a_person_and_say_what_to_do(run, make_contract, make_plan):
    plan = make_plan("NEW")
    plan.prices[0].valid_from = dt.date(2030, 1, 1)
    contract = make_contract(plan_id=plan.id)
    for command in ("preview", "run"):
        status, output, _err = run(command, "--period", "2026-11", "--json")
        (one,) = only(output)["exceptions"]
        assert status == 1 and one.keys() >= {"contract", "customer", "code", "message"}
        assert (one["contract"], one["customer"], one["code"]) == (
            contract.number, contract.customer.code, "no_plan_price")
    status, output, _err = run("exceptions", "--json")
    assert status == 1 and only(output)["exceptions"] == [one]
    assert run("status", "--json")[0] == 1
    status, output, _err = run("exceptions")
    assert status == 1 and contract.number in output and "Plan NEW" in output


def test_people_read_sentences_and_tables(run, make_contract):
    make_contract()
    assert "12100.00" in run("preview", "--period", "2026-11")[1]
    output = run("run", "--period", "2026-11")[1]
    assert "1 contracts billed" in output and "12100.00" in output


def test_the_issue_date_may_be_another_day(run, make_contract):
    make_contract()
    run("run", "--period", "2026-11", "--issue-date", "2026-11-02", "--json")
    assert db.session.scalars(sa.select(Invoice.issue_date)).one() == dt.date(2026, 11, 2)


@pytest.mark.parametrize("period", ["2026-13", "noviembre", "2026/11", ""])
def test_a_month_that_is_none_is_refused_and_nothing_changes(run, make_contract, period):
    make_contract()
    for command in ("preview", "run", "exceptions" if period else "run"):
        with pytest.raises(DomainError, match="2026-11"):
            run(command, "--period", period)


# --- waiting -----------------------------------------------------------------------------------------------


class Silent:
    def __init__(self):
        self.told = []

    def show(self, name, found):
        pass

    def say(self, text):
        self.told.append(text)


@pytest.fixture
def started(isp, make_contract):
    from modules.contracts import billing

    make_contract()
    run = billing.start_run(isp, NOVEMBER)
    db.session.commit()
    return run


def look(watch):
    """As if time had passed."""
    watch._next = 0
    return watch.is_over()


def test_billing_is_waited_for_and_with_wait_also_what_follows(isp, started):
    def watch(everything):
        return waiting.Watch([(isp, started)], everything=everything, patience=60, display=Silent())

    assert not look(watch(False)) and not look(watch(True))
    run_billing_jobs()
    assert look(watch(False)) and not look(watch(True))  # the PDF's job is left
    db.session.execute(sa.update(Job).where(Job.state == "pending").values(state="done"))
    db.session.commit()
    assert look(watch(True))


def test_jobs_for_a_later_day_are_not_waited_for(isp, started):
    run_billing_jobs()
    db.session.execute(sa.update(Job).where(Job.state == "pending").values(
        attempts=0, error="", run_at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC)))
    db.session.commit()
    assert look(waiting.Watch([(isp, started)], everything=True, patience=60, display=Silent()))


def test_an_outside_service_that_stays_away_ends_the_waiting_with_its_words(isp, started, monkeypatch):
    run_billing_jobs()
    db.session.execute(sa.update(Job).where(Job.state == "pending").values(
        error="ARCA does not answer.", run_at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC)))
    db.session.commit()
    display = Silent()
    watch = waiting.Watch([(isp, started)], everything=True, patience=60, display=display)
    assert not look(watch)
    assert not look(watch) and display.told == ["Waiting: ARCA does not answer."]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: watch._changed + 61)
    assert look(watch) and watch.trouble == "ARCA does not answer."


def test_the_status_of_a_month_says_why_its_jobs_wait(isp, started, run):
    run_billing_jobs()
    db.session.execute(sa.update(Job).where(Job.state == "pending").values(error="The disk of /files is full."))
    db.session.commit()
    _status, _output, err = run("status", "--period", "2026-11")
    assert "Waiting: The disk of /files is full." in err


def test_unreachable_is_exit_status_three(run, make_contract, monkeypatch):
    make_contract()

    def give_up(watch):
        watch.trouble = "ARCA does not answer."

    monkeypatch.setattr(waiting, "wait", give_up)
    status, _output, err = run("run", "--period", "2026-11", "--wait", "--json")
    assert status == 3 and "ARCA does not answer." in err and "Nothing is lost" in err


def test_where_the_worker_went_away_the_waiting_begins_anew(isp, started, monkeypatch):
    watch = waiting.Watch([(isp, started)], everything=False, patience=600, display=Silent())
    assert not look(watch)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: watch._changed + waiting.SILENCE + 1)
    monkeypatch.setattr(worker, "is_working", lambda: True)
    assert not look(watch)
    monkeypatch.setattr(worker, "is_working", lambda: False)
    assert look(watch) and not watch.decided and not watch.trouble


def test_a_line_per_thousand_and_one_at_the_end(capsys):
    lines = waiting.Lines()
    for done in (0, 400, 999, 1000, 1700, 2000, 2001, 2500):
        lines.show("rcw", [Stage("billed", "Billed", done, 2500)])
    said = capsys.readouterr().err.splitlines()
    assert [re_number(line) for line in said] == [1000, 2000, 2500]


def re_number(line):
    return int(line.split("Billed ")[1].split(" of")[0])


# --- payments ----------------------------------------------------------------------------------------------


def test_a_payment_pays_the_oldest_invoice_and_repeating_the_command_records_nothing(run, make_contract, bill):
    code = make_contract().customer.code
    bill(NOVEMBER)
    status, output, _err = run("pay", "--customer", code, "--amount", "12250.00", "--method", "transfer", "--json")
    found = json.loads(output)
    assert status == 0 and found["new"] and found["paid"][0]["amount"] == "12100.00"
    assert (found["in_favour"], found["balance"], found["currency"]) == ("150.00", "-150.00", "ARS")
    again = json.loads(run("pay", "--customer", code, "--amount", "12250.00", "--method", "transfer", "--json")[1])
    assert not again["new"] and again["receipt"] == found["receipt"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 1
    output = run("pay", "--customer", code, "--amount", "12250.00", "--method", "transfer")[1]
    assert "--id" in output


def test_payments_with_ids_of_their_own_are_each_recorded_once(run, make_contract, bill):
    code = make_contract().customer.code
    bill(NOVEMBER)
    for number in ("a", "b", "a"):
        run("pay", "--customer", code, "--amount", "100.00", "--id", number)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 2
    with pytest.raises(DomainError, match="recorded before"):
        run("pay", "--customer", code, "--amount", "200.00", "--id", "a")


@pytest.mark.parametrize(("customer", "amount"), [("", "1.000,00"), ("", "-5"), ("", "NaN"), ("", "0.001"), ("", "0"),
                                                  ("nobody", "5")])
def test_wrong_payments_are_refused_in_words(run, make_contract, customer, amount):
    code = make_contract().customer.code
    with pytest.raises(DomainError):
        run("pay", "--customer", customer or code, "--amount", amount)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 0


# --- what waits, and why -----------------------------------------------------------------------------------


class Authority:
    """A tax authority that has refused some and does not answer others."""

    command = "abona authority status"

    def __init__(self, *reasons):
        self.reasons = reasons
        self.asked = []

    def held(self, invoice_ids):
        self.asked = list(db.session.scalars(invoice_ids))
        return [Held(*one) for one in self.reasons]


def test_a_result_says_why_documents_wait_and_where_to_look(run, make_contract, monkeypatch):
    make_contract()
    authority = Authority(("pending", 2, "It does not answer."), ("rejected", 7, "Wrong condition (10015)"),
                          *(("rejected", 1, f"Cause {number}") for number in range(6)))
    monkeypatch.setattr(holdings, "_entries", {"authority": authority})
    _status, output, _err = run("run", "--period", "2026-11")
    assert len(authority.asked) == 1  # of the month that was billed
    assert "refused, 7: Wrong condition (10015)" in output and "waiting, 2: It does not answer." in output
    assert output.index("10015") < output.index("It does not answer") < output.index("Cause 0")
    assert "abona authority status --company rcw" in output and "Cause 5" not in output
    found = only(run("status", "--json")[1])
    assert found["held"][0] == {"state": "rejected", "count": 7, "reason": "Wrong condition (10015)",
                                "see": "abona authority status"}


def test_a_month_in_order_says_nothing_of_waiting(run, make_contract):
    make_contract()
    assert "abona einvoice status" not in run("run", "--period", "2026-11")[1]
