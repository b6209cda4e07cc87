"""A payment as the service tells it, and what the product makes of it (reference 1.3 to 1.5)."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from core.exact_json import read
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago.mapping import NoPayment, lacks_refunds, money, readings
from modules.gateways.providers.mercadopago.words import REASONS
from modules.gateways.shapes import STATUSES, Reading
from tests.cases import changed

pytestmark = pytest.mark.once
ACCESS = Access("mercadopago", {}, country="AR", zone="America/Argentina/Buenos_Aires")
PAYMENT = {
    "id": 91234567890123, "status": "approved", "status_detail": "accredited", "live_mode": True,
    "transaction_amount": Decimal("12100.00"), "transaction_amount_refunded": 0, "currency_id": "ARS",
    "date_created": "2026-11-09T10:00:00.000-04:00", "date_approved": "2026-11-09T10:04:58.396-04:00",
    "date_last_updated": "2026-11-09T10:04:58.396-04:00", "money_release_date": "2026-11-19T10:04:58.396-04:00",
    "payment_method_id": "visa", "payment_type_id": "credit_card", "external_reference": "ab-1", "installments": 3,
    "payer": {"email": "ana@example.com", "identification": {"type": "DNI", "number": "23456781"}},
    "fee_details": [{"type": "mercadopago_fee", "amount": Decimal("730.59"), "fee_payer": "collector"},
                    {"type": "financing_fee", "amount": Decimal("968.00"), "fee_payer": "payer"}],
    "transaction_details": {"net_received_amount": Decimal("11066.91"), "total_paid_amount": Decimal("13068.00")},
    "refunds": [], "metadata": {"customer": "1001", "invoice": "B0003-00001234"}, "order": {"id": 7},
    "card": {"last_four_digits": "3704"}, "description": "not kept",
}


def told(**changes: Any) -> list[Reading]:
    return readings(ACCESS, changed(PAYMENT, changes))


def test_the_debt_is_settled_with_the_amount_of_the_transaction_and_the_rest_is_fee_and_tax() -> None:
    one, = told()
    assert (one.external_id, one.status, one.amount, one.currency) == (
        "91234567890123", "approved", Decimal("12100.00"), "ARS")
    assert (one.fee, one.withheld) == (Decimal("730.59"), Decimal("302.50")), "2.5 % of withheld tax, no fee"
    assert (one.paid_at, one.credited_at) == (dt.date(2026, 11, 9), dt.date(2026, 11, 19))
    assert (one.reference.attempt, one.reference.customer, one.reference.invoice) == ("ab-1", "1001", "B0003-00001234")
    assert one.payer == {"email": "ana@example.com", "document": "23456781"} and one.live
    assert (one.channel, one.updated_at) == ("visa", dt.datetime(2026, 11, 9, 14, 4, 58, 396000, dt.UTC))
    assert "description" not in one.raw and json.loads(json.dumps(one.raw))["transaction_amount"] == "12100.00"


@pytest.mark.parametrize(("status", "detail", "wanted"), [
    ("pending", "pending_waiting_payment", "pending"), ("pending", "pending_waiting_transfer", "pending"),
    ("pending", "pending_challenge", "pending"), ("in_process", "pending_contingency", "pending"),
    ("in_process", "pending_review_manual", "pending"), ("in_process", "offline_process", "pending"),
    ("authorized", "pending_capture", "pending"), ("approved", "accredited", "approved"),
    ("approved", "partially_refunded", "approved"), ("in_mediation", "pending", "approved"),
    ("rejected", "cc_rejected_insufficient_amount", "rejected"), ("rejected", "rejected_by_bank", "rejected"),
    ("cancelled", "expired", "expired"), ("cancelled", "by_collector", "expired"), ("cancelled", "by_payer", "expired"),
    ("refunded", "refunded", "approved"), ("refunded", "by_admin", "approved"),
    ("refunded", "bpp_refunded", "approved"),
    ("charged_back", "in_process", "approved"), ("charged_back", "settled", "approved"),
    ("charged_back", "reimbursed", "approved"), ("held_by_network", "x", "unknown"), ("", "", "unknown"),
])
def test_each_state_is_said_in_the_product_s_words(status: str, detail: str, wanted: str) -> None:
    one = told(status=status, status_detail=detail)[0]
    assert one.status == wanted and one.status in STATUSES
    assert detail in one.reason and (wanted == "approved") == (one.fee is not None)


def test_every_state_of_the_reference_has_words_for_the_payer() -> None:
    assert {"pending_waiting_payment", "pending_review_manual", "cc_rejected_high_risk", "cc_rejected_max_attempts",
            "cc_amount_rate_limit_exceeded", "rejected_by_bank", "bank_error", "expired", "by_payer"} <= set(REASONS)
    assert all(str(words).endswith(".") for words in REASONS.values())


def reversals(**changes: Any) -> list[tuple[str, str, str]]:
    return [(one.external_id, one.status, str(one.amount)) for one in told(**changes)[1:]]


ID = "91234567890123"
REFUND = {"id": 5, "amount": Decimal("100.50"), "status": "approved", "date_created": "2026-11-10T22:30:00.000-04:00"}


def refunded(*amounts: str, **more: Any) -> dict[str, Any]:
    refunds = [{**REFUND, "id": number, "amount": Decimal(amount), **more} for number, amount in enumerate(amounts, 1)]
    return {"refunds": refunds, "transaction_amount_refunded": sum((one["amount"] for one in refunds), Decimal(0))}


@pytest.mark.parametrize(("changes", "wanted"), [
    ({"status": "refunded", **refunded("12100.00")},
     [("refund-1", "reversed", "12100.00"), (f"{ID}-rest", "rejected", "12100.00")]),
    ({"status_detail": "partially_refunded", **refunded("100.50", "99.50")},
     [("refund-1", "reversed", "100.50"), ("refund-2", "reversed", "99.50")]),
    # returned by the service without a refund: all of it, or what refunds left
    ({"status": "refunded", "status_detail": "by_admin"}, [(f"{ID}-rest", "reversed", "12100.00")]),
    ({"status": "refunded", **refunded("100.00")},
     [("refund-1", "reversed", "100.00"), (f"{ID}-rest", "reversed", "12000.00")]),
    ({**refunded("100.00", status="in_process")}, [("refund-1", "pending", "100.00")]),
    ({**refunded("100.00", status="rejected")}, [("refund-1", "rejected", "100.00")]),
    ({**refunded("100.00", status="quantum")}, [("refund-1", "unknown", "100.00")]),
    ({"status": "charged_back", "status_detail": "in_process"}, [(f"{ID}-chargeback", "reversed", "12100.00")]),
    ({"status": "charged_back", "status_detail": "settled", **refunded("100.00")},
     [("refund-1", "reversed", "100.00"), (f"{ID}-chargeback", "reversed", "12000.00")]),
    ({"status": "charged_back", "status_detail": "reimbursed"}, [(f"{ID}-chargeback", "rejected", "12100.00")]),
    # approved again: there may have been a chargeback in between
    ({"date_last_updated": "2026-12-20T10:00:00.000-04:00"}, [(f"{ID}-chargeback", "rejected", "12100.00")]),
    ({}, []), ({"status": "pending", **refunded("100.00")}, []), ({"status": "in_mediation"}, []),
])
def test_what_is_taken_back_has_an_identity_of_its_own(changes: dict[str, Any], wanted: list[Any]) -> None:
    assert reversals(**changes) == wanted
    back = told(**changes)[1:]
    assert all(one.reverses == ID and one.currency == "ARS" and one.reference.attempt == "ab-1" for one in back)


def test_a_refund_is_dated_in_the_company_s_zone() -> None:
    back = told(**refunded("100.00"))[1]
    assert back.paid_at == dt.date(2026, 11, 10), "23:30 in Argentina, 22:30 at the service"


@pytest.mark.parametrize(("zone", "approved", "day"), [
    ("America/Argentina/Buenos_Aires", "2026-11-09T22:59:59.999-04:00", dt.date(2026, 11, 9)),
    ("America/Argentina/Buenos_Aires", "2026-11-09T23:00:00.000-04:00", dt.date(2026, 11, 10)),
    ("America/Mexico_City", "2026-11-10T01:30:00.000-04:00", dt.date(2026, 11, 9)),
    ("America/Bogota", "2026-11-10T00:30:00.000-04:00", dt.date(2026, 11, 9)),
    ("America/Lima", "2026-11-10T05:00:00.000Z", dt.date(2026, 11, 10)),
])
def test_the_day_is_the_company_s_not_the_service_s(zone: str, approved: str, day: dt.date) -> None:
    access = Access("mercadopago", {}, zone=zone)
    assert readings(access, {**PAYMENT, "date_approved": approved})[0].paid_at == day


@pytest.mark.parametrize(("changes", "fee", "withheld", "remarks"), [
    ({}, "730.59", "302.50", ()),
    ({"transaction_details": {"net_received_amount": Decimal("11369.41")}}, "730.59", "0.00", ()),
    ({"fee_details": []}, "0.00", "1033.09", ()),
    ({"fee_details": None}, None, None, ()),
    # nobody says what the net becomes of a refund; a net of nothing is not there yet
    ({**refunded("100.00")}, "730.59", None, ()), ({"status": "charged_back"}, "730.59", None, ()),
    ({"transaction_details": {"net_received_amount": 0}}, "730.59", None, ()),
    ({"transaction_details": {"net_received_amount": 12000}}, "730.59", None, ("net_does_not_fit",)),
    ({"fee_details": [{"type": "mercadopago_fee", "amount": Decimal("730.585"), "fee_payer": "collector"}]},
     "730.59", "302.50", ()),
    ({"status": "in_mediation"}, "730.59", "302.50", ("disputed",)),
    ({"status": "pending", "date_approved": None, "transaction_details": {"net_received_amount": 0}}, None, None, ()),
])
def test_what_is_kept_back_is_known_or_left_open(changes: dict[str, Any], fee: str | None, withheld: str | None,
                                                 remarks: tuple[str, ...]) -> None:
    one = told(**changes)[0]
    assert ([None if value is None else str(value) for value in (one.fee, one.withheld)], one.remarks) == (
        [fee, withheld], remarks)


def test_a_ticket_that_was_never_paid_and_is_called_refunded_is_no_money() -> None:
    found = told(status="refunded", date_approved=None)
    assert [one.status for one in found] == ["rejected"]


def test_a_payment_of_test_keys_is_no_live_one() -> None:
    assert [told(live_mode=value)[0].live for value in (True, False, None, "true")] == [True, False, False, False]


@pytest.mark.parametrize("changes", [
    {"transaction_amount": None}, {"transaction_amount": "12100.00"}, {"transaction_amount": True},
    {"transaction_amount": Decimal("1.005")}, {"transaction_amount": -1}, {"transaction_amount": 0},
    {"transaction_amount": Decimal("1E+20")},
    {"transaction_amount": Decimal("NaN")}, {"currency_id": None},
])
def test_an_amount_that_cannot_be_read_is_not_guessed(changes: dict[str, Any]) -> None:
    one, = told(**changes)
    assert (one.external_id, one.status, one.amount) == (ID, "unknown", 0)


@pytest.mark.parametrize("number", [None, "", "abc", True, 1.5, -3, [1], "1" * 31])
def test_what_has_no_number_is_no_payment(number: Any) -> None:
    with pytest.raises(NoPayment):
        told(id=number)


@pytest.mark.parametrize("name", sorted(PAYMENT))
@pytest.mark.parametrize("value", [None, "", "x", 0, -1, [], {}, [None], {"id": []}, [{"amount": "x", "id": 3}],
                                   "9999-12-31T23:59:59.999-04:00", "0001-01-01T00:00:00.000+04:00", "2026-11-09"])
def test_a_field_of_another_kind_never_crashes(name: str, value: Any) -> None:
    try:
        found = told(**{name: value})
    except NoPayment:
        assert name in ("id", "refunds")
        return
    assert all(one.amount >= 0 and one.status in STATUSES for one in found)


@pytest.mark.parametrize(("changes", "lacks"), [
    ({}, False), ({"status": "refunded"}, True), ({"transaction_amount_refunded": Decimal("0.01")}, True),
    ({"status": "refunded", **refunded("12100.00")}, False), ({**refunded("100.00")}, False),
    ({**refunded("100.00", status="in_process")}, True),
])
def test_refunds_that_are_not_told_are_asked_for(changes: dict[str, Any], lacks: bool) -> None:
    assert lacks_refunds(changed(PAYMENT, changes)) is lacks


def test_numbers_come_out_of_json_to_the_cent() -> None:
    text = '{"a": 12100, "b": 12100.5, "c": 0.1, "d": 9007199254740993.25}'
    found = read(text)
    assert [str(money(found[name])) for name in "abc"] == ["12100.00", "12100.50", "0.10"]
    assert money(found["d"]) is None, "larger than any payment"
