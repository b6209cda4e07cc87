"""The whole way: an Ecuadorian provider with contracts, a month billed, authorised over HTTP by the SRI's simulator.

With lost answers, errors and timeouts: every invoice is authorised once, the numbers follow each other without gap,
and what may have been done is asked about before it is repeated.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation
from tests.outside import Outside

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SUBSCRIBERS = 60
FIRST = dt.datetime.now(dt.timezone(dt.timedelta(hours=-5))).date().replace(day=1)
PERIOD = f"{FIRST:%Y-%m}"
FAULTS = [{"fault": "lost_answer", "rate": 0.1, "seed": 1}, {"fault": "error_500", "rate": 0.1, "seed": 2},
          {"fault": "timeout_before", "rate": 0.1, "seed": 3, "seconds": 0.05}]
COMPANY = ("--country", "EC", "--name", "ISP ANDINO S.A.S.", "--tax-id", "1790012344001", "--tax-condition", "GENERAL",
           "--code", "andino", "--street", "Av. Amazonas N34-120", "--city", "Quito")
# one in four is a company with RUC; the others are persons with cédula
SUBSCRIBE = f"""
from core import companies, scope
from core.db import db
from decimal import Decimal
import datetime as dt
from modules.contracts import services
from modules.contracts.drafts import ContractData
from modules.contracts.models import Plan, PlanPrice
from modules.crm.countries.ec import person_digit
from modules.crm.services import create_customer
with scope.company_scope(companies.find_company("andino")):
    plan = Plan(code="100M", name="Internet 100 Mbps", includes_tax=True, taxes=[{{"code": "VAT", "rate": "15"}}],
                prices=[PlanPrice(valid_from=dt.date(2020, 1, 1), price=Decimal("10.00"))])
    db.session.add(plan)
    db.session.flush()
    for number in range({SUBSCRIBERS}):
        nine = f"17100{{number:04d}}"
        person = nine + person_digit(nine)
        who = dict(tax_id_kind="CEDULA", tax_id=person)
        if number % 4 == 0:
            who = dict(tax_id_kind="RUC", tax_id=person + "001")
        customer = create_customer(name=f"Abonado {{number}}", tax_condition="CF", **who)
        services.create_contract(ContractData(customer.id, plan.id, billing_from=dt.date.fromisoformat("{FIRST}")))
    db.session.commit()
"""


@pytest.fixture
def sri(tmp_path: Path) -> Iterator[Outside]:
    server = Outside("sri", tmp_path)
    yield server
    server.stop()


@pytest.fixture
def provider(installation: Installation, sri: Outside) -> Installation:
    """An internet provider with subscribers, in rehearsal; the SRI already misbehaves."""
    installation.settings["ABONA_SIMULATORS_URL"] = sri.url
    installation.init()
    installation.abona("company", "create", *COMPANY)
    installation.python(SUBSCRIBE)
    for fault in FAULTS:
        sri.post("faults", **fault)
    return installation


def documents(provider: Installation) -> list[dict[str, Any]]:
    """Ours, as the simulator would show them, with their invoices' state."""
    text = provider.python("""
        import json, sqlalchemy as sa
        from core import companies, scope
        from core.db import db
        from modules.accounting.models import Invoice
        from modules.einvoice.models import Document
        with scope.company_scope(companies.find_company("andino")):
            rows = db.session.execute(sa.select(Document, Invoice).join(Invoice, Invoice.id == Document.invoice_id))
            print(json.dumps([dict(number=d.number, clave=d.authorization_code, state=d.state, total=f"{i.total:.2f}",
                legal=i.legal_state, legal_number=i.legal_number, problems=d.problems) for d, i in rows]))
        """)
    return list(json.loads(text))


def test_a_month_is_billed_and_authorised_while_the_sri_misbehaves(provider: Installation, sri: Outside) -> None:
    done = provider.abona("billing", "run", "--period", PERIOD, "--wait", "--json", timeout=400, code=None)
    assert done.code in (0, 1), done.err
    result = done.json["companies"][0]
    assert (result["billed"], result["exceptions"]) == (SUBSCRIBERS, [])
    # 10.00 does not exist at 15 %: 8.70 and 1.31
    assert result["totals"] == [{"currency": "USD", "net": f"{SUBSCRIBERS * 870 / 100:.2f}",
                                 "tax": f"{SUBSCRIBERS * 131 / 100:.2f}", "total": f"{SUBSCRIBERS * 1001 / 100:.2f}"}]
    provider.abona("einvoice", "authorize", "--wait", timeout=400)
    ours, state = documents(provider), sri.state()
    assert {(row["state"], row["legal"]) for row in ours} == {("authorized", "authorized")}, ours
    assert sorted(row["number"] for row in ours) == list(range(1, SUBSCRIBERS + 1))
    assert {(row["clave"], row["total"]) for row in ours} == {(row["clave"], row["total"])
                                                              for row in state["documents"]}
    assert state["states"] == {"AUTORIZADO": SUBSCRIBERS} and {row["total"] for row in ours} == {"10.01"}
    checked = provider.abona("check", "--json", code=None).json["checks"]
    wanted = {"one_document_per_invoice", "numbers_no_gap", "numbers_no_duplicate", "unknown_documents",
              "ledger_balanced", "open_amounts_match", "document_totals", "sri_certificates_expiry"}
    assert {one["name"]: one["ok"] for one in checked if one["name"] in wanted} == dict.fromkeys(wanted, True)
    sri.post("faults")
    assert provider.abona("einvoice", "reconcile", "--period", PERIOD, "--json", timeout=400).json["companies"][0][
        "differences"] == []
