"""Asking for payments against the simulator: what is found, in which order, and what is never missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from core import clock
from core.errors import Unavailable
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago import poll
from modules.gateways.providers.mercadopago.checkout import MercadoPagoCheckout
from modules.gateways.providers.mercadopago.poll import MercadoPagoPoll
from modules.gateways.shapes import Opened, Reading
from tests.modules.gateways.mercadopago.conftest import NOW, Site

pytestmark = pytest.mark.once
POLL = MercadoPagoPoll()
Make = Callable[..., Any]


@pytest.fixture
def opened(account: Make, debt: Make, attempt: Make) -> Callable[..., Opened]:
    """A link of the Argentine account that never ends."""
    def make(**values: Any) -> Opened:
        found: Opened = MercadoPagoCheckout().open(account(), debt(), attempt(
            expires_at=NOW + dt.timedelta(days=400), **values))
        return found

    return make


def pay(site: Site, link: Opened, **how: Any) -> str:
    return str(site.post("pay", preference_id=link.provider_ref, **how)["id"])


def all_since(access: Access, cursor: str = "") -> tuple[list[str], str, int]:
    """(numbers in the order told, the cursor at the end, pages)."""
    found: list[str] = []
    for page in range(1, 200):
        told, cursor, more = POLL.since(access, cursor)
        found += [one.external_id for one in told]
        if not more:
            return found, cursor, page
    raise AssertionError("it never ends")


def test_what_changed_is_told_oldest_first_and_again_only_within_the_overlap(site: Site, account: Make,
                                                                             opened: Make) -> None:
    link, numbers = opened(), []
    for minute in range(3):
        with clock.freeze(NOW + dt.timedelta(minutes=minute)):
            numbers.append(pay(site, link))
    with clock.freeze(NOW + dt.timedelta(minutes=5)):
        found, cursor, _pages = all_since(account())
        assert found == numbers
        assert all_since(account(), cursor)[0] == numbers, "within twenty minutes it is told again"
    with clock.freeze(NOW + dt.timedelta(hours=1)):
        late = pay(site, link)
        found, cursor, _pages = all_since(account(), cursor)
        assert found == [*numbers, late]
    with clock.freeze(NOW + dt.timedelta(hours=2)):
        assert all_since(account(), cursor)[0] == [late]


def test_many_at_the_same_moment_are_all_told(site: Site, account: Make, opened: Make,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "PAGE", 4)
    link = opened()
    numbers = [pay(site, link) for _time in range(11)]  # the clock stands still
    with clock.freeze(NOW + dt.timedelta(minutes=1)):
        numbers += [pay(site, link) for _time in range(3)]
        found, _cursor, pages = all_since(account())
    assert sorted(set(found)) == sorted(numbers) and pages > 3


def test_what_changes_between_two_pages_hides_nothing(site: Site, account: Make, opened: Make,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """By counting, the first page's payment that moves to the end would push another over the page's edge."""
    monkeypatch.setattr(poll, "PAGE", 3)
    link, numbers = opened(), []
    _found, cursor, _pages = all_since(account())
    for second in range(7):
        with clock.freeze(NOW + dt.timedelta(seconds=second)):
            numbers.append(pay(site, link))
    with clock.freeze(NOW + dt.timedelta(minutes=1)):
        first, cursor, more = POLL.since(account(), cursor)
        assert more and [one.external_id for one in first] == numbers[:3]
        site.post("refund", payment_id=numbers[0], amount=100)
        found, _cursor, _pages = all_since(account(), cursor)
    assert set(numbers[3:]) <= set(found) and numbers[0] in found


def test_a_stand_of_days_is_caught_up_day_by_day(site: Site, account: Make, opened: Make) -> None:
    link, numbers = opened(), []
    _found, cursor, _pages = all_since(account())
    for day in range(1, 6):
        with clock.freeze(NOW + dt.timedelta(days=day)):
            numbers.append(pay(site, link))
    with clock.freeze(NOW + dt.timedelta(days=5, hours=1)):
        found, _cursor, pages = all_since(account(), cursor)
    assert found == numbers and pages == 6


def test_the_search_that_is_behind_is_made_up_for_by_the_overlap(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened())
    site.fault("search_lag", seconds=600, count=None)
    with clock.freeze(NOW + dt.timedelta(minutes=1)):
        found, cursor, _pages = all_since(account())
        assert found == []
    site.fault("search_lag", rate=0)
    with clock.freeze(NOW + dt.timedelta(minutes=15)):
        assert all_since(account(), cursor)[0] == [number]


@pytest.mark.parametrize("cursor", ["", "junk", "2026-11-09|x", "2099-01-01T00:00:00.000+00:00", "|7"])
def test_a_cursor_that_says_nothing_begins_anew(site: Site, account: Make, opened: Make, cursor: str) -> None:
    number = pay(site, opened())
    assert all_since(account(), cursor)[0] == [number]


def test_a_notice_of_an_order_or_a_chargeback_leads_to_the_payments(site: Site, account: Make, opened: Make) -> None:
    link = opened()
    numbers = [pay(site, link) for _time in range(2)]
    order = site.state()["payments"][0]["order"]["id"]
    assert [one.external_id for one in POLL.read(account(), f"merchant_orders/{order}")] == numbers
    chargeback = site.post("chargeback", payment_id=numbers[0])["id"]
    found = POLL.read(account(), f"chargebacks/{chargeback}")
    assert [(one.external_id, one.status) for one in found] == [
        (numbers[0], "approved"), (f"{numbers[0]}-chargeback", "reversed")]
    assert POLL.read(account(), "merchant_orders/1") == POLL.read(account(), "chargebacks/1") == []


def test_an_order_knows_what_the_search_does_not_show_yet(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened())
    site.fault("search_lag", seconds=600)
    assert [one.external_id for one in POLL.read(account(), reference="ab-1")] == [number]
    assert POLL.read(account(), reference="ab-999") == POLL.read(account()) == []


def test_what_is_taken_back_is_read_with_its_payment(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened())
    for amount in (100, 200):
        site.post("refund", payment_id=number, amount=amount)
    told = POLL.read(account(), number)
    assert [(one.status, str(one.amount)) for one in told[:3]] == [
        ("approved", "12100.00"), ("reversed", "100.00"), ("reversed", "200.00")]
    site.post("refund", payment_id=number)
    told = POLL.read(account(), number)
    assert sum(one.amount for one in told if one.status == "reversed") == told[0].amount


def states(told: list[Reading]) -> list[str]:
    return [one.status for one in told]


@pytest.mark.parametrize("reopened", [False, True])
def test_a_chargeback_comes_goes_and_stays_gone(site: Site, account: Make, opened: Make, reopened: bool) -> None:
    number = pay(site, opened())
    with clock.freeze(NOW + dt.timedelta(days=20)):
        site.post("chargeback", payment_id=number)
        assert states(POLL.read(account(), number)) == ["approved", "reversed"]
    with clock.freeze(NOW + dt.timedelta(days=40)):
        if reopened:
            site.fault("reopened_chargeback")
        site.post("chargeback", payment_id=number, outcome="won")
        assert states(POLL.read(account(), number)) == ["approved", "rejected"]


def test_a_claim_changes_no_money(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened())
    site.post("mediation", payment_id=number)
    one, = POLL.read(account(), number)
    assert (one.status, one.remarks) == ("approved", ("disputed",))
    site.post("mediation", payment_id=number, outcome="refunded")
    assert "reversed" in states(POLL.read(account(), number))


@pytest.mark.parametrize(("holder", "status"), [
    ("APRO", "approved"), ("OTHE", "rejected"), ("CONT", "pending"), ("CALL", "rejected"), ("FUND", "rejected"),
    ("SECU", "rejected"), ("EXPI", "rejected"), ("FORM", "rejected"), ("DUPL", "rejected"), ("BLAC", "rejected"),
])
def test_the_name_on_a_test_card_decides(site: Site, account: Make, opened: Make, holder: str, status: str) -> None:
    one, = POLL.read(account(), pay(site, opened(), holder=holder))
    assert one.status == status


def test_a_review_ends_well(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened(), holder="CONT")
    site.post("pay", payment_id=number)
    assert states(POLL.read(account(), number)) == ["approved"]


def test_a_ticket_paid_after_its_date_goes_back_to_the_payer(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened(), method="rapipago")
    site.fault("paid_after_expiry")
    site.post("pay", payment_id=number)
    told = POLL.read(account(), number)
    assert [one.status for one in told[:2]] == ["approved", "reversed"] and told[0].amount == told[1].amount


def test_a_ticket_that_nobody_pays_ends_by_itself(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened(), method="rapipago")
    site.post("clock", days=31)
    one, = POLL.read(account(), number)
    assert (one.status, one.reason) == ("expired", "expired")


def test_a_state_that_nobody_has_heard_of_is_shown_and_not_guessed(site: Site, account: Make, opened: Make) -> None:
    number = pay(site, opened())
    site.fault("unknown_status")
    one, = POLL.read(account(), number)
    assert (one.status, one.reason) == ("unknown", "held_by_network: awaiting_instructions")


def test_a_search_answer_without_results_is_no_empty_one(site: Site, account: Make,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.gateways.providers.mercadopago.client import MercadoPago

    for answer in ({"message": "?"}, [], {"results": None}, "x"):
        monkeypatch.setattr(MercadoPago, "_send", lambda self, *path, _found=answer, **options: _found)
        with pytest.raises(Unavailable):
            POLL.since(account(), "")


def test_a_payment_with_test_keys_is_no_live_one(site: Site, account: Make, debt: Make, attempt: Make) -> None:
    from modules.gateways.providers.mercadopago.simulator.accounts import default_number, keys_of

    access = account(access_token=keys_of(default_number("MLA"))["test_token"])
    link = MercadoPagoCheckout().open(access, debt(), attempt())
    assert [one.live for one in POLL.read(access, pay(site, link))] == [False]
