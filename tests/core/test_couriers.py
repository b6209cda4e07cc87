"""Notices of simulators: sent until they are taken, given up in the end, never in each other's way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.simulators.couriers import Courier, Letter
from tests.door import Door, opened

pytestmark = pytest.mark.once


@pytest.fixture
def door() -> Iterator[Door]:
    with opened() as made:
        yield made


def bodies(door: Door) -> list[bytes]:
    return [one.body for one in door.requests]


def test_a_notice_is_repeated_until_it_is_taken(door: Door) -> None:
    courier = Courier(lambda tries: 900, seconds=5)
    courier.manual = True
    door.answers = [500, 302, 201]
    letter = courier.send(Letter(door.url, b"{}", {}))
    seen = [(one.state, one.status) for _round in range(4) for one in courier.deliver()]
    assert seen == [("waiting", 500), ("waiting", 302), ("taken", 201)] and letter.tries == 3
    assert bodies(door) == [b"{}"] * 3


def test_a_notice_that_nobody_takes_is_given_up(door: Door) -> None:
    courier = Courier(lambda tries: None if tries == 2 else 0, seconds=5)
    courier.manual = True
    door.answers = [500, 500, 200]
    letter = courier.send(Letter(door.url, b"{}", {}))
    courier.deliver()
    assert courier.deliver() == [letter] and letter.state == "given_up" and courier.deliver() == []


def test_a_closed_door_and_a_false_address_are_tried_again(door: Door) -> None:
    courier = Courier(lambda tries: 1, seconds=1)
    courier.manual = True
    for url in ("http://127.0.0.1:9/", "no address"):
        courier.send(Letter(url, b"", {}))
    assert [(one.state, one.status) for one in courier.deliver()] == [("waiting", None)] * 2
    assert len(courier.deliver()) == 2


def test_notices_leave_by_themselves_and_stop_with_the_server(door: Door) -> None:
    courier = Courier(lambda tries: None, seconds=5)
    courier.send(Letter(door.url, b"late", {}), after=3600)
    courier.send(Letter(door.url, b"now", {}))
    assert door.came.wait(10) and bodies(door) == [b"now"]
    courier.stop()
    assert courier.deliver() == []
