"""Query words: a stack of true and false per row, as the manual describes it. Both spellings of "equals"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Row = Mapping[str, str]


def keeps(row: Row, queries: Sequence[str]) -> bool:
    """Whether a row is in the answer: no false is left on the stack at the end."""
    stack: list[bool] = []
    for query in queries:
        if query.startswith("#"):
            _operate(stack, query[1:])
        else:
            stack.append(_holds(row, query))
    return all(stack)


def _holds(row: Row, query: str) -> bool:
    if query.startswith("-"):
        return query[1:] not in row
    if query.startswith(("<", ">")):
        name, _equals, value = query[1:].partition("=")
        return name in row and _compare(row[name], value) == (-1 if query[0] == "<" else 1)
    name, equals, value = query.removeprefix("=").partition("=")
    if not equals:
        return name in row
    return name in row and _same(row[name], value)


def _same(found: str, wanted: str) -> bool:
    words = {"yes": "true", "no": "false"}
    return found == wanted or (found in ("true", "false") and words.get(wanted) == found)


def _compare(one: str, other: str) -> int:
    if one.lstrip("-").isdigit() and other.lstrip("-").isdigit():
        left, right = int(one), int(other)
        return (left > right) - (left < right)
    return (one > other) - (one < other)


def _operate(stack: list[bool], operations: str) -> None:
    """`!` not, `&` and, `|` or, an index (the top is 0) copies that value, at the end of the word it replaces all.

    A `.` after an index does nothing, elsewhere it copies the top.
    """
    for digits, sign in re.findall(r"(\d*)(\D?)", operations):
        if digits and not sign:
            stack[:] = [stack[-1 - int(digits)]]
        elif digits:
            stack.append(stack[-1 - int(digits)])
        if sign == "!":
            stack[-1:] = [not stack[-1]]
        elif sign in ("&", "|") and len(stack) > 1:
            right, left = stack.pop(), stack.pop()
            stack.append((left and right) if sign == "&" else (left or right))
        elif sign == "." and not digits:
            stack.append(stack[-1])
