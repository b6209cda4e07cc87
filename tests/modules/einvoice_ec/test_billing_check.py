"""What the SRI would refuse of a month's invoice, told before it is issued."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace as Bag
from typing import Any

import pytest

from modules.einvoice_ec.billing import EcuadorianBillingCheck

pytestmark = pytest.mark.once
VAT = {"code": "VAT", "rate": "15"}


def checked(kind: str = "CEDULA", number: str = "1710034065", total: str = "28.75", taxes: Any = (VAT,),
            day: dt.date = dt.date(2026, 11, 1)) -> tuple[str, str]:
    customer = Bag(tax_id_kind=kind, tax_id=number, tax_condition="")
    draft = Bag(kind="invoice", issue_date=day, lines=(Bag(description="Internet", taxes=taxes),))
    found = EcuadorianBillingCheck().check(Bag(), customer, draft, Bag(total=Decimal(total)))
    return (found.code, found.cure) if found else ("", "")


@pytest.mark.parametrize(("values", "code", "cure"), [
    ({}, "", ""), ({"kind": "RUC", "number": "1790012344001"}, "", ""),
    ({"kind": "CONSUMIDOR_FINAL", "number": "", "total": "50.00"}, "", ""),
    ({"kind": "PASAPORTE", "number": "AB123456"}, "", ""),
    ({"taxes": ({"code": "VAT", "category": "zero"},)}, "", ""),
    ({"number": ""}, "missing_tax_id", "customer"), ({"kind": "", "number": ""}, "missing_tax_id", "customer"),
    ({"kind": ""}, "identity_kind", "customer"), ({"kind": "DNI"}, "identity_kind", "customer"),
    ({"number": "1710034066"}, "identity", "customer"), ({"kind": "RUC"}, "identity", "customer"),
    ({"kind": "CONSUMIDOR_FINAL", "number": "", "total": "50.01"}, "final_consumer_limit", "customer"),
    ({"taxes": ()}, "vat_missing", "plan"), ({"taxes": ({"code": "VAT", "rate": "12"},)}, "rate_unknown", "plan"),
])
def test_a_look_at_each_invoice(values, code, cure):
    assert checked(**values) == (code, cure)


def test_every_code_has_a_title():
    known = set(EcuadorianBillingCheck.titles) | {"missing_tax_id"}
    assert {"identity_kind", "identity", "final_consumer_limit", "vat_missing", "rate_unknown"} <= known
    assert set(EcuadorianBillingCheck.cures) <= known
