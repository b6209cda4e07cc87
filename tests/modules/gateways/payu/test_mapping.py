"""Orders of Reports → readings (reference 1.6)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core import exact_json
from modules.gateways.access import Access
from modules.gateways.providers.payu import mapping
from modules.gateways.shapes import Reading

SAMPLES = Path(__file__).parent / "samples"
ACCESS = Access("payu", {"account_id": "512321"}, zone="America/Bogota")
CARD, CASH = "11111111-2222-4333-8444-555555555555", "f3531b6a-3e30-4a8b-8a69-d4a5bd2a3377"


def order(name: str = "reports_by_reference_captured.json", **values: Any) -> dict[str, Any]:
    found = exact_json.read((SAMPLES / name).read_bytes())["result"]["payload"][0]
    return {**found, **values}


def transaction(number: str, state: str, kind: str = "AUTHORIZATION_AND_CAPTURE", amount: Any = Decimal("89900.0"),
                parent: str | None = None, currency: str = "COP", **more: Any) -> dict[str, Any]:
    values = {"TX_VALUE": {"value": amount, "currency": currency}, **more}
    return {"id": number, "type": kind, "parentTransactionId": parent, "paymentMethod": "VISA",
            "transactionResponse": {"state": state, "responseCode": state, "operationDate": 1762701667000},
            "additionalValues": values}


def told(status: str, *transactions: dict[str, Any], **values: Any) -> list[Reading]:
    return mapping.readings(ACCESS, order(status=status, transactions=list(transactions), **values))


def short(found: list[Reading]) -> list[tuple[str, str, str]]:
    """(identity, state, amount) of what is something: what was not taken back is left out."""
    return [(one.external_id, one.status, f"{one.amount:.2f}") for one in found
            if not (one.reverses and one.status == "rejected")]


def test_the_sample_that_is_paid_after_a_refusal() -> None:
    found = mapping.readings(ACCESS, order())
    assert short(found) == [(CARD, "rejected", "89900.00"), (CASH, "approved", "89900.00")]
    paid = found[1]
    assert (paid.fee, paid.withheld, paid.channel, str(paid.paid_at)) == (Decimal("4210.00"), 0, "efecty", "2025-11-09")
    assert (paid.reference.attempt, paid.reference.invoice) == ("ABN-1045-202611-1",) * 2
    assert paid.payer == {"name": "Ana Prueba", "email": "ana@example.org"} and not paid.live
    assert found[0].reason == "INSUFFICIENT_FUNDS" and found[0].fee is None


def test_the_sample_that_waits() -> None:
    assert short(mapping.readings(ACCESS, order("reports_by_reference_pending.json"))) == [
        (CASH, "pending", "89900.00")]


@pytest.mark.parametrize(("status", "state", "expected"), [
    ("CAPTURED", "APPROVED", "approved"), ("NEW", "APPROVED", "pending"), ("IN_PROGRESS", "APPROVED", "pending"),
    ("AUTHORIZED", "APPROVED", "pending"), ("CANCELLED", "APPROVED", "unknown"), ("DECLINED", "APPROVED", "unknown"),
    ("", "APPROVED", "unknown"), ("REFUNDED", "APPROVED", "approved"), ("CHARGEBACK", "APPROVED", "approved"),
    ("DECLINED", "DECLINED", "rejected"), ("DECLINED", "ERROR", "error"), ("DECLINED", "EXPIRED", "expired"),
    ("IN_PROGRESS", "PENDING", "pending"), ("IN_PROGRESS", "SUBMITTED", "pending"), ("CAPTURED", "NOVEL", "unknown"),
])
def test_order_and_attempt_decide_together(status: str, state: str, expected: str) -> None:
    assert told(status, transaction("1", state))[0].status == expected


def test_an_authorisation_alone_is_no_money() -> None:
    assert told("AUTHORIZED", transaction("1", "APPROVED", "AUTHORIZATION")) == []
    assert short(told("CAPTURED", transaction("1", "APPROVED", "AUTHORIZATION"),
                      transaction("2", "APPROVED", "CAPTURE"))) == [("2", "approved", "89900.00")]


def test_money_that_went_to_another_account_of_the_merchant_is_not_booked() -> None:
    found = told("CAPTURED", transaction("1", "APPROVED"), accountId=512322)
    assert [(one.status, one.reason) for one in found] == [("mismatch", "other account")]


@pytest.mark.parametrize("amount", [0, -1, True, "89900", None, Decimal("NaN"), Decimal("1E+20"), {}])
def test_an_amount_that_is_none_is_not_money(amount: Any) -> None:
    assert told("CAPTURED", transaction("1", "APPROVED", amount=amount))[0].status == "unknown"


@pytest.mark.parametrize(("fee", "income", "expected"), [
    (Decimal("4210.0"), Decimal("85690.0"), ("4210.00", "0.00", ())),
    (Decimal("4210.0"), Decimal("84790.0"), ("4210.00", "900.00", ())),
    (Decimal("4210.0"), None, ("4210.00", None, ())),
    (Decimal("4210.0"), Decimal("89900.0"), ("4210.00", None, ("net_does_not_fit",))),
    (None, Decimal("85690.0"), (None, None, ())),
])
def test_what_the_income_lacks_beyond_the_commission_was_withheld(fee: Any, income: Any, expected: Any) -> None:
    more = {name: {"value": value, "currency": "COP"} for name, value in (
        ("DP_MERCHANT_COMMISSION_VALUE", fee), ("DP_MERCHANT_TOTAL_INCOME_VALUE", income)) if value is not None}
    paid = told("CAPTURED", transaction("1", "APPROVED", **more))[0]
    assert (None if paid.fee is None else f"{paid.fee:.2f}", None if paid.withheld is None else f"{paid.withheld:.2f}",
            paid.remarks) == expected


CHARGE = transaction("1", "APPROVED")


@pytest.mark.parametrize(("status", "more", "expected"), [
    ("CAPTURED", [], []),
    ("CAPTURED", [transaction("r", "PENDING", "REFUND", parent="1")], [("r", "pending", "89900.00")]),
    ("REFUNDED", [transaction("r", "APPROVED", "REFUND", parent="1")], [("r", "reversed", "89900.00")]),
    ("CAPTURED", [transaction("r", "APPROVED", "PARTIAL_REFUND", 100, "1")], [("r", "reversed", "100.00")]),
    ("CAPTURED", [transaction("r", "DECLINED", "REFUND", parent="1")], []),
    ("REFUNDED", [], [("1-rest", "reversed", "89900.00")]),
    ("CHARGEBACK", [], [("1-chargeback", "reversed", "89900.00")]),
    ("CHARGEBACK", [transaction("r", "APPROVED", "PARTIAL_REFUND", 100, "1")],
     [("r", "reversed", "100.00"), ("1-chargeback", "reversed", "89800.00")]),
])
def test_what_was_taken_back(status: str, more: list[dict[str, Any]], expected: list[tuple[str, str, str]]) -> None:
    found = told(status, CHARGE, *more)
    assert short(found) == [("1", "approved", "89900.00"), *expected]
    assert {one.reverses for one in found[1:]} == {"1"}


def test_which_of_two_payments_was_disputed_nobody_says() -> None:
    found = told("CHARGEBACK", CHARGE, transaction("2", "APPROVED"))
    assert short(found)[2:] == [("1-chargeback", "mismatch", "89900.00"), ("2-chargeback", "mismatch", "89900.00")]


@pytest.mark.parametrize("junk", [{}, {"transactions": None}, {"transactions": [1, None, {}]},
                                  {"transactions": [{"type": "CAPTURE", "id": [1]}]},
                                  {"transactions": [{"type": "CAPTURE", "id": "1", "additionalValues": []}]}])
def test_an_answer_of_another_shape_is_no_money(junk: dict[str, Any]) -> None:
    assert all(one.status == "unknown" for one in mapping.readings(ACCESS, junk))
