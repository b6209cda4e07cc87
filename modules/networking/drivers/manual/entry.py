"""Plugs in what people do themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from core.errors import Rejected
from core.i18n import _, lazy
from modules.networking.ports import Access, drivers
from modules.networking.words import METHODS


class ByHand:
    """Other brands: what waits is a list, and what is ticked off counts as done."""

    title = lazy("By hand: a list of what to do")
    methods = tuple(METHODS)
    manual = True
    fields: Sequence[tuple[str, str]] = ()

    def open(self, access: Access, beat: Callable[[], None] = lambda: None) -> AbstractContextManager[Any]:
        raise Rejected(_("What is done on this router is ticked off by a person; nobody speaks to it from here."),
                       code="setting")

    def script(self, access: Access, allowed: Sequence[str], portal: str) -> str:
        return ""


drivers.register("manual", ByHand())
