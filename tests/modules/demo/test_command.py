"""`abona demo` in real processes: everything at once, again, and stopped."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import urllib.request
from decimal import Decimal
from typing import Any

import pytest

from core.config import ROOT
from modules.demo import services
from tests.installation import ABONA, Installation, eventually, free_port

pytestmark = pytest.mark.slow
SMALL = ("--subscribers", "20", "--history", "2")
ARGENTINA = (*SMALL, "--countries", "AR")
# of the odd customers, those whom the authority refuses
REFUSED = {"AR": 2, "EC": 0, "CO": 0, "MX": 0, "PE": 1}

# what came through gateways, by country: {provider: payments} since the test began, and who must look at what
MONEY = """
import datetime as dt
import json
import sqlalchemy as sa
from core.models import Company
from core.scope import every_company
from modules.gateways.models import Account, BankLine, Notice, Transaction

def counted(what, *where):
    return db.session.execute(sa.select(Company.country, Account.provider, sa.func.count()).select_from(what).join(
        Account, Account.id == what.account_id).join(Company, Company.id == Account.company_id).where(*where).group_by(
        Company.country, Account.provider)).all()

with every_company():
    booked = {}
    for country, provider, count in counted(Transaction, Transaction.state == "booked", Transaction.kind == "payment",
                                            Transaction.seen_at > dt.datetime.fromisoformat("SINCE")):
        booked.setdefault(country, {})[provider] = count
    print(json.dumps({
        "booked": booked, "waiting": [one[0] for one in counted(Transaction, Transaction.state == "waiting")],
        "unknown_in_bank": [one[0] for one in counted(BankLine, BankLine.state == "waiting")],
        "twice": [one[0] for one in counted(Notice, Notice.times > 1)]}))
"""
# the global invoices of Mexico: what became of them, and whether they end with a month
GLOBALS = """
import datetime as dt
import json
import sqlalchemy as sa
from core.scope import every_company
from modules.einvoice_mx.models import GlobalInvoice
with every_company():
    rows = db.session.scalars(sa.select(GlobalInvoice).order_by(GlobalInvoice.id)).all()
    print(json.dumps([[row.state, (row.last_day + dt.timedelta(1)).day == 1] for row in rows]))
"""


@pytest.fixture
def demo(installation: Installation) -> Installation:
    installation.settings |= {"ABONA_SIMULATORS_URL": f"http://127.0.0.1:{free_port()}",
                              "ABONA_DEMO_PORT": str(free_port()), "ABONA_DEMO_PASSWORD": "a demo password"}
    return installation


def months() -> list[int]:
    """The month that each country has now: a run bills it."""
    return [services.day_in(country).month for country in REFUSED]


def test_everything_at_once_and_again(demo: Installation) -> None:
    ours, since = months(), MONEY.replace("SINCE", dt.datetime.now(dt.UTC).isoformat())
    first = demo.abona("demo", "run", "--no-serve", "--json", *SMALL).json
    assert first["trouble"] == "" and len(first["logins"]) == 4
    assert [one["company"] for one in first["companies"]] == [f"demo-{country.lower()}" for country in REFUSED]
    for country, month in zip(REFUSED, first["companies"], strict=True):
        documents = month["documents"]
        assert documents["rejected"] == REFUSED[country]
        # of the general public in Mexico: in a global invoice, when the month has ended
        gathered = documents["not_required"]
        assert (gathered > 0) == (country == "MX")
        assert documents["authorized"] == month["invoices"] - REFUSED[country] - gathered > 8
        assert documents["pending"] == documents["unknown"] == 0
        assert month["pdfs"] == documents["authorized"] + gathered
        assert month["notices"]["sent"] + month["notices"]["not_sent"] == month["pdfs"]
        assert "no_plan_price" in {one["code"] for one in month["exceptions"]}
        assert Decimal(month["compared"]["total"]) > 0
    sent = sum(month["notices"]["sent"] for month in first["companies"])
    others = int(demo.python("""
import sqlalchemy as sa
from core.scope import every_company
from modules.notifications.models import Message
with every_company():
    print(db.session.scalar(sa.select(sa.func.count()).where(Message.kind != "accounting.invoice_ready",
                                                             Message.state == "sent")))
