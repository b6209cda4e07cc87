"""A layout of files on screen: begun with a known one, tried on a sample, saved only when it can be used."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from core.db import db
from modules.gateways import accounts
from modules.gateways.models import Account
from tests.modules.gateways.test_layouts import CSV_OUT, FIXED, fixed

Make = Callable[..., Any]


@pytest.fixture
def files(november: None) -> Account:
    made = accounts.create("generic_file", "Red local", {"values": "company=77"})
    db.session.commit()
    return made


@pytest.fixture
def page(files: Account, login: Make) -> Make:
    """`page(layout, action="try", sample=b"…")`: what the screen answers."""
    desk = login("gateways.edit_accounts")

    def ask(layout: Any = None, action: str = "try", name: str = "layout_in", **data: Any) -> Any:
        path = f"/gateways/layouts/{files.id}/{name}"
        if layout is None:
            return desk.get(path, query_string=data)
        text = layout if isinstance(layout, str) else json.dumps(layout)
        return desk.post(path, data={"layout": text, "action": action, **data})

    return ask


def sample(content: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content.encode("latin-1")), "muestra.txt"


def test_a_sample_is_read_and_nothing_saved(page: Make, files: Account) -> None:
    answer = page(FIXED, sample=sample(fixed(("A12", 12100, 1))))
    assert answer.status_code == 200 and "121,00" in answer.text and "A12" in answer.text
    assert "1–1" in answer.text, "what the layout says of each field"
    assert not files.settings.get("layout_in")
    pasted = page(FIXED, sample_text=fixed(("A13", 500, 1)))
    assert "A13" in pasted.text


@pytest.mark.parametrize(("layout", "content", "words"), [
    (FIXED, fixed(("A12", 12100, 1), company="00078"), "Línea 1"),
    (FIXED, fixed(("A12", 12100, 1))[:40], "ínea"),
    (FIXED, "", "muestra"), (FIXED, "\0" * 5000, "ínea"), ("{", fixed(("A12", 12100, 1)), "JSON"),
    ("[" * 50_000, "x", "JSON"), ({**FIXED, "length": 31}, fixed(("A12", 12100, 1)), "records.H.fields"),
])
def test_what_is_wrong_is_said_with_its_place(page: Make, layout: Any, content: str, words: str) -> None:
    answer = page(layout, sample=sample(content))
    assert answer.status_code == 200 and words in answer.text and "Qué resultó" not in answer.text


def test_only_what_can_be_used_is_saved(page: Make, files: Account) -> None:
    assert page({**FIXED, "length": 31}, "save").status_code == 422
    assert not files.settings.get("layout_in")
    page(FIXED, "save")
    assert json.loads(db.session.get_one(Account, files.id, populate_existing=True).settings["layout_in"]) == FIXED
    assert "header" in page().text


def test_debts_of_nobody_are_written(page: Make) -> None:
    answer = page(CSV_OUT, name="layout_out")
    assert "ANA MUNOZ" in answer.text
    assert page(FIXED, name="layout_out").status_code == 200


def test_one_begins_with_what_networks_use(page: Make) -> None:
    shown = page().text
    assert "Pagos, Asobancaria 2001" in shown and "Pagos, Efecty" in shown and "Deudas, Efecty V1" not in shown
    for preset in ("asobancaria_2001.payments", "asobancaria_2001.payments_1998", "efecty.payments"):
        begun = page(preset=preset).text
        assert "&#34;map&#34;" in begun and "field-error" not in begun and "notice-bad" not in begun
    out = page(name="layout_out", preset="asobancaria_2001.debts").text
    assert "&#34;fill&#34;" in out and "notice-bad" not in out


def test_a_layout_that_the_account_does_not_have_is_not_found(page: Make) -> None:
    assert page(name="values").status_code == 404
