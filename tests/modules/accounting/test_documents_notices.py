"""The words of accounting's notices: from the real balance, never a debt where there is none."""

from __future__ import annotations

from typing import Any

import pytest

from modules.accounting import notices
from modules.notifications import texts

pytestmark = pytest.mark.once
ALL = [notices.INVOICE_READY, notices.CREDIT_NOTE_READY, notices.PAYMENT_RECEIVED, notices.PAYMENT_REVERSED]
COMMON = {"customer_name": "Ana", "company_name": "RCW", "company_phone": "0358 400-0000"}


def written(kind: Any, language: str = "es", **context: str) -> str:
    values = {**COMMON, **context}
    return texts.render(kind.subject[language], values) + "\n" + texts.render(kind.body[language], values)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.code)
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_text_uses_only_what_it_declares(kind: Any, language: str) -> None:
    texts.check(kind, kind.subject[language], kind.body[language])


def test_an_invoice_says_amount_date_and_how_to_pay() -> None:
    found = written(notices.INVOICE_READY, document="Factura B 1", amount="$10", total="$10", due_date="10/11/2026",
                    ways_to_pay="Alias RCW", second_due="20/11/2026: $11", period="noviembre")
    assert "Factura B 1: $10 hasta el 10/11/2026" in found and "Alias RCW" in found
    assert "hasta el 20/11/2026: $11" in found and "saldo" not in found


def test_an_older_debt_is_named_with_the_whole_balance() -> None:
    found = written(notices.INVOICE_READY, document="F", amount="$10", total="$10", due_date="1/1", balance="$25")
    assert "su saldo es de $25" in found


def test_who_is_in_credit_is_not_told_to_pay() -> None:
    found = written(notices.INVOICE_READY, document="F", amount="$0", total="$10", due_date="", ways_to_pay="Alias")
    assert "No hay nada que pagar" in found and "Debe pagar" not in found and "Alias" not in found


@pytest.mark.parametrize(("balance", "credit", "wanted"), [
    ("", "", "Está al día"), ("$5", "", "Le queda un saldo por pagar de $5"), ("", "$7", "$7 a su favor"),
])
def test_a_receipt_says_what_is_left(balance: str, credit: str, wanted: str) -> None:
    found = written(notices.PAYMENT_RECEIVED, amount="$10", date="1/1", method="Efectivo", balance=balance,
                    credit=credit)
    assert wanted in found
    assert sum(text in found for text in ("Está al día", "saldo por pagar", "a su favor")) == 1


def test_no_text_leaves_wide_gaps() -> None:
    for kind in ALL:
        for body in kind.body.values():
            assert "\n\n\n" not in texts.render(body, COMMON)
