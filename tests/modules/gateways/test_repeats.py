"""Equal records of a file are numbered, wherever they stand."""

from __future__ import annotations

from modules.gateways.repeats import Repeats


def test_equal_records_are_numbered_and_others_are_not() -> None:
    repeats = Repeats()
    assert [repeats.number(key) for key in ("a", "b", "a", "c", "a", "b")] == [1, 1, 2, 1, 3, 2]
