"""Who is the same, what is double, what contradicts itself; the odd rows of the shared files, one by one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core.errors import DomainError
from modules.importer import proof

pytestmark = pytest.mark.once
AR, EC = "planilla_ar_latin1.csv", "clientes_ec_utf8bom.csv"


def test_every_odd_row_of_the_argentine_sheet_ends_as_it_must(take):
    taken = take(file=AR)
    refused = taken.refused
    assert sorted(refused) == [8, 11, 12, 14, 15]
    assert "ask for 6" in refused[8] and "31/02/2020 does not exist" in refused[8]
    assert refused[11] == "The name is missing."
    assert "1e3 may have lost digits" in refused[12]
    assert "formula" in refused[14]
    assert refused[15] == "It is the same service as in line 4 (PPPoE user mgomez)."
    assert taken.names == ["GÓMEZ, María José", "Núñez Peña, Ñandú", "AGROINSUMOS DEL SUR S.R.L.", "Fernández, Ana",
                           "Cooperativa Eléctrica Ltda.", "D'Angelo; Hijos", "Wang Wei"]


def test_the_same_customer_twice_has_two_services_at_two_addresses(take):
    agro = next(c for c in take(file=AR).found.customers if c.data.code == "3")
    assert [(s.service.plan, s.address.street) for s in agro.services] == [
        ("Empresa 100", "Parque Industrial Lote 7"), ("Empresa 50", "Sucursal: Belgrano 55")]
    assert agro.data.emails == ["admin@agro.example", "pagos@agro.example"]
    assert agro.data.tax_id == "30707386343" and agro.balance == Decimal("114950.00")
    assert len(agro.data.phones) == 1


def test_prices_with_a_tax_mark_are_net_and_the_others_of_the_file_gross(take):
    taken = take(file=AR)
    prices = {s.record.line: s.service.includes_tax for c in taken.found.customers for s in c.services}
    assert prices == {4: True, 5: True, 6: False, 7: False, 9: True, 10: True, 13: True, 16: True}
    assert taken.setup.assumed == {}


def test_a_customer_who_left_owing_is_a_former_one_with_his_debt(take):
    ana = next(c for c in take(file=AR).found.customers if c.data.code == "5")
    assert (ana.data.name, ana.data.active, ana.balance) == ("Fernández, Ana", False, Decimal("37000.00"))
    assert (ana.services[0].service.state, ana.services[0].service.ended_on) == ("ended", dt.date(2024, 6, 30))


def test_an_address_used_twice_is_left_out_at_the_second(take):
    taken = take(file=AR)
    hijos = next(c for c in taken.found.customers if c.data.code == "9")
    assert hijos.services[0].service.ip == ""
    assert "10.20.0.11 is already that of GÓMEZ, María José in line 4" in taken.warned[13]


def test_the_documents_are_recognised_with_and_without_marks(take):
    kinds = {c.data.code: (c.data.tax_id_kind, c.data.tax_id, c.data.tax_condition)
             for c in take(file=AR).found.customers}
    assert kinds == {"1": ("CUIT", "27234567891", "CF"), "2": ("DNI", "23456781", "CF"),
                     "3": ("CUIT", "30707386343", "RI"), "5": ("DNI", "11222333", "CF"),
                     "6": ("CUIT", "33500005179", "EX"), "9": ("CUIT", "30712345671", "RI"),
                     "12": ("DNI", "94123456", "CF")}


def test_what_stands_in_the_file_is_loaded_or_refused(take):
    found = take(file=AR).found
    file, refused = found.of_file(), found.of_refused()
    assert file == proof.Totals(11, 13, Decimal("194450.00") - Decimal("0.00"), Decimal("1250.50"))
    assert refused == proof.Totals(4, 5, Decimal("24000.00"), Decimal("0.00"))
    assert proof.Proof(file, found.to_load, refused).ok


def test_every_odd_row_of_the_ecuadorian_sheet_ends_as_it_must(take):
    taken = take(file=EC, country="EC")
    assert list(taken.refused) == [4] and "ask for 5" in taken.refused[4]
    assert "nobody in particular" in taken.warned[6]
    assert [(c.data.code, c.data.tax_id_kind, c.services[0].service.price) for c in taken.found.customers] == [
        ("EC001", "CEDULA", Decimal("22.40")), ("EC002", "RUC", Decimal("67.20")),
        ("EC004", "PASAPORTE", Decimal("22.40")), ("EC005", "CONSUMIDOR_FINAL", Decimal("22.40"))]
    assert taken.found.customers[2].services[0].service.started_on == dt.date(2024, 9, 30)
    assert taken.found.customers[2].data.phones == ["+1 415 555 0100"]
    assert taken.setup.assumed == {"prices": "gross"}


def test_the_answer_about_prices_is_taken_for_those_without_a_mark(take):
    taken = take(file=EC, country="EC", prices="net")
    assert {s.service.includes_tax for c in taken.found.customers for s in c.services} == {False}
    assert taken.setup.assumed == {}


@pytest.mark.parametrize(("dates", "expected"), [("", dt.date(2021, 2, 3)), ("month_first", dt.date(2021, 3, 2))])
def test_dates_that_nothing_decides_are_assumed_and_said_so(take, dates, expected):
    taken = take("1;Ana;23456781;CF;Calle 1;20M;100;03/02/2021;;;0;", dates=dates)
    assert taken.found.customers[0].services[0].service.started_on == expected
    assert taken.setup.assumed.get("dates") == (None if dates else "day_first")


@pytest.mark.parametrize(("second", "outcome"), [
    ("1;Ana Gómez;23456781;CF;Otra 5;50M;200;;;;0;", ""),
    ("2;Ana Gómez;23.456.781;CF;Otra 5;50M;200;;;;0;", ""),
    ("1;Pedro Paz;11222333;CF;Otra 5;50M;200;;;;0;", "already that of Ana Gómez in line 2"),
    ("1;Pedro Paz;;CF;Otra 5;50M;200;;;;0;", "already that of Ana Gómez in line 2"),
    ("2;Ana Gomez;23456781;CF;Av Calle 1;20m;100;;;;0;", "same service as in line 2"),
    ("1;Ana Gómez;23456781;CF;Calle 1;;;;;;0;", "same customer as in line 2"),
    ("9;Eva;33444555;CF;Calle 9;20M;100;;;ana;0;", ""),
])
def test_a_second_row_joins_doubles_or_contradicts_the_first(take, second, outcome):
    taken = take("1;Ana Gómez;23456781;CF;Calle 1;20M;100;;;;0;", second)
    assert outcome in taken.refused.get(3, "")
    assert (3 in taken.refused) == bool(outcome)


def test_a_user_belongs_to_one_customer(take):
    taken = take("1;Ana;23456781;CF;Calle 1;20M;100;;;ana;0;", "2;Eva;33444555;CF;Calle 2;20M;100;;;ANA;5;")
    assert "PPPoE user ANA is already that of Ana in line 2" in taken.refused[3]


def test_two_services_of_one_plan_at_one_address_need_something_to_tell_them_apart(take):
    taken = take("1;Ana;23456781;CF;Calle 1;20M;100;;10.0.0.1;;0;", "1;Ana;23456781;CF;Calle 1;20M;100;;10.0.0.2;;0;")
    assert taken.refused == {} and len(taken.found.customers[0].services) == 2


@pytest.mark.parametrize(("line", "words"), [
    ("1;;23456781;CF;C;20M;100;;;;0;", "name is missing"), ("1;Ana;23456781;ZZ;C;20M;100;;;;0;", "not a tax condition"),
    ("1;Ana;23456781;CF;C;20M;;;;;0;", "price of the plan is missing"),
    ("1;Ana;23456781;CF;C;;100;;;;0;", "plan is missing"),
    ("1;Ana;23456781;CF;C;20M;-100;;;;0;", "cannot be negative"), ("1;Ana;1;CF;C;20M;100;;;;0;", "digits"),
    ("1;12345;23456781;CF;C;20M;100;;;;0;", "not a name"), ("1;Ana;23456781;CF;C;20M;100;;;;mucho;", "not an amount"),
    (f"1;{'x' * 300};23456781;CF;C;20M;100;;;;0;", "longer than 200")])
def test_what_cannot_be_loaded_says_why(take, line, words):
    assert words in take(line).refused[2]


@pytest.mark.parametrize(("line", "words"), [
    ("1;Ana;;CF;C;20M;100;;;;0;", "no document"), ("1;Ana;23456781;CF;C;20M;100;;999.1.1.1;;0;", "not an IP address")])
def test_what_is_only_doubtful_is_loaded_and_said(take, line, words):
    taken = take(line)
    assert taken.refused == {} and words in taken.warned[2]


def test_a_zero_that_the_spreadsheet_dropped_is_put_back(take):
    taken = take("1;Ana;926687856;;C;20M;100;;;;0;", country="EC")
    assert taken.found.customers[0].data.tax_id == "0926687856" and "zero" in taken.warned[2]


def test_customers_without_number_and_document_are_told_apart_by_name_and_place(take):
    taken = take(";Ana;;CF;Calle 1;20M;100;;;;0;", ";ANA;;CF;Calle 1;50M;100;;;;0;", ";Ana;;CF;Calle 2;20M;100;;;;0;")
    assert [len(c.services) for c in taken.found.customers] == [2, 1]


def test_a_column_of_credits_counts_against_the_debt(take):
    taken = take("Ana;23456781;100,00;", "Eva;33444555;;50,00", head="Nombre;DNI;Deuda;Saldo a favor")
    assert [c.balance for c in taken.found.customers] == [Decimal("100.00"), Decimal("-50.00")]


def test_a_file_without_a_name_column_is_refused_whole(take):
    with pytest.raises(DomainError, match="which column is the name"):
        take("1;23456781;20M", head="Código;DNI;Plan")
    assert take("Ana;23456781;20M;100", head="Quién;DNI;Plan;Precio", columns={"quien": "name"}).names == ["Ana"]


@pytest.mark.parametrize("given", [{"prices": "both"}, {"dates": "x"}, {"columns": {"DNI": "planet"}}])
def test_an_answer_that_is_none_is_refused(take, given):
    with pytest.raises(DomainError):
        take("1;Ana;23456781;CF;C;20M;100;;;;0;", **given)
