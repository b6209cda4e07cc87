"""Loading a made-up provider: complete, consistent, repeatable, and only where nothing real is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import checks, clock, months
from core.db import db
from core.errors import CannotRun, DomainError
from core.models import Company, Membership
from core.scope import company_scope, every_company
from modules.accounting import ledger
from modules.accounting.models import Balance, Payment
from modules.arrears.models import Batch, Cut, Deed, Promise, Proof
from modules.contracts import billing
from modules.contracts.models import ChargeInstalment, Contract, ContractItem, Discount, Equipment
from modules.crm.models import Customer, CustomerTag
from modules.demo import debtors, lent, logins, oddities, services
from modules.demo.services import Wishes
from modules.einvoice.ports import issuers
from modules.gateways import accounts
from modules.gateways.models import Account

Load = Callable[..., list[Company]]


def count(model: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_as_many_customers_as_were_asked_for_with_all_that_a_provider_has(load: Load) -> None:
    (company,) = load(subscribers=150)
    with company_scope(company):
        assert count(Customer) == 150
        assert count(Contract) > 150
        states = Counter(db.session.scalars(sa.select(Contract.state)))
        assert states["active"] > 120 and states["suspended"] and states["ended"]
        for model in (ContractItem, Discount, ChargeInstalment, Payment):
            assert count(model), model
        balances = db.session.scalars(sa.select(Balance.amount)).all()
        assert min(balances) < 0 < max(balances)
        assert db.session.scalar(sa.select(sa.func.count()).where(Contract.courtesy_from.is_not(None)))
        assert db.session.scalar(sa.select(sa.func.count()).select_from(CustomerTag)) == 15


def test_every_gateway_of_the_country_collects_and_pays_out_into_the_bank(load: Load) -> None:
    companies = load(subscribers=20, countries=("AR", "EC", "CO", "MX", "PE"))
    found = {}
    for company in companies:
        with company_scope(company):
            rows = db.session.scalars(sa.select(Account).order_by(Account.provider)).all()
            found[company.country] = [one.provider for one in rows]
            assert [str(one.name) for one in rows for _missing in accounts.missing(one)] == []
            assert {one.bank_account for one in rows if one.provider != "bank"} == {
                one.cash_account for one in rows if one.provider == "bank"}
    assert found == {
        "AR": ["bank", "cobrodigital", "mercadopago", "pagofacil", "pagomiscuentas", "prisma", "siro"],
        "EC": ["bank", "facilito"], "CO": ["asobancaria_2001", "bank", "combopay", "efecty", "mercadopago", "payu"],
        "MX": ["bank", "mercadopago", "pagoralia"], "PE": ["bank", "mercadopago"]}


def test_the_books_are_right(load: Load) -> None:
    load(countries=("AR", "EC"))
    with every_company():
        wrong = {name: check()[2] for name, check in checks.checks.items()
                 if name not in ("migrations_current", "redis", "mail", "clock") and not check()[0]}
    assert wrong == {}


def test_loading_again_changes_nothing(load: Load) -> None:
    (company,) = load()
    with company_scope(company):
        before = [count(model) for model in (Customer, Contract, Payment, Discount)]
    (again,) = load(subscribers=99, seed=5)
    with company_scope(again):
        assert (again.id, [count(model) for model in (Customer, Contract, Payment, Discount)]) == (company.id, before)


def test_the_same_seed_gives_the_same_provider(load: Load, app: Any) -> None:
    def shown(company: Company) -> list[Any]:
        with company_scope(company):
            return [tuple(row) for row in db.session.execute(
                sa.select(Customer.code, Customer.name, Customer.tax_id, Contract.number, Contract.pppoe_user)
                .join(Contract, Contract.customer_id == Customer.id).order_by(Contract.number))]

    (company,) = load()
    first = shown(company)
    company.code, company.active = "before", False
    db.session.flush()
    (second,) = load()
    assert second.id != company.id and shown(second) == first


def test_a_month_of_it_can_be_billed_and_shows_what_a_clerk_must_see(load: Load) -> None:
    (company,) = load()
    with company_scope(company):
        found = billing.preview(company, months.of(clock.today(company)))
    assert {one["code"] for one in found["exceptions"]} == {"no_plan_price", "condition_missing"}
    assert {one["reason"] for one in found["skipped"]} >= {"courtesy"}
    assert found["billed"] > 50 and Decimal(found["totals"][0]["total"]) > 0


def test_a_country_without_an_issuer_gets_internal_documents(
        load: Load, run_jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuers, "find", lambda country: None)
    (company,) = load(countries=("EC",), subscribers=20)
    with company_scope(company):
        assert not ledger.policy().legal_documents
        run = billing.start_run(company, months.of(clock.today(company)))
        db.session.commit()
        run_jobs()
        found = billing.run_result(run)
    assert found["documents"]["not_required"] == found["invoices"] > 10
    assert not services.summary([company])[0]["legal_documents"]


@pytest.mark.parametrize("country", ["AR", "EC", "CO", "MX", "PE"])
def test_nobody_of_a_country_is_refused_for_what_nobody_meant(load: Load, country: str) -> None:
    (company,) = load(countries=(country,), subscribers=40)
    with company_scope(company):
        found = billing.preview(company, months.of(clock.today(company)))
    # some give no document, which Ecuador does not bill without
    meant = {"no_plan_price", {"AR": "condition_missing", "EC": "missing_tax_id"}.get(country, "")}
    assert {one["code"] for one in found["exceptions"]} <= meant, found["exceptions"]


def test_who_cannot_be_billed_or_will_be_refused_bears_a_note_that_says_why(load: Load) -> None:
    (company,) = load()
    with company_scope(company):
        tagged = db.session.scalars(sa.select(Customer).where(Customer.tags.any())).all()
        assert len(tagged) == 15 and all(one.notes for one in tagged)
        assert {oddities.UNKNOWN_TO_ARCA, oddities.NOT_ACTIVE} <= {one.tax_id for one in tagged}


def test_an_installation_with_a_real_company_is_left_alone(load: Load, other_company: Company) -> None:
    other_company.environment = "production"
    db.session.commit()
    with pytest.raises(CannotRun, match="otra"):
        services.check(Wishes())


def test_an_unknown_country_is_refused_before_anything_is_made(app: Any) -> None:
    with pytest.raises(DomainError):
        services.check(Wishes(countries=("AR", "UY")))


def test_each_role_gets_a_login_in_each_company_and_keeps_its_password(load: Load, instance: Path,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABONA_DEMO_PASSWORD", raising=False)
    made = load(countries=("AR", "EC"), subscribers=15)
    first = logins.make(made)
    assert [one.role for one in first] == ["manager", "billing", "accountant", "support"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Membership)) == 8
    assert logins.make(made) == first
    assert (instance / logins.FILE).stat().st_mode & 0o077 == 0


def test_the_password_can_be_chosen_and_changed(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.models import User
    from core.security import verify_password

    made = load(subscribers=15)
    for secret in ("first password", "second password"):
        monkeypatch.setenv("ABONA_DEMO_PASSWORD", secret)
        assert {one.password for one in logins.make(made)} == {secret}
        users = db.session.scalars(sa.select(User).where(User.email.endswith(logins.DOMAIN))).all()
        assert users and all(verify_password(user.password_hash, secret) for user in users)


def test_debtors_were_told_and_cut_one_promised_and_one_sent_the_picture_of_his_payment(load: Load) -> None:
    (company,) = load(subscribers=150)
    with company_scope(company):
        found = Counter(db.session.scalars(sa.select(Deed.action)))
        assert found["cut"] >= 3 and found["restore"] == 2
        assert set(db.session.scalars(sa.select(Promise.state))) == {"open"}
        assert db.session.scalars(sa.select(Proof.state)).one() == "waiting"
        assert db.session.scalars(sa.select(Batch.state)).one() == "done"
        before = count(Cut)
        debtors.make(company, clock.today(), 0)
        assert count(Cut) == before
    assert [one for one in checks.run_all(["paid_but_cut", "promise_over_not_cut"]) if not one.ok] == []


def test_some_equipment_is_to_be_returned_and_some_is_out(load: Load) -> None:
    (company,) = load(subscribers=120)
    with company_scope(company):
        found = Counter(tuple(row) for row in db.session.execute(sa.select(Equipment.state, Contract.state).join(
            Contract, Contract.id == Equipment.contract_id)))
        assert found["out", "ended"] > 0 and found["returned", "ended"] == 1 and found["out", "active"] > 10
        before = count(Equipment)
        lent.make("AR")
        assert count(Equipment) == before
