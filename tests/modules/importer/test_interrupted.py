"""The command in real processes: killed at any moment, and two at once."""

from __future__ import annotations

import json
import random
import time

import pytest

from tests.installation import eventually

pytestmark = pytest.mark.slow
ROWS = 2000
COUNT = """
    import sqlalchemy as sa
    from core.scope import every_company
    from modules.accounting.models import Entry
    from modules.contracts.models import Contract
    from modules.crm.models import Customer
    with every_company():
        print(*[db.session.scalar(sa.select(sa.func.count()).select_from(one)) for one in (Customer, Contract, Entry)])
"""


@pytest.fixture
def source(installation):
    installation.init()
    installation.abona("company", "create", "--country", "AR", "--name", "Río", "--tax-id", "30990000103",
                       "--code", "rio", "--tax-condition", "RI")
    path = installation.folder / "clientes.csv"
    path.write_text("Nro;Nombre;DNI;Plan;Precio;Usuario PPPoE;Saldo\n" + "".join(
        f"{n};Cliente {n};{20000000 + n};20 Megas;100 + IVA;u{n};{n}\n" for n in range(1, ROWS + 1)), encoding="utf-8")
    return path


def bring(installation, source, code=0):
    return installation.abona("import", "spreadsheet", str(source), "--company", "rio", "--json", code=code)


def figures(installation):
    return [int(one) for one in installation.python(COUNT).split()]


def test_killed_at_any_moment_and_started_again_it_ends_as_if_nothing_had_happened(installation, source):
    for _time in range(3):
        process = installation.start("import", "spreadsheet", str(source), "--company", "rio")
        time.sleep(random.uniform(0.2, 4))
        process.kill()
        process.wait(10)
        customers, contracts, entries = figures(installation)
        assert customers == contracts == entries and customers % 1000 == 0
    found = bring(installation, source).json
    assert found["proof"]["ok"] and found["created"] + found["unchanged"] == ROWS
    assert figures(installation) == [ROWS, ROWS, ROWS]


def test_of_two_at_once_one_loads_and_the_other_waits_or_finds_all_done(installation, source):
    processes = [installation.start("import", "spreadsheet", str(source), "--company", "rio", "--json") for _n in "ab"]
    eventually(lambda: all(process.poll() is not None for process in processes), 120)
    codes = sorted(process.returncode for process in processes)
    assert codes in ([0, 0], [0, 4]), [installation.log(process) for process in processes]
    assert figures(installation) == [ROWS, ROWS, ROWS]
    assert json.loads(bring(installation, source).out)["unchanged"] == ROWS
