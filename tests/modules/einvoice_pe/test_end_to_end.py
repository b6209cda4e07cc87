"""The whole way: a Peruvian company with contracts, a month billed, sent over HTTP to the simulator in another process.

With lost answers, errors and timeouts at 20 %, and a worker that is killed: every invoice has one document, the
numbers follow each other without gap, and nothing is sent again that was not asked about.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, eventually
from tests.outside import Outside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SUBSCRIBERS = 60
FIRST = dt.datetime.now(dt.timezone(dt.timedelta(hours=-5))).date().replace(day=1)
PERIOD = f"{FIRST:%Y-%m}"
FAULTS = [{"fault": "lost_answer", "rate": 0.2, "seed": 1}, {"fault": "error_500", "rate": 0.2, "seed": 2},
          {"fault": "timeout_before", "rate": 0.2, "seed": 3, "seconds": 0.05}]
COMPANY = ("--country", "PE", "--name", "Red Andina S.A.C.", "--tax-id", "20612345679", "--tax-condition", "GENERAL",
           "--code", "andina")
# one in three is a company and gets a factura; the others have a DNI or nothing at all
SUBSCRIBE = f"""
from core import companies, scope
from core.db import db
from decimal import Decimal
import datetime as dt
from modules.contracts import services
from modules.contracts.drafts import ContractData
from modules.contracts.models import Plan, PlanPrice
from modules.crm import countries
from modules.crm.drafts import AddressData
from modules.crm.services import add_address, create_customer
with scope.company_scope(companies.find_company("andina")):
    plan = Plan(code="100M", name="Internet 100 Mbps", includes_tax=True, taxes=[{{"code": "VAT", "rate": "18"}}],
                prices=[PlanPrice(valid_from=dt.date(2020, 1, 1), price=Decimal("89.00"))])
    db.session.add(plan)
    db.session.flush()
    for number in range({SUBSCRIBERS}):
        ruc = str(2050000000 + number)
        who = [dict(tax_id_kind="RUC", tax_id=ruc + countries.get("PE").check_digit(ruc)),
               dict(tax_id_kind="DNI", tax_id=str(20000000 + number)), dict()][number % 3]
        customer = create_customer(name=f"Abonado {{number}}", **who)
        add_address(customer, AddressData(street="Jr. Los Olivos 123", city="Lima", region="15"))
        services.create_contract(ContractData(customer.id, plan.id, billing_from=dt.date.fromisoformat("{FIRST}")))
    db.session.commit()
"""
WORKER = """
from core import jobs
import time
jobs.release_orphans()  # as every worker that starts
end = time.monotonic() + 240
while time.monotonic() < end:
    if not jobs.run_jobs() and not jobs.open_jobs():
        break
    db.session.rollback()
    time.sleep(0.2)
"""


@pytest.fixture
def nubefact(tmp_path: Path) -> Iterator[Outside]:
    server = Outside("nubefact", tmp_path)
    yield server
    server.stop()


@pytest.fixture
def provider(installation: Installation, nubefact: Outside) -> Installation:
    """An internet provider with subscribers, in rehearsal; Nubefact already misbehaves."""
    installation.settings["ABONA_SIMULATORS_URL"] = nubefact.url
    installation.init()
    installation.abona("company", "create", *COMPANY)
    installation.python(SUBSCRIBE)
    for fault in FAULTS:
        nubefact.post("faults", **fault, only="generar_comprobante")
    return installation


def documents(provider: Installation) -> list[dict[str, Any]]:
    """Ours, as the simulator would show them, with their invoices' state."""
    text = provider.python("""
        import json, sqlalchemy as sa
        from core import companies, scope
        from modules.accounting.models import Invoice
        from modules.einvoice.models import Document
        with scope.company_scope(companies.find_company("andina")):
            rows = db.session.execute(sa.select(Document, Invoice).join(Invoice, Invoice.id == Document.invoice_id))
            print(json.dumps([dict(tipo_de_comprobante=int(d.kind), serie=d.series, numero=d.number,
                hash=d.authorization_code, state=d.state, total=f"{i.total:.2f}", legal=i.legal_state)
                for d, i in rows]))
        """)
    return list(json.loads(text))


def prove(provider: Installation, nubefact: Outside) -> None:
    """Every invoice has one document, here exactly as there."""
    ours, state = documents(provider), nubefact.state()
    assert len(ours) == SUBSCRIBERS == state["documents_total"]
    assert {(row["state"], row["legal"]) for row in ours} == {("authorized", "authorized")}
    keys = ("tipo_de_comprobante", "serie", "numero", "hash", "total")
    assert {tuple(str(row[name]) for name in keys) for row in ours} == {
        tuple(str(row[name]) for name in keys) for row in state["documents"]}
    for kind in (1, 2):
        numbers = sorted(row["numero"] for row in ours if row["tipo_de_comprobante"] == kind)
        assert numbers == list(range(1, len(numbers) + 1)) and numbers
    checked = provider.abona("check", "--json", code=None).json["checks"]
    wanted = {"one_document_per_invoice", "numbers_no_gap", "numbers_no_duplicate", "unknown_documents",
              "ledger_balanced", "open_amounts_match", "sunat_undecided"}
    assert {one["name"]: one["ok"] for one in checked if one["name"] in wanted} == dict.fromkeys(wanted, True)


def test_a_month_is_billed_and_accepted_while_nubefact_misbehaves(provider: Installation, nubefact: Outside) -> None:
    done = provider.abona("billing", "run", "--period", PERIOD, "--wait", "--json", timeout=400, code=None)
    assert done.code in (0, 1), done.err
    result = done.json["companies"][0]
    assert result["billed"] == SUBSCRIBERS and result["exceptions"] == []
    provider.abona("einvoice", "authorize", "--wait", timeout=400)
    prove(provider, nubefact)
    nubefact.post("faults")
    assert provider.abona("einvoice", "reconcile", "--period", PERIOD, "--json", timeout=400).json["companies"][0][
        "differences"] == []


def test_a_killed_worker_leaves_nothing_double(provider: Installation, nubefact: Outside) -> None:
    provider.abona("billing", "run", "--period", PERIOD, code=None, timeout=400)
    for _time in range(3):
        worker = provider.start_python(WORKER)
        before = nubefact.state()["documents_total"]
        eventually(lambda before=before, worker=worker: nubefact.state()["documents_total"] > before
                   or worker.poll() is not None)
        time.sleep(0.1)
        worker.kill()
        worker.wait()
    provider.abona("einvoice", "authorize", "--wait", timeout=400)
    prove(provider, nubefact)
