"""`abona import spreadsheet` as scripts call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from core import cli as frame
from core import companies, schema
from core.db import db
from core.errors import DomainError
from modules.crm.models import Customer
from modules.importer import reader
from modules.importer.cli import cli

DATA = Path(__file__).parents[2] / "data" / "import"
AR, EC = DATA / "planilla_ar_latin1.csv", DATA / "clientes_ec_utf8bom.csv"


@pytest.fixture
def run(app: Flask, company, monkeypatch):
    """`run("file", "--json", ...)` gives (exit status, standard output)."""
    monkeypatch.setattr(frame, "app", lambda: app)
    monkeypatch.setattr(schema, "require_current", lambda: None)  # the test's engine is one connection

    def invoke(*arguments):
        result = CliRunner().invoke(cli, ["spreadsheet", *map(str, arguments)], standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.return_value, result.stdout

    return invoke


def customers():
    return db.session.scalar(sa.select(sa.func.count()).select_from(Customer))


def test_json_is_the_only_thing_on_standard_output(run):
    status, output = run(AR, "--company", "rcw", "--json")
    found = json.loads(output)
    assert status == 1 and (found["created"], len(found["refused"])) == (7, 5) and found["proof"]["ok"]
    assert customers() == 7


def test_the_refused_rows_are_written_where_one_can_find_them(run, instance, tmp_path):
    found = json.loads(run(AR, "--company", "rcw", "--json")[1])
    assert Path(found["refused_file"]).parent == instance / "imports"
    assert len(reader.read(Path(found["refused_file"]).read_bytes(), "x").rows) == 5
    wanted = tmp_path / "rechazados.xlsx"
    run(AR, "--company", "rcw", "--refused", wanted)
    assert reader.read(wanted.read_bytes(), "x").format == "xlsx"


def test_a_file_that_is_not_there_is_named_in_words(run, tmp_path):
    for name, said in (("nosuch.csv", "nosuch.csv"), ("", tmp_path.name)):
        with pytest.raises(DomainError) as refused:
            run(tmp_path / name, "--company", "rcw")
        words, code = frame.explain(refused.value)
        assert said in words and code == 2 and "does not exist" not in words
    with pytest.raises(DomainError):
        run(AR, "--company", "rcw", "--map", tmp_path / "map.json")


def test_a_dry_run_says_the_same_and_writes_nothing(run):
    status, output = run(AR, "--company", "rcw", "--dry-run", "--json")
    found = json.loads(output)
    assert status == 1 and found["dry_run"] and found["created"] == 7 and found["refused_file"] is None
    assert customers() == 0


def test_people_read_lines_reasons_and_the_proof(run):
    _status, output = run(AR, "--company", "rcw")
    assert "20-12345678-9" in output and "31/02/2020" in output and "170450.00" in output


def test_a_file_without_refusals_ends_with_zero(run, tmp_path):
    clean = tmp_path / "clean.csv"
    clean.write_text("Código;Nombre;DNI;Plan;Precio;Saldo\n1;Ana;23456781;20M;100 + IVA;50\n", encoding="utf-8")
    assert run(clean, "--company", "rcw")[0] == 0
    assert run(clean, "--company", "rcw")[0] == 0 and customers() == 1


def test_what_was_assumed_asks_for_a_person(run):
    companies.create_company("EC", "Andes Net S.A.", "1790012344001", code="andes")
    status, output = run(EC, "--company", "andes", "--json")
    found = json.loads(output)
    assert status == 1 and [one["what"] for one in found["assumed"]] == ["prices"] and found["created"] == 4
    assert json.loads(run(EC, "--company", "andes", "--json", "--prices", "net")[1])["assumed"] == []


def test_a_map_file_corrects_the_columns(run, tmp_path):
    source, mapping = tmp_path / "x.csv", tmp_path / "map.json"
    source.write_text("Quién;DNI;Plan;Precio;Debe algo\nAna;23456781;20M;100;50\n", encoding="utf-8")
    mapping.write_text(json.dumps({"columns": {"Quién": "name", "Debe algo": "balance"}, "prices": "net"}))
    found = json.loads(run(source, "--company", "rcw", "--map", mapping, "--json")[1])
    assert found["created"] == 1 and found["proof"]["debt"]["loaded"] == "50.00"
    assert found["read"]["columns"]["Debe algo"] == "balance"


@pytest.mark.parametrize("content", ["{", "[]", '{"prices": "x"}'])
def test_a_broken_map_file_is_bad_input(run, tmp_path, content):
    mapping = tmp_path / "map.json"
    mapping.write_text(content)
    with pytest.raises(frame.DomainError):
        run(AR, "--company", "rcw", "--map", mapping)
    assert customers() == 0


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"PK\x03\x04", b"a;b\n1;2\n", b"Nombre;DNI;Plan\n"])
def test_a_broken_spreadsheet_changes_nothing(run, tmp_path, content):
    source = tmp_path / "x.csv"
    source.write_bytes(content)
    if content.startswith(b"Nombre"):
        assert run(source, "--company", "rcw")[0] == 0
    else:
        with pytest.raises(frame.DomainError):
            run(source, "--company", "rcw")
    assert customers() == 0
