"""Files of a provider whose layouts are data: which layout serves an account, and what files are called. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from modules.gateways import layout_payments, layout_writer, layouts
from modules.gateways.access import Access
from modules.gateways.layout_shapes import BadLayout, Layout
from modules.gateways.ports import ALL
from modules.gateways.shapes import Control, Debt, Made, Problem, Reading

Choose = Callable[[Access], Layout]


class LayoutPayments:
    """Payment files by the layout that `choose` gives for an account."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        return layout_payments.read(self.choose(access), file, access)


class LayoutDebts:
    """Debt files by the layout that `choose` gives for an account.

    `refusal` is what the network does not take besides, `shaped` a debt as the layout wants it.
    """

    def __init__(self, choose: Choose, name: Callable[[Access, Made], str],
                 refusal: Callable[[Access, Debt], str] = lambda access, debt: "",
                 shaped: Callable[[Debt], Debt] = lambda debt: debt) -> None:
        self.choose, self.name, self.refusal, self.shaped = choose, name, refusal, shaped

    secrets: tuple[str, ...] = ()
    dates: int = 1

    def resend(self, access: Access) -> str:
        """A file replaces the one before it."""
        return ALL

    def keys(self, access: Access, debt: Debt) -> Iterator[tuple[str, Debt]]:
        """A file replaces the one before it: references may come again."""
        yield "", debt

    def problem(self, access: Access, debt: Debt) -> str:
        return self.refusal(access, debt) or layout_writer.problem(self.choose(access), access, self.shaped(debt))

    def write(self, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
        return layout_writer.write(self.choose(access), file, access, _Shaped(debts, self.shaped), made)


class _Shaped:
    """Debts as a layout wants them, each time they are walked through."""

    def __init__(self, debts: Iterable[Debt], shaped: Callable[[Debt], Debt]) -> None:
        self.debts, self.shaped = debts, shaped

    def __iter__(self) -> Iterator[Debt]:
        return map(self.shaped, self.debts)


def own(access: Access, setting: str, direction: str) -> Layout | None:
    """The layout that an operator wrote for this account; None where he wrote none."""
    given: Any = access.get(setting, None)
    if given is None:
        return None
    # hashable, so that a layout is understood once and not for every debt
    return _loaded(given if isinstance(given, str) else json.dumps(given), setting, direction)


def _loaded(text: str, setting: str, direction: str) -> Layout:
    found = _KNOWN.get(text)
    if found is None:
        found = layouts.load(text, setting)
        if len(_KNOWN) > 100:
            _KNOWN.clear()
        _KNOWN[text] = found
    if found.direction != direction:
        raise BadLayout("direction", found.direction, direction)
    return found


_KNOWN: dict[str, Layout] = {}


def merged(found: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """A layout with what stands beside it: checks and the map's entries are added, everything else replaces."""
    whole = {**found, **added, "checks": [*found.get("checks", []), *added.get("checks", [])]}
    if "map" in whole:
        whole["map"] = {**found.get("map", {}), **added.get("map", {})}
    return whole
