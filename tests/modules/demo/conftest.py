"""Loading without the outside: no simulator is needed where no past is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core import installation
from core.models import Company
from modules.demo import services
from modules.demo.services import Wishes


@pytest.fixture
def load(app: Flask) -> Callable[..., list[Company]]:
    """`load(subscribers=60, countries=("EC",))`: the companies."""
    installation.make_roles()

    def run(**wishes: Any) -> list[Company]:
        return services.load(Wishes(**{"subscribers": 60, **wishes}), None, lambda _line: None)

    return run
