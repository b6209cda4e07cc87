"""The SRI's messages in our words."""

from __future__ import annotations

import pytest

from modules.einvoice_ec.catalogs import messages
from modules.einvoice_ec.explanations import TEXTS, explanation

pytestmark = pytest.mark.once


@pytest.mark.parametrize("code", [code for code, one in messages().items() if one.kind == "ERROR"])
def test_every_refusal_says_what_to_do(code):
    assert len(explanation(code, "").text) > 40


def test_only_the_sris_own_codes_are_explained():
    assert set(TEXTS) <= set(messages())
    assert explanation("vat_missing", "x").text == ""
    assert explanation("69", "").field == explanation("62", "").field == "tax_id"
