"""Files by the operator's own layouts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.layout_files import LayoutDebts, LayoutPayments, own
from modules.gateways.layout_shapes import Layout
from modules.gateways.layout_trial import with_values
from modules.gateways.shapes import Control, Debt, Made, Problem, Reading

NAME = "deudas_{date}_{number}.txt"


def bad_values(given: Any) -> str:
    """What is wrong with these lines, in words; "" where they are right."""
    for row in given.splitlines() if isinstance(given, str) else given:
        if not re.fullmatch(r"\s*\w{1,40}\s*=.+", str(row)):
            return _("“%(row)s” must be a name, =, and a value, like company=77.", row=str(row)[:60])
    return ""


def bad_name(given: Any) -> str:
    """What is wrong with the name of a file, in words; "" where it is right."""
    return "" if re.fullmatch(r"([\w.-]|\{date\}|\{number\})+", str(given)) else _(
        "Letters, digits, . _ and -, {date} and {number}.")


def layout(access: Access, setting: str, direction: str) -> Layout:
    """The layout of the account; BadSetting where there is none."""
    access.need(setting)
    found = own(access, setting, direction)
    assert found is not None
    return found


class Payments(LayoutPayments):
    """Payment files by the account's layout."""

    def __init__(self) -> None:
        super().__init__(lambda access: layout(access, "layout_in", "in"))

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        return super().read(file, with_values(access))


class Debts(LayoutDebts):
    """Debt files by the account's layout."""

    def __init__(self) -> None:
        super().__init__(lambda access: layout(access, "layout_out", "out"), _file_name)

    def problem(self, access: Access, debt: Debt) -> str:
        return super().problem(with_values(access), debt)

    def write(self, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
        return super().write(file, with_values(access), debts, made)


def _file_name(access: Access, made: Made) -> str:
    text = str(access.get("file_name", NAME))
    return text.replace("{date}", f"{made.date:%Y%m%d}").replace("{number}", str(made.number))
