"""Money back through the service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from core.errors import DomainError, Rejected, Unavailable
from modules.gateways.providers.mercadopago.checkout import MercadoPagoCheckout
from modules.gateways.providers.mercadopago.poll import MercadoPagoPoll
from modules.gateways.providers.mercadopago.refund import MercadoPagoRefund
from modules.gateways.shapes import Payer
from tests.modules.gateways.mercadopago.conftest import NOW, Site

pytestmark = pytest.mark.once
REFUND = MercadoPagoRefund()
Make = Callable[..., Any]


@pytest.fixture
def paid(site: Site, account: Make, debt: Make, attempt: Make) -> Callable[..., str]:
    """`paid("PE", "80.00")`: the number of a payment of that country's account."""

    def make(country: str = "AR", amount: str = "12100.00") -> str:
        access = account(country)
        opened = MercadoPagoCheckout().open(access, debt(access.currency, amount),
                                            attempt(payer=Payer("Ana", "ana@example.com")))
        return str(site.post("pay", preference_id=opened.provider_ref)["id"])

    return make


def test_a_part_and_then_the_rest_are_given_back(site: Site, account: Make, paid: Make) -> None:
    number = paid()
    part = REFUND.refund(account(), number, Decimal("100.50"), False, "r1")
    assert (part.status, part.amount, part.reverses, part.paid_at) == (
        "reversed", Decimal("100.50"), number, dt.date(2026, 11, 9))
    rest = REFUND.refund(account(), number, Decimal("11999.50"), False, "r2")
    assert (rest.status, rest.amount) == ("reversed", Decimal("11999.50"))
    told = MercadoPagoPoll().read(account(), number)
    assert [(one.external_id, one.status) for one in told[1:3]] == [
        (part.external_id, "reversed"), (rest.external_id, "reversed")], "the same identities, by whichever way"


def test_a_lost_answer_is_asked_for_again_and_gives_one_refund(site: Site, account: Make, paid: Make) -> None:
    number = paid()
    site.fault("lost_answer", only="/refunds")
    with pytest.raises(Unavailable):
        REFUND.refund(account(), number, Decimal("100"), False, "r1")
    again = REFUND.refund(account(), number, Decimal("100"), False, "r1")
    assert [one.external_id for one in MercadoPagoPoll().read(account(), number)[1:2]] == [again.external_id]
    assert site.state()["payments"][0]["transaction_amount_refunded"] == 100


def test_more_than_was_paid_is_refused_in_the_service_s_words(site: Site, account: Make, paid: Make) -> None:
    with pytest.raises(Rejected, match="more than what is left"):
        REFUND.refund(account(), paid(), Decimal("12100.01"), False, "r1")


def test_in_peru_only_whole_payments_go_back(site: Site, account: Make, paid: Make) -> None:
    number = paid("PE", "80.00")
    with pytest.raises(DomainError, match="whole payments"):
        REFUND.refund(account("PE"), number, Decimal("10"), False, "r1")
    assert REFUND.refund(account("PE"), number, Decimal("80"), True, "r2").status == "reversed"


def test_after_half_a_year_nothing_goes_back(site: Site, account: Make, paid: Make) -> None:
    number = paid()
    with clock.freeze(NOW + dt.timedelta(days=181)), pytest.raises(Rejected, match="too old"):
        REFUND.refund(account(), number, Decimal("12100"), True, "r1")


@pytest.mark.parametrize("number", ["1", "", "../../users/me", "x" * 200])
def test_a_payment_that_is_not_there_gives_nothing_back(site: Site, account: Make, number: str) -> None:
    with pytest.raises(Rejected, match="nothing under this number"):
        REFUND.refund(account(), number, Decimal("1"), True, "r1")
