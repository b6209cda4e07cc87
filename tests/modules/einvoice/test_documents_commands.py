"""`abona einvoice …`: JSON on standard output, and exit codes that scripts rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from core import cli, schema
from core.db import db
from core.errors import DomainError
from modules.einvoice import commands, services
from modules.einvoice.models import Document, Sequence
from modules.einvoice.ports import AtAuthority, Input, Step, enablers
from modules.einvoice.records import Authorization, Claim
from tests.modules.einvoice.conftest import DAY

Make = Callable[..., Any]


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Any]]:
    """`run("status", "--json")`: exit code and what was printed, read as JSON where it was asked for."""
    monkeypatch.setattr(cli, "app", lambda: app)
    monkeypatch.setattr(schema, "require_current", lambda: None)
    group = click.Group("einvoice")
    commands.register(group)

    def invoke(*arguments: str) -> tuple[int, Any]:
        result = CliRunner().invoke(group, list(arguments), standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.return_value, json.loads(result.stdout) if "--json" in arguments else result.stdout

    return invoke


def test_status_is_quiet_when_nothing_needs_a_person(run: Any, issuer: Any, make_invoice: Make) -> None:
    services.open_documents([make_invoice().id])
    code, found = run("status", "--json")
    assert code == 0
    assert found["companies"][0]["documents"]["pending"] == 1
    assert found["companies"][0]["refused"] == []


def test_refused_documents_end_with_one_and_the_authoritys_words(run: Any, make_refused: Make) -> None:
    make_refused()
    code, found = run("status", "--json", "--period", "2026-11")
    assert code == 1
    assert found["companies"][0]["refused"] == [{"code": "10015", "count": 1, "message": "Documento inválido"}]
    assert "Documento inválido" in run("status")[1]


def test_status_says_who_was_refused_and_how_to_send_it_again(run: Any, make_refused: Make) -> None:
    document = make_refused("Beto Díaz")
    (found,) = run("status", "--json")[1]["companies"][0]["refused_documents"]
    assert (found["id"], found["name"], found["message"]) == (document.id, "Beto Díaz", "Documento inválido")
    text = run("status")[1]
    assert "Beto Díaz" in text and "abona einvoice retry" in text
    assert "rejected" not in text


def test_a_stopped_sequence_is_told_in_words_and_let_go_on(run: Any, issuer: Any, make_invoice: Make) -> None:
    services.open_documents([make_invoice().id])
    sequence = db.session.scalars(sa.select(Sequence)).one()
    services.block(sequence.id, "11002", "El punto de venta está cerrado.")
    db.session.commit()
    code, text = run("status")
    assert code == 1
    assert "El punto de venta está cerrado." in text and f"abona einvoice continue {sequence.id}" in text
    assert run("continue", str(sequence.id))[0] == 0
    db.session.expire_all()
    assert sequence.blocked_code == ""


def test_an_authority_that_is_away_is_told_in_words(run: Any, issuer: Any, make_invoice: Make) -> None:
    services.open_documents([make_invoice().id])
    sequence = db.session.scalars(sa.select(Sequence)).one()
    sequence.failures, sequence.trouble = 1, "ARCA no contesta."
    db.session.commit()
    code, text = run("status")
    assert code == 0 and "ARCA no contesta." in text


def test_a_month_written_wrongly_is_named(run: Any, company: Any) -> None:
    with pytest.raises(DomainError, match="11/2026"):
        run("status", "--period", "11/2026")


def test_authorize_opens_what_has_no_document_yet(run: Any, issuer: Any, make_invoice: Make) -> None:
    make_invoice()
    code, found = run("authorize", "--json")
    assert (code, found["companies"][0]["documents"]["pending"]) == (0, 1)


def test_retry_sends_a_refused_document_again(run: Any, make_refused: Make) -> None:
    document = make_refused()
    code, found = run("retry", str(document.id), "--json")
    assert (code, found["state"]) == (0, "pending")


def test_reconcile_ends_with_one_where_something_differs(run: Any, issuer: Any, make_invoice: Make) -> None:
    services.open_documents([make_invoice().id])
    document = db.session.scalars(sa.select(Document)).one()
    services.claim([Claim(document.id, 1, DAY, {})])
    services.authorize([Authorization(document.id, 1, "76", DAY, {}, DAY)])
    services.advance(document.sequence_id or 0, 1, DAY)
    db.session.commit()
    issuer.last, issuer.book = 1, {1: AtAuthority(1, "76", Decimal("1.00"), DAY, "")}
    assert run("reconcile", "--period", "2026-11", "--json")[0] == 0
    issuer.book = {}
    code, found = run("reconcile", "--period", "2026-11", "--json")
    assert code == 1
    assert [one["code"] for one in found["companies"][0]["differences"]] == ["missing_at_authority"]


class Guide:
    """Two steps: the second waits for the first."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def steps(self) -> list[Step]:
        asked = (Input("alias", "Alias"), Input("certificate", "Certificate", "file"))
        return [Step("one", "First", bool(self.values), ("Do it",), inputs=asked, action="Go"),
                Step("two", "Second", False, waits_for="" if self.values else "First one.", action="Go")]

    def run(self, key: str, values: dict[str, Any]) -> str:
        self.values = {"key": key, **values}
        return "Hecho."


def test_enable_lists_its_steps_and_does_one_by_name(run: Any, company: Any, monkeypatch: pytest.MonkeyPatch,
                                                     tmp_path: Any) -> None:
    guide = Guide()
    monkeypatch.setattr(enablers, "find", lambda key: guide)
    file = tmp_path / "a.crt"
    file.write_bytes(b"PEM")
    assert "First one." in run("enable", "AR", "--list")[1]
    code, said = run("enable", "AR", "--step", "one", "--set", "alias=abona", "--set", f"certificate=@{file}")
    assert (code, "Hecho." in said) == (0, True)
    assert guide.values == {"key": "one", "alias": "abona", "certificate": b"PEM"}
    with pytest.raises(DomainError, match=r"alais.*alias, certificate"):
        run("enable", "AR", "--step", "one", "--set", "alais=abona")


def test_enable_of_a_country_without_guide_names_those_that_have_one(run: Any, company: Any) -> None:
    with pytest.raises(DomainError, match="AR"):
        run("enable", "UY")
