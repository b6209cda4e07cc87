"""The clave de acceso (reference, section 2)."""

from __future__ import annotations

import datetime as dt

import pytest

from modules.einvoice_ec.clave_acceso import (
    Clave,
    check_digit,
    codigo_numerico,
    date_of,
    is_well_formed,
    number_of,
)

pytestmark = pytest.mark.once
RUC = "1790012344001"
KEYS = [
    (dt.date(2026, 11, 1), "01", "1", "001002", "000000123", "12345678",
     "0111202601179001234400110010020000001231234567810"),
    (dt.date(2026, 11, 30), "04", "2", "001002", "000000007", "00000001",
     "3011202604179001234400120010020000000070000000112"),
    (dt.date(2027, 1, 15), "05", "2", "002001", "000000003", "87654321",
     "1501202705179001234400120020010000000038765432115"),
    (dt.date(2026, 12, 5), "01", "2", "001002", "000000456", "00000002",
     "0512202601179001234400120010020000004560000000210"),
    (dt.date(2026, 12, 5), "01", "2", "001002", "000000456", "00000006",
     "0512202601179001234400120010020000004560000000611"),
]


def test_the_example_of_the_ficha():
    assert check_digit("41261533") == "6"


@pytest.mark.parametrize(("date", "cod_doc", "ambiente", "serie", "secuencial", "codigo", "key"), KEYS)
def test_keys_of_the_reference(date, cod_doc, ambiente, serie, secuencial, codigo, key):
    made = str(Clave(date, cod_doc, RUC, ambiente, serie, secuencial, codigo))
    assert made == key
    assert is_well_formed(made)
    assert date_of(made) == date
    assert number_of(made) == (cod_doc, f"{serie[:3]}-{serie[3:]}", int(secuencial))


@pytest.mark.parametrize("key", ["", KEYS[0][-1][:-1], KEYS[0][-1][:-1] + "1", KEYS[0][-1] + "0", "A" * 49])
def test_what_is_no_key(key):
    assert not is_well_formed(key)


def test_the_codigo_numerico_follows_from_the_number():
    one = codigo_numerico(RUC, "1", "01", "001002", "000000123")
    assert one == codigo_numerico(RUC, "1", "01", "001002", "000000123")
    assert len(one) == 8 and one.isdecimal()
    others = {codigo_numerico(RUC, "1", "01", "001002", f"{number:09d}") for number in range(1, 200)}
    assert len(others) == 199
