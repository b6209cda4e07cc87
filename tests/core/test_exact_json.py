"""Amounts go into JSON as numbers and come out as Decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.exact_json import as_json, read

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("value", "text"), [
    (Decimal("100.00"), "100"), (Decimal("84033.61"), "84033.61"), (Decimal("1E+3"), "1000"),
    (Decimal("0.10"), "0.1"), ({"a": [1, "ñ", None, True]}, '{"a":[1,"ñ",null,true]}'),
    ({"total": Decimal("12345678901234567.89")}, '{"total":12345678901234567.89}'),
])
def test_amounts_are_written_as_numbers_to_the_last_cent(value: Any, text: str) -> None:
    assert as_json(value) == text and read(text) == value
