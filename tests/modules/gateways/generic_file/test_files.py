"""Files of an operator's own layout, from the account's settings and from the command."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core import clock
from modules.gateways import ports
from modules.gateways.access import Access
from modules.gateways.cli import cli
from modules.gateways.errors import BadSetting
from modules.gateways.shapes import Debt, Due, Made
from tests.modules.gateways.reading import DAY, read, refusal, write

pytestmark = pytest.mark.once
IN = {"direction": "in", "delimiter": ",", "header": True, "currency": "PEN",
      "columns": ["co", "ref", "amount", "day", "id"],
      "map": {"reference": "ref", "amount": "amount", "paid_at": "day", "external_id": "id"},
      "checks": ["co==account.company"]}
OUT = {"direction": "out", "delimiter": ",", "columns": ["co", "ref", "amount"], "currency": "PEN",
       "fill": {"co": "account.company", "ref": "reference", "amount": "amount"}}
ACCOUNT: dict[str, Any] = {"layout_in": json.dumps(IN), "layout_out": OUT, "values": ["company = 77"]}
PAID = b"co,ref,amount,day,id\n77,C-1,15.50,2026-11-09,1\n"
DEBT = Debt("C-1", "Ana", "F-1", "Internet", "PEN", (Due(dt.date(2026, 11, 20), Decimal("15.50")),))
MADE = Made(dt.date(2026, 11, 9), number=2)


def test_files_follow_the_account_s_layouts() -> None:
    (payment,), problems, control = read("generic_file", PAID, ACCOUNT)
    assert (payment.external_id, payment.reference.customer, payment.currency, control.count) == ("1", "C-1", "PEN", 1)
    assert problems == [] and write("generic_file", ACCOUNT, [DEBT], MADE) == b"77,C-1,15.50\r\n"


def test_a_file_of_another_company_is_refused() -> None:
    error = refusal("generic_file", PAID.replace(b"77", b"78"), ACCOUNT)
    assert error is not None and error.code == "foreign"


@pytest.mark.parametrize(("settings", "words"), [
    ({"layout_in": ""}, "layout_in"), ({"layout_in": "{"}, "JSON"), ({"layout_in": OUT}, "direction"),
    ({"layout_in": {**IN, "checks": ["x==account.company"]}}, r"checks\[0\]"),
])
def test_a_layout_that_is_missing_or_wrong_is_told(settings: dict, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        read("generic_file", PAID, {**ACCOUNT, **settings})


def test_a_value_that_a_layout_names_must_be_there() -> None:
    with pytest.raises(BadSetting, match="company"):
        write("generic_file", {**ACCOUNT, "values": []}, [DEBT], MADE)


@pytest.mark.parametrize(("name", "value", "good"), [
    ("values", ["company=77"], True), ("values", ["company"], False), ("values", ["a b=1"], False),
    ("file_name", "DEU{date}.{number}", True), ("file_name", "../x", False), ("file_name", "{day}", False),
    ("layout_in", json.dumps(IN), True), ("layout_in", "[]", False),
])
def test_settings_are_checked(name: str, value: Any, good: bool) -> None:
    setting = next(one for one in ports.providers.get("generic_file").settings if one.name == name)
    assert setting.check is not None and (setting.check(value) == "") is good


def test_the_file_is_called_as_the_collector_wants() -> None:
    writer = ports.debt_files.get("generic_file")
    assert writer.name(Access("generic_file", ACCOUNT), MADE) == "deudas_20261109_2.txt"
    assert writer.name(Access("generic_file", {"file_name": "D{date}"}), MADE) == "D20261109"


def test_the_command_reads_with_a_layout_and_tells_what_is_wrong(tmp_path: Path) -> None:
    paid, account = tmp_path / "paid.csv", tmp_path / "account.json"
    paid.write_bytes(PAID)
    account.write_text(json.dumps(ACCOUNT))
    with clock.freeze(DAY):
        good = CliRunner().invoke(cli, ["parse", "generic_file", str(paid), "--account", str(account), "--json"])
        paid.write_bytes(PAID[:-5])
        bad = CliRunner().invoke(cli, ["parse", "generic_file", str(paid), "--account", str(account), "--json"])
    assert json.loads(good.stdout)["control"]["total"] == "15.50"
    assert json.loads(bad.stdout)["control"]["ok"] is False and json.loads(bad.stdout)["payments"] == []
