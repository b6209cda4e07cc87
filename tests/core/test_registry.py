"""Registries: one entry per key, and an unknown key says which there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.registry import DuplicateKey, Registry, UnknownKey, all_registries

pytestmark = pytest.mark.once


@pytest.fixture
def colours() -> Iterator[Registry[str]]:
    made: Registry[str] = Registry("test colours")
    yield made
    del all_registries["test colours"]


def test_an_entry_is_found_by_its_key(colours: Registry[str]) -> None:
    assert colours.register("sky", "blue") == "blue"
    assert colours.get("sky") == colours.find("sky") == "blue" and "sky" in colours and len(colours) == 1


def test_an_unknown_key_lists_the_known_ones(colours: Registry[str]) -> None:
    with pytest.raises(UnknownKey, match="known: none"):
        colours.get("grass")
    colours.register("sky", "blue")
    colours.register("earth", "brown")
    with pytest.raises(UnknownKey, match="no 'grass'; known: earth, sky"):
        colours.get("grass")
    assert colours.find("grass") is None


def test_a_key_has_one_owner(colours: Registry[str]) -> None:
    entry = colours.register("sky", "blue")
    colours.register("sky", entry)
    with pytest.raises(DuplicateKey, match="'sky' is registered twice"):
        colours.register("sky", "grey")
    assert colours.get("sky") == "blue"


def test_entries_come_in_the_order_of_their_keys_however_they_were_registered(colours: Registry[str]) -> None:
    for key in "cab":
        colours.register(key, key)
    assert [key for key, _entry in colours.items()] == ["a", "b", "c"]


def test_every_registry_is_known_by_its_name(colours: Registry[str]) -> None:
    assert all_registries["test colours"] is colours and "checks" in all_registries
