"""The whole way: a company with contracts, a month billed, authorised over HTTP by ARCA's simulator in another process.

With lost answers, errors and timeouts at 20 %, and several workers: every invoice is authorised once, the numbers
follow each other without gap, and what may have been done is asked about before it is repeated.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import SERVER, Installation
from tests.outside import Outside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SUBSCRIBERS = 200
FIRST = dt.datetime.now(dt.timezone(dt.timedelta(hours=-3))).date().replace(day=1)
PERIOD = f"{FIRST:%Y-%m}"
FAULTS = [{"fault": "lost_answer", "rate": 0.2, "seed": 1}, {"fault": "error_500", "rate": 0.2, "seed": 2},
          {"fault": "timeout_before", "rate": 0.2, "seed": 3, "seconds": 0.05}]
COMPANY = ("--country", "AR", "--name", "Río Cuarto Wireless S.A.", "--tax-id", "30990000103", "--tax-condition", "RI",
           "--code", "rcw")
# one in four is registered and gets A; the others are consumers with DNI or nothing at all
SUBSCRIBE = f"""
from core import companies, scope
from core.db import db
from decimal import Decimal
import datetime as dt
from modules.contracts import services
from modules.contracts.drafts import ContractData
from modules.contracts.models import Plan, PlanPrice
from modules.crm.services import create_customer
with scope.company_scope(companies.find_company("rcw")):
    plan = Plan(code="100M", name="Internet 100 Mb", includes_tax=True, taxes=[{{"code": "VAT", "rate": "21"}}],
                prices=[PlanPrice(valid_from=dt.date(2020, 1, 1), price=Decimal("12100.00"))])
    db.session.add(plan)
    db.session.flush()
    for number in range({SUBSCRIBERS}):
        who = [dict(tax_id_kind="CUIT", tax_id="30990001118", tax_condition="RI"), dict(tax_condition="CF")][number % 2]
        if number % 4 == 1:
            who = dict(tax_id_kind="DNI", tax_id=str(20000000 + number), tax_condition="CF")
        if number % 4 == 2:
            who = dict(tax_condition="CF")
        customer = create_customer(name=f"Abonado {{number}}", **who)
        services.create_contract(ContractData(customer.id, plan.id, billing_from=dt.date.fromisoformat("{FIRST}")))
    db.session.commit()
"""
WORKER = """
from core import companies, jobs, scope
import time
end = time.monotonic() + 240
while time.monotonic() < end:
    if not jobs.run_jobs() and not jobs.open_jobs():
        break
    db.session.rollback()
    time.sleep(0.2)
"""


@pytest.fixture
def arca(tmp_path: Path) -> Iterator[Outside]:
    server = Outside("arca", tmp_path)
    yield server
    server.stop()


@pytest.fixture
def provider(installation: Installation, arca: Outside) -> Installation:
    """An internet provider with subscribers, in rehearsal; ARCA already misbehaves."""
    installation.settings["ABONA_SIMULATORS_URL"] = arca.url
    installation.init()
    installation.abona("company", "create", *COMPANY)
    installation.python(SUBSCRIBE)
    arca.post("config", reg_x_req=15)  # many small batches, so that every fault strikes
    for fault in FAULTS:
        arca.post("faults", **fault)
    return installation


def documents(provider: Installation) -> list[dict[str, Any]]:
    """Ours, as the simulator would show them, with their invoices' state."""
    text = provider.python("""
        import json, sqlalchemy as sa
        from core import companies, scope
        from modules.accounting.models import Invoice
        from modules.einvoice.models import Document
        with scope.company_scope(companies.find_company("rcw")):
            rows = db.session.execute(sa.select(Document, Invoice).join(Invoice, Invoice.id == Document.invoice_id))
            print(json.dumps([dict(type=int(d.kind), number=d.number, cae=d.authorization_code, state=d.state,
                date=d.issue_date.strftime("%Y%m%d"), total=f"{i.total:.2f}", doc_number=d.request["DocNro"],
                legal=i.legal_state, valid=d.valid_until and d.valid_until.isoformat()) for d, i in rows]))
        """)
    return list(json.loads(text))


def prove(provider: Installation, arca: Outside) -> None:
    """Every invoice authorised once, here exactly as there; nothing was sent twice without asking."""
    ours, state = documents(provider), arca.state()
    assert len(ours) == SUBSCRIBERS
    assert {(row["state"], row["legal"]) for row in ours} == {("authorized", "authorized")}
    assert state["documents_total"] == SUBSCRIBERS
    keys = ("type", "number", "cae", "date", "total", "doc_number")
    there = {tuple(str(row[name]) for name in keys) for row in state["documents"]}
    assert {tuple(str(row[name]) for name in keys) for row in ours} == there
    for kind in (1, 6):
        numbers = sorted(row["number"] for row in ours if row["type"] == kind)
        assert numbers == list(range(1, len(numbers) + 1))
    assert {row["type"] for row in ours} == {1, 6} and len({row["cae"] for row in ours}) == SUBSCRIBERS
    # a blind repeat of what was registered would have been answered by 10016
    assert "10016" not in state["errors"]
    assert state["calls"]["FECompConsultar"] > 0
    checked = provider.abona("check", "--json", code=None).json["checks"]
    wanted = {"one_document_per_invoice", "numbers_no_gap", "numbers_no_duplicate", "unknown_documents",
              "ledger_balanced", "open_amounts_match"}
    assert {one["name"]: one["ok"] for one in checked if one["name"] in wanted} == dict.fromkeys(wanted, True)


def test_a_month_is_billed_and_authorised_while_arca_misbehaves(provider: Installation, arca: Outside) -> None:
    """Threads of one process on SQLite."""
    done = provider.abona("billing", "run", "--period", PERIOD, "--wait", "--json", timeout=400, code=None)
    assert done.code in (0, 1), done.err
    result = done.json["companies"][0]
    assert result["billed"] == SUBSCRIBERS and result["exceptions"] == []
    provider.abona("einvoice", "authorize", "--wait", timeout=400)
    prove(provider, arca)
    again = provider.abona("billing", "run", "--period", PERIOD, "--json", code=None).json["companies"][0]
    assert (again["billed"], again["already_billed"]) == (0, SUBSCRIBERS)
    assert len(documents(provider)) == SUBSCRIBERS
    arca.post("faults")
    assert provider.abona("einvoice", "reconcile", "--period", PERIOD, "--json", timeout=400).json["companies"][0][
        "differences"] == []


def test_several_processes_share_the_work(provider: Installation, arca: Outside) -> None:
    """Processes on PostgreSQL (and on SQLite, where they wait for each other)."""
    provider.abona("billing", "run", "--period", PERIOD, code=None, timeout=400)
    workers = [provider.start_python(WORKER) for _index in range(3 if SERVER else 2)]
    for worker in workers:
        assert worker.wait(400) == 0
    prove(provider, arca)
