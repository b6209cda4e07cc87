"""The two shared spreadsheets, and small ones made of lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.i18n import use_locale
from modules.importer import answers, arranging, reader, rows

DATA = Path(__file__).parents[2] / "data" / "import"
HEAD = "Código;Nombre;DNI/CUIT;Cond. IVA;Domicilio;Plan;Precio;Alta;IP;Usuario PPPoE;Saldo;Obs"


class Taken:
    """A file taken apart and arranged, with short ways to look at it."""

    def __init__(self, sheet, country, **given):
        self.sheet = sheet
        self.setup = answers.prepare(sheet, country, dt.date(2026, 11, 24), given)
        self.records = [rows.understand(row, self.setup.fields, self.setup.answers) for row in sheet.rows]
        self.found = arranging.arrange(self.records, sheet)

    @property
    def refused(self):
        return {record.line: " ".join(record.problems) for record in self.found.refused}

    @property
    def warned(self):
        return {record.line: " ".join(record.warnings) for record in self.records if record.warnings}

    @property
    def names(self):
        return [customer.data.name for customer in self.found.customers]


@pytest.fixture
def take():
    """`take("line", ...)` under the usual heading, `take(file="planilla_ar_latin1.csv")`, or `take(data=b"...")`."""

    def taken(*lines, file=None, data=None, country="AR", head=HEAD, **given):
        if data is None:
            data = (DATA / file).read_bytes() if file else "\n".join([head, *lines, ""]).encode()
        return Taken(reader.read(data, file or "x.csv"), country, **given)

    return taken


@pytest.fixture(autouse=True)
def english(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refusals are compared in the language of the source, whatever catalogs are compiled."""
    if "app" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("app")
    with use_locale("en"):
        yield
