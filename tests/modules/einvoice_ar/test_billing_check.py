"""What ARCA would refuse is an exception of the billing run, not a document in the tray."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace as Bag
from typing import Any

import pytest

from core.db import db
from core.models import Company
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.totals import of_draft
from modules.contracts.ports import Problem, billing_checks
from modules.einvoice_ar.models import Threshold

DAY = dt.date(2026, 11, 3)
VAT, EXEMPT = ({"code": "VAT", "rate": "21"},), ({"code": "VAT", "category": "exempt"},)


def check(company: Company, *, condition: str = "CF", kind: str = "", number: str = "", price: str = "12100.00",
          taxes: Any = VAT, **more: Any) -> Problem | None:
    customer = Bag(id=1, name="Ana", tax_condition=condition, tax_id_kind=kind, tax_id=number)
    line = DraftLine("Internet", Decimal(1), Decimal(price), price_includes_tax=True, taxes=taxes)
    draft = InvoiceDraft(1, DAY, (line,), **more)
    return billing_checks.get("AR").check(company, customer, draft, of_draft(draft, "AR"))  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [
    {}, {"kind": "DNI", "number": "30111222"}, {"condition": "RI", "kind": "CUIT", "number": "30990001118"},
    {"condition": "EX", "kind": "CUIT", "number": "30990001304"}, {"taxes": EXEMPT}, {"price": "9999999.99"}])
def test_what_can_be_billed(company: Company, values: dict[str, Any]) -> None:
    assert check(company, **values) is None


@pytest.mark.parametrize(("values", "code", "cure"), [
    ({"condition": "RI"}, "missing_tax_id", "customer"),
    ({"condition": "RI", "kind": "DNI", "number": "30111222"}, "cuit_needed", "customer"),
    ({"condition": ""}, "condition_missing", "customer"), ({"condition": "XX"}, "condition_unknown", "customer"),
    ({"condition": "RI", "kind": "CUIT", "number": "30990001119"}, "identity_wrong", "customer"),
    ({"kind": "DNI"}, "missing_tax_id", "customer"), ({"price": "10000000.00"}, "missing_tax_id", "customer"),
    ({"price": "10000.00", "currency": "USD", "exchange_rate": Decimal(1450)}, "missing_tax_id", "customer"),
    ({"taxes": ()}, "vat_missing", "plan")])
def test_what_cannot(company: Company, values: dict[str, Any], code: str, cure: str) -> None:
    found = check(company, **values)
    assert found is not None and (found.code, found.cure) == (code, cure)
    assert found.message.endswith(".")


@pytest.mark.parametrize(("condition", "taxes", "code"), [("MO", VAT, "vat_in_class_c"), ("EX", VAT, "vat_in_class_c"),
                                                          ("MO", (), None), ("EX", EXEMPT, None)])
def test_issuers_of_class_c(company: Company, condition: str, taxes: Any, code: str | None) -> None:
    company.tax_condition = condition
    found = check(company, taxes=taxes)
    assert (found and found.code) == code


def test_a_company_that_may_not_issue(company: Company) -> None:
    company.tax_condition = ""
    found = check(company)
    assert found is not None and found.code == "issuer_condition"


def test_the_amount_in_force_counts(company: Company) -> None:
    db.session.add(Threshold(code="identify", valid_from=dt.date(2026, 11, 1), amount=Decimal("1000")))
    db.session.flush()
    found = check(company)
    assert found is not None and found.code == "missing_tax_id"
