"""`abona billing run --wait` in real processes: alone, killed and repeated, beside a server, two at once."""

from __future__ import annotations

import time

import pytest

from tests.installation import Installation, eventually, free_port

pytestmark = pytest.mark.slow

# a company whose documents need no authority, with so many subscribers
TOWN = """
import datetime as dt
from decimal import Decimal
from core import companies, scope
from modules.accounting import ledger
from modules.contracts import bulk, plans
from modules.contracts.drafts import ContractData
from modules.crm import bulk as customers
from modules.crm.services import CustomerData
company = companies.create_company("AR", "Río Cuarto Wireless S.A.", "30990000103", code="rcw", tax_condition="RI")
with scope.company_scope(company):
    ledger.policy().legal_documents = False
    plan = plans.create_plan({"code": "H50", "name": "Hogar 50", "taxes": [{"code": "VAT", "rate": "21"}],
                              "includes_tax": True, "period_months": 1, "currency": ""}, Decimal(12100),
                             dt.date(2020, 1, 1))
    ids = customers.create_many([CustomerData(name=f"Cliente {n}", tax_condition="CF", emails=f"c{n}@example.com")
                                 for n in range(COUNT)])
    bulk.create_many([ContractData(key, plan.id, billing_from=dt.date(2026, 1, 1)) for key in ids])
db.session.commit()
"""


@pytest.fixture
def town(installation: Installation) -> Installation:
    installation.init()
    installation.python(TOWN.replace("COUNT", "12"))
    return installation


def run(town: Installation, month: str, **options):
    return town.abona("billing", "run", "--period", month, "--wait", "--json", **options).json["companies"][0]


def counts(result):
    return (result["billed"], result["invoices"], result["pdfs"], result["notices"]["sent"])


def test_alone_it_bills_draws_and_sends_by_itself(town: Installation) -> None:
    assert counts(run(town, "2026-11")) == (12, 12, 12, 12)
    again = run(town, "2026-11")
    assert (again["billed"], again["already_billed"]) == (0, 12)
    checked = town.abona("check", "--only", "billed_once_per_period", "--only", "ledger_balanced", "--json").json
    assert checked["ok"], checked


def test_killed_at_any_moment_the_same_command_ends_the_same_way(town: Installation) -> None:
    for wait in (0.2, 0.5, 1, 1.8):
        process = town.start("billing", "run", "--period", "2026-11", "--wait")
        time.sleep(wait)
        process.kill()
        process.wait(10)
    run(town, "2026-11")
    status = town.abona("billing", "status", "--period", "2026-11", "--json").json["companies"][0]
    assert counts(status) == (12, 12, 12, 12)
    assert town.abona("check", "--only", "billed_once_per_period", "--only", "ledger_balanced", "--json").json["ok"]


def test_beside_a_server_it_only_waits(town: Installation) -> None:
    port = free_port()
    server = town.start("serve", "--port", str(port))
    eventually(lambda: "http" in town.log(server), 30)
    assert counts(run(town, "2026-11")) == (12, 12, 12, 12)
    workers = town.python("""
import sqlalchemy as sa
from core.models import Job
print(",".join(sorted({row.split(":")[1] for row in db.session.scalars(sa.select(Job.worker).where(
    Job.function.like("%bill_chunk")))})))
""")
    assert workers == str(server.pid)


def test_two_at_once_bill_everybody_once(town: Installation) -> None:
    """On SQLite the second finds that the first is at work and waits for it; on PostgreSQL the same."""
    both = [town.start("billing", "run", "--period", "2026-11", "--wait", "--json") for _each in range(2)]
    ends = [process.wait(120) for process in both]
    assert ends == [0, 0], [process.out for process in both]
    status = town.abona("billing", "status", "--period", "2026-11", "--json").json["companies"][0]
    assert counts(status) == (12, 12, 12, 12)
