"""IVA of internet by the estrato of the service address, over the contracts of a company."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from core.db import db
from modules.contracts import services
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, Plan, PlanPrice
from modules.crm.drafts import AddressData
from modules.crm.services import create_customer
from modules.einvoice_co.checks import estrato_iva
from modules.einvoice_co.estratos import misfits

EXEMPT, EXCLUDED, TAXED = ([{"code": "VAT", "category": "exempt"}], [{"code": "VAT", "category": "excluded"}],
                           [{"code": "VAT", "rate": "19"}])


def contract(taxes: Any, extra: dict[str, Any], kind: str = "person", speed: int | None = 100_000) -> Contract:
    count = len(db.session.query(Plan).all())
    plan = Plan(code=f"P{count}", name="Plan", taxes=taxes, speed_down_kbps=speed,
                prices=[PlanPrice(valid_from=dt.date(2020, 1, 1), price=Decimal("50000.00"))])
    db.session.add(plan)
    db.session.flush()
    customer = create_customer(name=f"Abonado {count}", kind=kind, addresses=[AddressData(
        street="Cra 1", city="Cali", region="76", extra=extra)])
    made = services.create_contract(ContractData(customer.id, plan.id, billing_from=dt.date(2026, 11, 1)))
    made.state = "active"
    db.session.commit()
    return made


@pytest.mark.parametrize(("taxes", "extra", "kind", "expected"), [
    (EXEMPT, {"estrato": "1"}, "person", None), (EXEMPT, {"estrato": "2"}, "person", None),
    (EXCLUDED, {"estrato": "3"}, "person", None), (TAXED, {"estrato": "4"}, "person", None),
    (TAXED, {"estrato": "6"}, "person", None), (TAXED, {"estrato": "2"}, "business", None),
    (TAXED, {"estrato": "1", "uso": "comercial"}, "person", None), (TAXED, {}, "person", None),
    (TAXED, {"estrato": "1"}, "person", "exempt"), (EXCLUDED, {"estrato": "2"}, "person", "exempt"),
    (EXEMPT, {"estrato": "3"}, "person", "excluded"), (EXEMPT, {"estrato": "5"}, "person", "taxed"),
    ([{"code": "VAT", "rate": "0"}], {"estrato": "1"}, "person", None), ([], {"estrato": "3"}, "person", None)])
def test_the_plan_fits_the_estrato(isp, taxes, extra, kind, expected):
    made = contract(taxes, extra, kind)
    assert [(one.contract, one.expected) for one in misfits()] == ([(made.number, expected)] if expected else [])
    assert estrato_iva()[:2] == (expected is None, 0 if expected is None else 1)


def test_what_is_no_internet_is_left_alone(isp):
    contract(TAXED, {"estrato": "1"}, speed=None)
    assert list(misfits()) == []
