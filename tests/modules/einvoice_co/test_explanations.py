"""The DIAN's rules in our words, those of notes like those of invoices (colombia.md, 1.9)."""

from __future__ import annotations

import pytest

from modules.einvoice_co.explanations import explanation

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("rule", "field"), [
    ("K24", "tax_id"), ("K43b", "tax_id"), ("J44a", ""), ("D06", ""), ("U02", ""), ("U14", ""), ("X07", ""),
    ("R08", "")])
@pytest.mark.parametrize("letters", ["CA", "DA"])
def test_a_rule_of_a_note_is_explained_like_that_of_an_invoice(letters, rule, field):
    of_invoice = explanation(f"FA{rule}", "")
    assert of_invoice.text and of_invoice.field == field
    assert explanation(letters + rule, "") == of_invoice


def test_a_rule_of_a_note_that_no_invoice_has():
    assert explanation("CAG99", "").text and not explanation("", "").text
