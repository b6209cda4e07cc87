"""`abona einvoice enable AR` in the terminal, against the simulator in place of ARCA's testing service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from core import cli, schema
from core.db import db
from core.models import Company
from core.simulators import Running
from modules.einvoice import commands
from modules.einvoice.models import Sequence
from modules.einvoice_ar import certificates, endpoints
from modules.einvoice_ar.enabling import ArgentineEnabler
from tests.modules.einvoice_ar.foreign import ISSUER, Foreign

Say = Callable[..., Result]
UNTIL_THE_REQUEST = ["y", "280-990005-0", "2014-05-01", "y", "abona", "n"]


@pytest.fixture
def say(app: Flask, company: Company, simulator: Running, monkeypatch: pytest.MonkeyPatch) -> Say:
    """`say("y", "abona")`: the command, answered line by line, with ARCA's testing hosts replaced by the simulator."""
    monkeypatch.setattr(cli, "app", lambda: app)
    monkeypatch.setattr(schema, "require_current", lambda: None)
    paths = {"wsaa": endpoints.WSAA_PATH, "wsfe": endpoints.WSFE_PATH, "register": endpoints.REGISTER_PATH}
    monkeypatch.setitem(endpoints.HOSTS, "testing",
                        {name: f"{simulator.url}/arca{path}" for name, path in paths.items()})
    monkeypatch.setitem(certificates.AUTHORITIES, "testing", "Computadores Simulador")
    group = click.Group("einvoice")
    commands.register(group)

    def answer(*lines: str) -> Result:
        result = CliRunner().invoke(group, ["enable", "AR"], input="\n".join(lines) + "\n", standalone_mode=False)
        if result.exception and not isinstance(result.exception, click.Abort):
            raise result.exception
        return result

    return answer


def stages(stage: str) -> list[str]:
    return [step.key.partition(".")[2] for step in ArgentineEnabler().steps()
            if step.done and step.key.startswith(f"{stage}.")]


def bring(foreign: Foreign, folder: Path) -> Path:
    """What the clerk gets from ARCA for the request that the guide showed."""
    row = certificates.waiting("testing")
    assert row is not None
    made = foreign.set_up("certificate", csr=row.csr, cuit=ISSUER, alias="abona", services=["wsfe"],
                          represents=[ISSUER])
    file = folder / "abona.crt"
    file.write_text(made["certificate"])
    return file


def test_it_shows_the_request_once_and_is_left_and_taken_up_again(say: Say) -> None:
    first = say(*UNTIL_THE_REQUEST)
    assert (first.return_value, first.stdout.count("BEGIN CERTIFICATE REQUEST")) == (1, 1)
    assert stages("testing") == ["key"]
    again = say("n")
    assert again.stdout.count("✓") == 2 and "BEGIN CERTIFICATE REQUEST" in again.stdout


def test_a_wrong_file_is_asked_for_again(say: Say, tmp_path: Path, foreign: Foreign) -> None:
    say(*UNTIL_THE_REQUEST)
    wrong = tmp_path / "carta.txt"
    wrong.write_text("hola")
    missing, good = tmp_path / "nada.crt", bring(foreign, tmp_path)
    ended = say("y", str(missing), "y", str(wrong), "y", str(good), "n")
    assert "nada.crt" in ended.stderr and ".crt, PEM" in ended.stderr
    assert stages("testing") == ["key", "certificate"]


def test_the_whole_way_through_testing_ends_at_productions_key(say: Say, tmp_path: Path, foreign: Foreign) -> None:
    foreign.set_up("point_of_sale", cuit=ISSUER, number=7, kind="CAE - Ri Iva")
    say(*UNTIL_THE_REQUEST)
    file = bring(foreign, tmp_path)
    ended = say("y", str(file), "y", "y", "7", "y", "y", "n")
    assert ended.return_value == 1
    assert stages("testing") == ["key", "certificate", "access", "point", "numbers", "test"]
    assert set(db.session.scalars(sa.select(Sequence.series).where(Sequence.environment == "testing"))) == {"0007"}
    foreign.enter()
    last = foreign.call("FECompUltimoAutorizado", "<PtoVta>7</PtoVta><CbteTipo>6</CbteTipo>")
    assert last.text("CbteNro") == "1" and stages("production") == []
