"""Refusals are compared in the language of the source, whatever catalogs are compiled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.i18n import use_locale


@pytest.fixture(autouse=True)
def english(request: pytest.FixtureRequest) -> Iterator[None]:
    if "app" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("app")
    with use_locale("en"):
        yield
