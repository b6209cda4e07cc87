"""Tax identities of ten countries: numbers that exist, numbers that cannot, and what only a register knows."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from modules.crm import countries
from modules.crm.cli import taxid

pytestmark = pytest.mark.once

# country, as typed, kind that it is taken for, compact, formatted
GOOD = [
    ("AR", "20-11111111-2", "CUIT", "20111111112", "20-11111111-2"),
    ("AR", "CUIT: 20 11111111 2", "CUIT", "20111111112", "20-11111111-2"),
    ("AR", "20–11111111–2", "CUIT", "20111111112", "20-11111111-2"),
    ("AR", "33-69345023-9", "CUIT", "33693450239", "33-69345023-9"),
    ("AR", "30.70738634.3", "CUIT", "30707386343", "30-70738634-3"),
    ("AR", "33-50000517-9", "CUIT", "33500005179", "33-50000517-9"),
    ("AR", "23.456.781", "DNI", "23456781", "23.456.781"),
    ("AR", "DNI 94.123.456", "DNI", "94123456", "94.123.456"),
    ("AR", "5123456", "DNI", "5123456", "5.123.456"),
    ("AR", "AAB123456", "PAS", "AAB123456", "AAB123456"),
    ("BR", "390.533.447-05", "CPF", "39053344705", "390.533.447-05"),
    ("BR", "11222333000181", "CNPJ", "11222333000181", "11.222.333/0001-81"),
    ("BR", "12.abc.345/01DE-35", "CNPJ", "12ABC34501DE35", "12.ABC.345/01DE-35"),
    ("CL", "12.531.909-2", "RUT", "125319092", "12.531.909-2"),
    ("CL", "60803000-k", "RUT", "60803000K", "60.803.000-K"),
    ("CL", "RUT 076086428-5", "RUT", "760864285", "76.086.428-5"),
    ("CO", "800.197.268-4", "NIT", "8001972684", "800.197.268-4"),
    ("CO", "NIT 900390126-6", "NIT", "9003901266", "900.390.126-6"),
    ("CO", "8300481458", "NIT", "8300481458", "830.048.145-8"),
    ("CO", "1.020.345.678", "CC", "1020345678", "1.020.345.678"),
    ("DO", "1-31-24679-6", "RNC", "131246796", "1-31-24679-6"),
    ("DO", "00113918205", "CEDULA", "00113918205", "001-1391820-5"),
    ("EC", "171003406-5", "CEDULA", "1710034065", "171003406-5"),
    ("EC", "1710034065001", "RUC", "1710034065001", "1710034065001"),
    ("EC", "1760001390001", "RUC", "1760001390001", "1760001390001"),
    ("EC", "1790012344001", "RUC", "1790012344001", "1790012344001"),
    ("EC", "A1234567", "PASAPORTE", "A1234567", "A1234567"),
    ("EC", "9999999999999", "CONSUMIDOR_FINAL", "9999999999999", "9999999999999"),
    ("MX", "gode-561231-gr8", "RFC", "GODE561231GR8", "GODE561231GR8"),
    ("MX", "EKU9003173C9", "RFC", "EKU9003173C9", "EKU9003173C9"),
    ("MX", "RFC: ICV060329BY0", "RFC", "ICV060329BY0", "ICV060329BY0"),
    ("MX", "BOXW310820HNERXN09", "CURP", "BOXW310820HNERXN09", "BOXW310820HNERXN09"),
    ("PE", "20612345679", "RUC", "20612345679", "20612345679"),
    ("PE", "R.U.C. 20-555-66677-3", "RUC", "20555666773", "20555666773"),
    ("PE", "01234567", "DNI", "01234567", "01234567"),
    ("PE", "10117410-2", "DNI", "10117410", "10117410"),
    ("UY", "21-100342-001-7", "RUT", "211003420017", "21-100342-001-7"),
    ("UY", "UY 21 140634 001 1", "RUT", "211406340011", "21-140634-001-1"),
    ("UY", "1.234.567-2", "CI", "12345672", "1.234.567-2"),
    ("VE", "V-11470283-4", "RIF", "V114702834", "V-11470283-4"),
    ("VE", "j070133805", "RIF", "J070133805", "J-07013380-5"),
    ("VE", "V-12.345.678", "CEDULA", "V12345678", "V-12.345.678"),
]


@pytest.mark.parametrize(("country", "typed", "kind", "compact", "formatted"), GOOD)
def test_a_sound_number_is_accepted_however_it_is_typed(country, typed, kind, compact, formatted):
    found = countries.get(country).validate(None, typed)
    assert (found.valid, found.kind, found.compact, found.formatted) == (True, kind, compact, formatted), found
    assert (found.reason, found.warning) == ("", "")


@pytest.mark.parametrize(("country", "typed", "kind", "compact", "formatted"), GOOD)
def test_every_spelling_of_a_number_is_the_same_number(country, typed, kind, compact, formatted):
    rules = countries.get(country)
    again = [rules.validate(kind, spelling) for spelling in (compact, formatted, f" {formatted} ", compact.lower())]
    assert {one.compact for one in again} == {compact}
    assert rules.format(kind, compact) == formatted


# country, as typed, words of the reason
BAD = [
    ("AR", "20-12345678-9", "ask for 6"),
    ("AR", "21-11111111-2", "begins with one of: 20"),
    ("AR", "2011111111", "has 11 digits"),
    ("AR", "20-1111111A-2", "does not look like"),
    ("AR", "00000000", "of zeros"),
    ("AR", "no tiene", "does not look like"),
    ("AR", "", "No number"),
    ("AR", " - ", "No number"),
    ("BR", "390.533.447-06", "ask for 05"),
    ("BR", "111.111.111-11", "repeated digit"),
    ("BR", "11.222.333/0001-82", "ask for 81"),
    ("CL", "12.531.909-3", "ask for 2"),
    ("CO", "800.197.268-5", "ask for 4"),
    ("DO", "101850042", "ask for 3"),
    ("DO", "00113918204", "ask for 5"),
    ("EC", "1710034066", "ask for 5"),
    ("EC", "2510034065", "province"),
    ("EC", "1790012344000", "does not end in 000"),
    ("EC", "1780012344001", "third digit"),
    ("EC", "1710034066001", "5 in tenth place"),
    ("EC", "179001234400", "has 13 digits"),
    ("MX", "GODE561331GR8", "not built as an RFC"),
    ("MX", "GODE561231GR", "not built as an RFC"),
    ("MX", "BOXW310820HNERXN08", "ask for 9"),
    ("PE", "20612345670", "ask for 9"),
    ("PE", "30612345679", "begins with one of: 10, 15"),
    ("PE", "1234567", "is it 01234567"),
    ("UY", "210303670014", "ask for"),
    ("UY", "1.234.567-3", "ask for 2"),
    ("VE", "V-11470283-3", "ask for 4"),
    ("VE", "J-0701338-5", "A RIF has a letter"),
]


@pytest.mark.parametrize(("country", "typed", "words"), BAD)
def test_an_impossible_number_is_refused_with_what_was_expected(country, typed, words):
    found = countries.get(country).validate(None, typed)
    assert not found.valid and words in found.reason, found
    assert found.formatted == ""


# country, kind, as typed, compact, words of the warning
DOUBTFUL = [
    ("EC", None, "1793213150001", "1793213150001", "No formula confirms"),
    ("EC", None, "0993372186001", "0993372186001", "No formula confirms"),
    ("MX", None, "GODE561231GR9", "GODE561231GR9", "the rule gives (8)"),
    ("MX", None, "XAXX010101000", "XAXX010101000", "generic RFC"),
    ("MX", None, "XEXX010101000", "XEXX010101000", "generic RFC"),
    ("MX", None, "GODE560230GR8", "GODE560230GR8", "does not exist"),
    ("CO", None, "800197268", "8001972684", "missing; it is 4"),
    ("CO", "NIT", "222222222222", "222222222222", "final consumer"),
    ("DO", None, "401007374", "401007374", "does not follow the rule"),
    ("AR", None, "11.111.111", "11111111", "typed to fill"),
    ("AR", None, "23000000000", "23000000000", "not categorised"),
    ("VE", None, "C-12345678-9", "C123456789", "not known"),
]


@pytest.mark.parametrize(("country", "kind", "typed", "compact", "words"), DOUBTFUL)
def test_what_no_formula_decides_is_a_warning(country, kind, typed, compact, words):
    found = countries.get(country).validate(kind, typed)
    assert found.valid and found.compact == compact and words in found.warning, found


def test_a_cuit_whose_sum_gives_ten_is_refused_and_the_one_that_exists_is_named():
    found = countries.get("AR").validate(None, "20-10000005-9")
    assert not found.valid
    assert "23-10000005-9" in found.reason
    named = found.reason.split()[-1].rstrip(".")
    assert countries.get("AR").validate("CUIT", named).valid


@pytest.mark.parametrize("prefix", ["25", "26"])
def test_persons_may_have_a_cuit_that_begins_with_25_or_26(prefix):
    rules = countries.get("AR")
    numbers = [f"{prefix}234567{tail}" for tail in range(100, 1000)]
    accepted = [n for n in numbers if rules.validate("CUIT", n).valid]
    assert 60 <= len(accepted) <= 100


@pytest.mark.parametrize("country", [code for code, _rules in countries.countries.items()])
def test_each_country_offers_the_same_five_names(country):
    rules = countries.get(country.lower())
    assert rules.TAX_ID_KINDS and rules.TAX_CONDITIONS
    assert all(code == code.upper() and len(code) <= 20 for code in [*rules.TAX_ID_KINDS, *rules.TAX_CONDITIONS])
    assert rules.compact(" ") == ""
    assert not rules.validate("NONSENSE", "123").valid
    for kind in rules.TAX_ID_KINDS:
        assert not rules.validate(kind, "¡¿?!").valid


@pytest.mark.parametrize(("arguments", "status", "expected"), [
    (["ar", "20111111112"], 0, {"valid": True, "kind": "CUIT", "compact": "20111111112",
                                "formatted": "20-11111111-2", "reason": None, "warning": None}),
    (["EC", "1793213150001"], 0, {"valid": True, "kind": "RUC"}),
    (["AR", "20-12345678-9"], 1, {"valid": False, "kind": "CUIT", "compact": "20123456789", "formatted": None}),
    (["PE", "12345678", "--kind", "dni"], 0, {"valid": True, "kind": "DNI"}),
])
def test_the_command_answers_in_one_json_document(arguments, status, expected):
    result = CliRunner().invoke(taxid, [*arguments, "--json"], standalone_mode=False)
    assert result.return_value == status
    assert expected.items() <= json.loads(result.stdout).items()


@pytest.mark.parametrize("arguments", [["XX", "1"], ["AR", "1", "--kind", "RUC"]])
def test_an_unknown_country_or_kind_is_wrong_use(arguments):
    result = CliRunner().invoke(taxid, arguments)
    assert type(result.exception).__name__ == "DomainError"
