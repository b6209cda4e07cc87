"""What a provider remarks on a payment is shown in words, and a dispute asks for a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.db import db
from modules.accounting import queries
from modules.crm.models import Customer
from modules.gateways import booking, states, tray
from modules.gateways.models import Account
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


@pytest.mark.parametrize("code", [one for one in states.VERDICTS if one])
def test_verdicts_have_words(code: str) -> None:
    assert str(states.VERDICTS[code]) not in ("", code)
