"""Loading: what stands in the books afterwards, and that twice is once."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import companies, scope
from core.db import db
from core.errors import DomainError
from modules.accounting import queries as accounts
from modules.contracts.models import Contract, ContractPrice, Plan, PlanPrice, Suspension
from modules.crm import finding, queries
from modules.crm import services as crm
from modules.crm.models import Customer
from modules.importer import handback, services
from modules.importer.models import ImportLink
from modules.importer.outcome import outcome

DATA = Path(__file__).parents[2] / "data" / "import"
AR, EC = "planilla_ar_latin1.csv", "clientes_ec_utf8bom.csv"
HEAD = "Código;Nombre;DNI/CUIT;Cond. IVA;Domicilio;Plan;Precio;Alta;IP;Usuario PPPoE;Saldo;Estado"


def bring(data, name="x.csv", **given):
    """Load a file as the command does; the outcome."""
    if isinstance(data, str):
        data, name = (DATA / data).read_bytes(), data
    examined = services.examine(data, name, given)
    for _done in services.load(examined):
        db.session.commit()
    services.remember(examined)
    db.session.commit()
    return outcome(examined, loaded=True)


def lines(*rows):
    return "\n".join([HEAD, *rows, ""]).encode()


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def balance(code):
    return accounts.balance(queries.find_customer(code).id)


@pytest.fixture
def ecuador(app):
    made = companies.create_company("EC", "Andes Net S.A.", "1790012344001", code="andes")
    db.session.commit()
    with scope.company_scope(made):
        yield made


def test_the_argentine_sheet_is_loaded_as_far_as_it_is_sound(company):
    result = bring(AR)
    assert (result["created"], result["updated"], result["unchanged"]) == (7, 0, 0)
    assert [one["line"] for one in result["refused"]] == [8, 11, 12, 14, 15]
    assert result["proof"]["ok"] and result["assumed"] == []
    assert result["proof"]["customers"] == {"file": 11, "loaded": 7, "refused": 4, "difference": 0}
    assert result["proof"]["contracts"] == {"file": 13, "loaded": 8, "refused": 5, "difference": 0}
    assert result["proof"]["debt"] == {"file": "194450.00", "loaded": "170450.00", "refused": "24000.00",
                                       "difference": "0.00"}
    assert result["proof"]["credit"]["loaded"] == "1250.50"


def test_balances_of_the_sheet_stand_in_the_current_accounts(company):
    bring(AR)
    assert [balance(code) for code in ("1", "2", "3", "5", "12")] == [
        Decimal("0.00"), Decimal("-1250.50"), Decimal("114950.00"), Decimal("37000.00"), Decimal("18500.00")]


def test_services_of_the_sheet_are_contracts_at_their_place(company):
    bring(AR)
    agro = queries.find_customer("3")
    found = db.session.scalars(sa.select(Contract).where(Contract.customer_id == agro.id).order_by(Contract.id)).all()
    assert [(c.plan.name, c.pppoe_user, c.ip, c.due_day, c.state) for c in found] == [
        ("Empresa 100", "agro", "10.20.1.5", 1, "active"), ("Empresa 50", "agro2", "10.20.1.6", 1, "active")]
    assert found[0].address_id is None and found[1].address.street == "Sucursal: Belgrano 55"
    assert str(found[0].installed_on) == str(found[0].billing_from) == "2019-11-01"


def test_somebody_who_left_is_a_former_customer_with_an_ended_contract(company):
    bring(AR)
    ana = queries.find_customer("5")
    contract = db.session.scalar(sa.select(Contract).where(Contract.customer_id == ana.id))
    assert (ana.active, ana.name) == (False, "Fernández, Ana")
    assert (contract.state, str(contract.ends_on)) == ("ended", "2024-06-30")


def test_one_plan_has_one_price_and_who_pays_another_has_his_own(company):
    bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;0;", "2;Eva;33444555;CF;C 2;20 megas;18500;;;b;0;",
                "3;Luz;22333444;CF;C 3;20 MEGAS;15000;;;c;0;", "4;Pia;11222333;CF;C 4;20 Megas;9000 + IVA;;;d;0;"))
    plans = db.session.execute(sa.select(Plan.name, Plan.includes_tax, PlanPrice.price, Plan.speed_down_kbps)
                               .join(PlanPrice).order_by(Plan.id)).all()
    assert [tuple(plan) for plan in plans] == [("20 Megas", True, Decimal("18500"), 20000),
                                               ("20 Megas", False, Decimal("9000"), 20000)]
    own = db.session.execute(sa.select(Contract.pppoe_user, ContractPrice.price).join(ContractPrice)).all()
    assert [tuple(row) for row in own] == [("c", Decimal("15000"))]
    assert {tuple(plan.taxes[0].items()) for plan in db.session.scalars(sa.select(Plan))} == {
        (("code", "VAT"), ("rate", "21"))}


@pytest.mark.parametrize(("state", "expected", "open_suspensions"), [
    ("Activo", "active", 0), ("CORTADO", "suspended", 1), ("Baja", "ended", 0), ("", "active", 0)])
def test_the_state_of_a_service_is_kept(company, state, expected, open_suspensions):
    bring(lines(f"1;Ana;23456781;CF;C 1;20 Megas;18500;01/02/2020;;a;0;{state}"))
    assert db.session.scalar(sa.select(Contract.state)) == expected
    assert count(Suspension) == open_suspensions


@pytest.mark.parametrize("name", [AR, EC])
def test_loading_the_same_file_again_changes_nothing(request, name):
    request.getfixturevalue("company" if name == AR else "ecuador")
    first = bring(name)
    before = [count(model) for model in (Customer, Contract, Plan, ImportLink)]
    again = bring(name)
    assert (again["created"], again["updated"]) == (0, 0) and again["unchanged"] == first["created"]
    assert again["proof"] == first["proof"] and again["proof"]["ok"]
    assert [count(model) for model in (Customer, Contract, Plan, ImportLink)] == before


def test_the_corrected_file_of_refused_rows_loads_the_rest_and_doubles_nothing(company):
    examined = services.examine((DATA / AR).read_bytes(), AR)
    bring(AR)
    out = io.BytesIO()
    handback.write(out, "csv", handback.headings_of(examined.sheet), handback.of_records(examined.arrangement.refused))
    text = out.getvalue().decode("utf-8-sig")
    corrected = (text.replace("20-12345678-9", "20-12345678-6").replace("31/02/2020", "28/02/2020")
                 .replace("7;;20304050609", "7;Sin Nombre Ya;20304050609").replace(";1e3;", ";1.000,00;")
                 .replace("\"'=HYPERLINK(\"\"http://x.example\"\";\"\"ver\"\")\"", "Ver Gómez"))
    result = bring(corrected.encode(), "corregido.csv")
    assert result["created"] == 4 and [one["reason"][:30] for one in result["refused"]] == []
    assert result["unchanged"] + result["updated"] == 1  # line 15 is customer 1 again, known by his document
    assert result["proof"]["ok"]
    assert (count(Customer), balance("4"), balance("8")) == (11, Decimal("24000.00"), Decimal("1000.00"))


def test_a_file_that_says_something_else_completes_the_customer(company):
    bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;100;"))
    result = bring(lines("1;Ana Gómez;23456781;CF;C 1;20 Megas;18500;;;a;100;",
                         "1;Ana Gómez;23456781;CF;C 9;50 Megas;20000;;;b;;"))
    assert (result["created"], result["updated"]) == (0, 1) and result["proof"]["ok"]
    assert queries.find_customer("1").name == "Ana Gómez"
    assert (count(Customer), count(Contract), balance("1")) == (1, 2, Decimal("100.00"))


def test_another_balance_for_a_loaded_customer_is_reported_and_not_added(company):
    bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;100;"))
    result = bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;150;"))
    assert "was loaded as 100.00 and is now 150.00" in result["warnings"][0]["message"]
    assert balance("1") == Decimal("100.00")
    assert not result["proof"]["ok"] and result["proof"]["debt"]["difference"] == "50.00"


def test_customers_that_were_here_before_are_taken_not_doubled(company):
    here = crm.create_customer(name="Ana Gómez", tax_id="23.456.781", code="A-1")
    result = bring(lines("1;Ana Gomez;23456781;CF;C 1;20 Megas;18500;;;a;100;"))
    assert (result["created"], result["updated"]) == (0, 1)
    assert count(Customer) == 1 and balance("A-1") == Decimal("100.00") and here.name == "Ana Gómez"


def test_a_number_that_somebody_else_has_here_is_replaced_by_a_free_one(company):
    crm.create_customer(name="Pedro Paz", tax_id="11.222.333", code="1")
    result = bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;100;"))
    assert result["created"] == 1 and "already that of Pedro Paz" in result["warnings"][0]["message"]
    assert queries.find_customer("23456781").code == "2"
    assert bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;100;"))["unchanged"] == 1


def test_the_answers_of_the_last_file_hold_for_the_next_with_the_same_headings(ecuador):
    assert bring(EC)["assumed"][0]["what"] == "prices"
    assert bring(EC, prices="net")["assumed"] == []
    again = services.examine((DATA / EC).read_bytes(), EC)
    assert again.setup.answers.prices == "net" and again.setup.assumed == {}


def test_a_dry_run_writes_nothing(company):
    examined = services.examine((DATA / AR).read_bytes(), AR)
    result = outcome(examined, loaded=False)
    assert result["dry_run"] and result["created"] == 7 and result["proof"]["ok"]
    assert not db.session.new and not db.session.dirty and count(Customer) == 0


def test_a_loading_that_is_killed_goes_on_where_it_stopped(company):
    rows = [f"{n};Cliente {n};{20000000 + n};CF;Calle {n};20 Megas;18500;;;u{n};10;" for n in range(1, 31)]
    examined = services.examine(lines(*rows), "x.csv")
    from modules.importer.loading import Loader

    loading = Loader(examined.arrangement, examined.setup.answers.today).load(size=10)
    next(loading)
    db.session.commit()
    next(loading)
    db.session.rollback()  # killed before the second chunk was committed
    loading.close()
    assert count(Customer) == 10
    result = bring(lines(*rows))
    assert (result["created"], result["unchanged"]) == (20, 10) and result["proof"]["ok"]
    assert (count(Customer), count(Contract)) == (30, 30)


def test_two_companies_load_the_same_file_each_for_itself(company, other_company):
    bring(AR)
    with scope.company_scope(other_company):
        assert bring(AR)["created"] == 7 and count(Customer) == 7
    assert count(Customer) == 7


def test_five_thousand_subscribers_come_in_whole(company):
    rows = [f"{n};Gómez {n}, Ana;{20000000 + n};CF;San Martín {n};{20 + n % 3} Megas;$ 18.500,00;03/02/2021;"
            f"10.{n // 65536}.{n // 256 % 256}.{n % 256};u{n};{n % 7 * 1000},50;" for n in range(1, 5001)]
    result = bring(lines(*rows))
    assert result["created"] == 5000 and result["proof"]["ok"] and result["refused"] == []


def test_the_same_number_in_another_programs_file_is_not_the_same_person(company):
    bring(lines("1;Ana Paz;23456781;CF;C 1;20 Megas;18500;;;a;100;", "2;Eva;33444555;CF;C 2;20 Megas;18500;;;b;0;"))
    other = lines("1;Juan Lopez;11222333;CF;C 9;50 Megas;20000;;;x;70;", "2;Eva;33444555;CF;C 2;20 Megas;18500;;;b;0;")
    seen = outcome(services.examine(other, "x.csv"), loaded=False)
    result = bring(other)
    for one in (seen, result):
        assert (one["refused_rows"], one["unchanged"], one["updated"]) == (1, 1, 0) and one["proof"]["ok"]
        assert "is that of Ana Paz here" in one["refused"][0]["reason"]
    assert queries.find_customer("1").name == "Ana Paz" and (count(Customer), count(Contract)) == (2, 2)


@pytest.mark.parametrize(("before", "after"), [
    (("Ana Paz", "23456781"), ("Ana Paz", "23456782")), (("Ana Paz", "23456781"), ("Paz de Gil, Ana", "23456781")),
    (("Ana Paz", ""), ("PAZ ANA MARIA", "23456781"))])
def test_a_corrected_name_or_document_is_the_same_person(company, before, after):
    bring(lines(f"1;{before[0]};{before[1]};CF;C 1;20 Megas;18500;;;a;100;"))
    result = bring(lines(f"1;{after[0]};{after[1]};CF;C 1;20 Megas;18500;;;a;100;"))
    assert (result["updated"], result["refused_rows"]) == (1, 0)
    assert (queries.find_customer("1").name, queries.find_customer("1").tax_id) == (after[0], after[1])


def test_a_service_whose_plan_changed_in_the_sheet_is_not_a_second_one(company):
    bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;;0;", "2;Eva;33444555;CF;C 2;20 Megas;18500;;;;0;"))
    changed = lines("1;Ana;23456781;CF;C 1;50 Megas;25000;;;;0;", "2;Eva;33444555;CF;C 2;20 Megas;18500;;;;0;")
    for _time in range(2):
        result = bring(changed)
        assert count(Contract) == 2 and result["proof"]["ok"]
        assert [(one["line"], "50 Megas, 25000.00" in one["message"]) for one in result["warnings"]] == [(2, True)]
    assert {c.plan.name for c in db.session.scalars(sa.select(Contract))} == {"20 Megas"}


def test_a_second_service_beside_the_first_is_made(company):
    bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;;0;"))
    bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;;0;", "1;Ana;23456781;CF;C 7;50 Megas;25000;;;;;"))
    assert count(Contract) == 2


def test_a_customer_is_found_by_the_street_of_each_of_his_services(company):
    bring(lines("1;Ana;23456781;CF;Mitre 1;20 Megas;18500;;;a;0;", "1;Ana;23456781;CF;Sarmiento 7;20 Megas;18500;;;b;;",
                "2;Eva;33444555;CF;Rivadavia 2;20 Megas;18500;;;c;0;"))
    bring(lines("2;Eva;33444555;CF;Rivadavia 2;20 Megas;18500;;;c;0;",
                "2;Eva;33444555;CF;Belgrano 9;50 Megas;25000;;;d;;"))
    for text, name in (("mitre 1", "Ana"), ("sarmiento 7", "Ana"), ("belgrano", "Eva"), ("rivadavia", "Eva")):
        assert [one.name for one in queries.search_customers(text)] == [name], text
    assert [one.name for one in finding.people("belgrno")] == ["Eva"]


def test_network_data_of_a_service_follow_the_sheet_but_its_price_does_not(company):
    bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;10.0.0.1;ana;0;"))
    result = bring(lines("1;Ana;23456781;CF;C 1;20 Megas;19900;;10.0.0.9;ana;0;"))
    contract = db.session.scalars(sa.select(Contract)).one()
    assert (result["updated"], contract.ip) == (1, "10.0.0.9") and count(ContractPrice) == 0
    assert "19900.00" in result["warnings"][0]["message"]
    assert bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;10.0.0.9;ana;0;"))["unchanged"] == 1


def test_services_told_apart_by_their_address_in_the_network_alone_stay_two(company):
    rows = lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;10.0.0.1;;0;",
                 "1;Ana;23456781;CF;C 1;20 Megas;18500;;10.0.0.2;;;")
    for _time in range(2):
        assert bring(rows)["proof"]["ok"] and count(Contract) == 2


def test_names_longer_than_a_key_are_not_mixed_up(company):
    name = "Cooperativa de Provisión de Servicios Telefónicos y Otros Servicios Públicos de " + "Villa " * 18
    rows = [f";{name[:190]};;CF;Calle {'muy larga ' * 8}{n};20 Megas;18500;;;u{n};{n}00;" for n in (1, 2)]
    for _time in range(2):
        assert bring(lines(*rows))["proof"]["ok"]
    assert count(Customer) == 2
    assert sorted(accounts.balance(c.id) for c in db.session.scalars(sa.select(Customer))) == [100, 200]


def test_one_customer_whom_the_database_refuses_stops_only_himself(company, monkeypatch):
    from modules.importer import targets

    real = targets.create_contracts

    def refuse(rows, plans, today):
        if any(service.service.plan == "Malo" for _customer, service, _address in rows):
            raise sa.exc.IntegrityError("insert", {}, Exception("value out of range"))
        return real(rows, plans, today)

    monkeypatch.setattr(targets, "create_contracts", refuse)
    plans = {7: "Malo"}
    result = bring(lines(*[f"{n};Cliente {n};{20000000 + n};CF;C {n};{plans.get(n, '20 Megas')};18500;;;u{n};10;"
                           for n in range(1, 20)]))
    assert (result["created"], result["refused_rows"]) == (18, 1) and result["proof"]["ok"]
    assert result["refused"][0]["line"] == 8 and "value out of range" in result["refused"][0]["reason"]
    assert (count(Customer), count(Contract), count(Plan)) == (18, 18, 1)
    monkeypatch.undo()
    again = bring(lines("7;Cliente 7;20000007;CF;C 7;20 Megas;18500;;;u7;10;"))
    assert again["created"] == 1 and count(Customer) == 19


def test_a_map_that_names_no_column_of_the_file_is_refused(company):
    with pytest.raises(DomainError, match="There is no Abonno"):
        bring(lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;0;"), columns={"Abonno": "price"})


def test_what_was_seen_is_what_is_loaded_even_if_another_import_taught_otherwise(company):
    rows = lines("1;Ana;23456781;CF;C 1;20 Megas;18500;;;a;0;")
    seen = services.frozen(services.examine(rows, "x.csv"))
    bring(rows, prices="net")
    assert services.examine(rows, "x.csv").setup.answers.prices == "net"
    assert services.examine(rows, "x.csv", seen).setup.answers.prices == "gross"


def test_changing_many_customers_costs_no_select_each(company):
    def file(word):
        return lines(*[f"{n};{word} {n};{20000000 + n};CF;C {n};20 Megas;18500;;;u{n};0;" for n in range(1, 41)])

    bring(file("Ana"))
    statements = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *more: statements.append(more[2]))
    assert bring(file("Eva"))["updated"] == 40
    assert len([one for one in statements if one.startswith("SELECT") and "crm_" in one]) < 30


def test_the_outcome_is_plain_json(company):
    assert json.loads(json.dumps(bring(AR)))["company"] == "rcw"
