"""What a provider remarks on a payment is shown in words, and a dispute asks for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.db import db
from modules.accounting import queries
from modules.crm.models import Customer
from modules.gateways import booking, causes, states, tray
from modules.gateways.models import Account
from tests.modules.accounting.books import issue
from tests.modules.gateways.test_booking import row

Make = Callable[..., Any]
SEE = ("gateways.view_inbox", "gateways.match_payments")


@pytest.mark.parametrize("code", list(states.REMARKS))
def test_a_remark_is_shown_in_words(account: Account, customer: Customer, told: Make, login: Make, code: str) -> None:
    booking.take(account, [told("77", customer=customer.code, remarks=("of_the_operator", code)),
                           told("78", customer=customer.code)])
    db.session.commit()
    browser, said = login(*SEE), str(states.REMARKS[code][0])
    page = browser.get(f"/gateways/payments/{row('77').id}").text
    assert said in page and "of_the_operator" in page
    shown = browser.get(f"/gateways?remark={code}").text
    assert f"{said}</span>" in shown, "as a badge, not only among the filters"
    assert [f"/gateways/payments/{row(name).id}" in shown for name in ("77", "78")] == [True, False]


def test_a_dispute_asks_for_a_person_once_and_moves_no_money(account: Account, customer: Customer, told: Make,
                                                             login: Make) -> None:
    def tell(*remarks: str) -> str:
        booking.take(account, [told("77", customer=customer.code, remarks=remarks)])
        db.session.commit()
        return row("77").attention

    assert [tell(), tell("disputed")] == ["", "disputed"]
    browser = login(*SEE)
    assert "77" in browser.get("/gateways?state=waiting").text
    assert "El pagador lo desconoce" in browser.get(f"/gateways/payments/{row('77').id}").text
    tray.seen(row("77"))
    assert [tell("disputed"), row("77").state, queries.balance(customer.id)] == ["", "booked", -100]
    assert [tell(), tell("disputed"), tell()] == ["", "disputed", ""]


def test_nothing_hides_a_dispute(account: Account, customer: Customer, told: Make, login: Make) -> None:
    """It has a last day; a second payment of a debt, and words that do not fit, can wait until it was looked at."""
    booking.take(account, [told("77", "150", customer=customer.code), told("78", "150", customer=customer.code)])
    invoice = issue(customer, "150")
    booking.take(account, [replace(told("79", "150", customer=customer.code, invoice=f"{invoice.id}"),
                                   remarks=("disputed",))])
    assert (row("79").state, row("79").attention) == ("booked", "disputed")
    booking.take(account, [told("79", "149", customer=customer.code, remarks=("disputed",))])
    assert row("79").attention == "disputed"
    tray.seen(row("79"))
    booking.take(account, [told("79", "149", customer=customer.code, remarks=("disputed",))])
    assert row("79").attention == "contradicted"


def test_a_disputed_payment_that_waits_is_listed_by_why_it_waits_and_shows_both(
        account: Account, told: Make, login: Make) -> None:
    booking.take(account, [told("77", customer="nadie", remarks=("disputed",))])
    db.session.commit()
    browser, (unknown, disputed) = login(*SEE), [str(causes.WORDS[code][0]) for code in (
        "unknown_reference", "disputed")]
    for cause in ("unknown_reference", "disputed"):
        assert f"/gateways/payments/{row('77').id}" in browser.get(f"/gateways?cause={cause}").text
    assert f"{states.CAUSES['unknown_reference']}<" in browser.get("/gateways?state=waiting").text
    page = browser.get(f"/gateways/payments/{row('77').id}").text
    assert unknown in page and disputed in page


@pytest.mark.parametrize("code", [one for one in states.VERDICTS if one])
def test_verdicts_have_words(code: str) -> None:
    assert str(states.VERDICTS[code]) not in ("", code)