"""))
    assert len(list((demo.folder / "outbox").glob("*.eml"))) == sent + others

    assert json.loads(demo.python(GLOBALS)) == [["authorized", True]] * 2, "one of each month of the past"

    money = json.loads(demo.python(since))
    # so few subscribers: none is left for the last gateways of a country
    expected = {"AR": {"mercadopago", "siro"}, "EC": {"facilito"}, "CO": {"combopay", "mercadopago", "payu"},
                "MX": {"mercadopago", "pagoralia"}, "PE": {"mercadopago"}}
    assert all(expected[country] <= set(found) for country, found in money["booked"].items()), money["booked"]
    assert set(money["booked"]) == set(expected)
    assert set(money["waiting"]) == set(REFUSED) == set(money["unknown_in_bank"]), "a payment that nobody owns"
    assert set(money["twice"]) >= {"AR", "CO", "MX", "PE"}, "a notice that came twice"

    checked = demo.abona("check", "--json", code=None).json
    assert [one for one in checked["checks"] if not one["ok"]] == []

    again = demo.abona("demo", "run", "--no-serve", "--json", *SMALL).json["companies"]
    if months() != ours:
        return  # meanwhile another month began, which the second run billed
    kept = ("billed", "invoices", "documents", "pdfs", "totals", "notices", "exceptions_count")
    for before, after in zip(first["companies"], again, strict=True):
        assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert json.loads(demo.python(since)) == money


def test_the_past_was_billed_and_authorised_at_its_time(demo: Installation) -> None:
    demo.abona("init")
    demo.abona("demo", "load", *ARGENTINA)
    rows = demo.python("""
import sqlalchemy as sa
from core.scope import every_company
from modules.accounting.models import Invoice, Payment
from core.models import Company
from modules.demo import services
from modules.einvoice.models import Document
with every_company():
    print(services.loaded_as(db.session.scalars(sa.select(Company)).one())["today"])
    for one in db.session.scalars(sa.select(Invoice).where(Invoice.origin == "billing").order_by(Invoice.id)):
        print(one.issue_date, one.legal_state, one.created_at.date())
    dates = db.session.scalars(sa.select(Document.issue_date).order_by(Document.sequence_id, Document.number)).all()
    print("paid", db.session.scalar(sa.select(sa.func.count()).select_from(Payment)))
""").splitlines()
    today = dt.date.fromisoformat(rows.pop(0))
    first = (today.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    second = (first - dt.timedelta(days=1)).replace(day=1)
    invoices = [row.split() for row in rows[:-1]]
    assert {row[0] for row in invoices} == {first.isoformat(), second.isoformat()}
    assert {row[1] for row in invoices} == {"authorized"}
    assert all(row[0] == row[2] for row in invoices)
    assert int(rows[-1].split()[1]) > 5


@pytest.mark.once
def test_it_is_served_and_ends_cleanly(demo: Installation) -> None:
    log = demo.folder / "demo.log"
    demo.folder.mkdir(exist_ok=True)
    with log.open("w") as file:
        process: Any = subprocess.Popen([str(ABONA), "demo", "run", "--subscribers", "14", "--history", "0",
                                         "--countries", "EC"], cwd=ROOT,
                                        stdout=file, stderr=file, env=demo.environment(), start_new_session=True)
    demo.processes.append(process)
    address = f"http://127.0.0.1:{demo.settings['ABONA_DEMO_PORT']}"
    eventually(lambda: answers(f"{address}/login"), 90)
    assert "encargada@demo.example" in log.read_text() and address in log.read_text()
    second = demo.abona("demo", "run", code=2)
    assert "ABONA_DEMO_PORT" in second.err
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(120) == 0
    assert "Traceback" not in log.read_text()
    assert not answers(demo.settings["ABONA_SIMULATORS_URL"] + "/")


@pytest.mark.once
def test_a_wrong_country_is_named(demo: Installation) -> None:
    demo.abona("init")
    refused = demo.abona("demo", "load", "--countries", "AR,XX", code=2)
    assert "XX" in refused.err and "PE" in refused.err


def answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=2).status == 200)
    except OSError:
        return False
