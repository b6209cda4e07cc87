"""What every country's tax identity needs: the answer of a check, cleaning, sums with weights."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.i18n import _

# Signs that people put between digits, in all their typographic shapes.
_MARKS = re.compile(r"[\s.,\-/_'·‐‑‒–—―−]+")


@dataclass(frozen=True)
class TaxIdCheck:
    """Answer of `validate`: `reason` says why it is refused, `warning` what nobody can decide by arithmetic.

    `kind` is "" where the number looks like nothing known; `formatted` is "" where the number is refused.
    """

    valid: bool
    kind: str
    compact: str
    formatted: str
    reason: str = ""
    warning: str = ""


class Country(Protocol):
    """What a file of this folder offers."""

    TAX_ID_KINDS: Mapping[str, str]
    TAX_CONDITIONS: Mapping[str, str]

    def compact(self, number: str) -> str: ...
    def validate(self, kind: str | None, number: str) -> TaxIdCheck: ...
    def format(self, kind: str | None, number: str) -> str: ...


def bare(number: Any, prefixes: Iterable[str] = ()) -> str:
    """The number in capitals without marks and without its own name in front ("DNI 23.456.781")."""
    if type(number) is str and number.isascii() and number.isdecimal():
        return number  # as it is stored
    text = unicodedata.normalize("NFKC", str(number or "")).upper().strip()
    text = _MARKS.sub("", text.replace("Nº", "").replace("N°", ""))
    for prefix in sorted(prefixes, key=len, reverse=True):
        rest = text.removeprefix(prefix).lstrip(":#")
        if rest != text and rest[:1].isdigit():
            return rest
    return text


def weighted(digits: str, weights: Iterable[int]) -> int:
    """Sum of digit × weight; both have the same length."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def grouped(digits: str) -> str:
    """Digits with a point every three from the right: 23.456.781."""
    return f"{int(digits):,}".replace(",", ".")


def accept(kind: str, number: str, formatted: str, warning: str = "") -> TaxIdCheck:
    return TaxIdCheck(True, kind, number, formatted, warning=warning)


def refuse(kind: str, number: str, reason: str) -> TaxIdCheck:
    return TaxIdCheck(False, kind, number, "", reason=reason)


def empty() -> TaxIdCheck:
    return refuse("", "", _("No number was given."))


def unknown(number: str, kinds: Mapping[str, str]) -> TaxIdCheck:
    """The refusal of a number that has the shape of no known document."""
    return refuse("", number, _("%(number)s does not look like any document of this country (%(kinds)s).",
                                number=number, kinds=", ".join(kinds)))


def unknown_kind(kind: str, number: str, kinds: Mapping[str, str]) -> TaxIdCheck:
    return refuse("", number, _("%(kind)s is not a kind of document of this country; there are: %(kinds)s.",
                                kind=kind, kinds=", ".join(kinds)))


def wrong_length(kind: str, number: str, wanted: str) -> TaxIdCheck:
    """The refusal of a number that is too long, too short, or has letters; `wanted` like "11"."""
    if not number.isdecimal():
        return refuse(kind, number, _("A %(kind)s has only digits; %(number)s has other characters.",
                                      kind=kind, number=number))
    return refuse(kind, number, _("A %(kind)s has %(wanted)s digits; %(number)s has %(found)s.", kind=kind,
                                  wanted=wanted, number=number, found=len(number)))


def dropped_zero(filled: str) -> str:
    return _("Spreadsheets drop zeros on the left: is it %(number)s?", number=filled)


def wrong_digit(kind: str, formatted: str, expected: str) -> TaxIdCheck:
    """The refusal of a wrong check digit, with the one that the rest of the number asks for."""
    return refuse(kind, bare(formatted), _(
        "The check digit of %(kind)s %(number)s is wrong: the other digits ask for %(expected)s.",
        kind=kind, number=formatted, expected=expected))


def wrong_start(kind: str, number: str, start: str, known: Iterable[str]) -> TaxIdCheck:
    return refuse(kind, number, _("A %(kind)s does not begin with %(start)s; it begins with one of: %(known)s.",
                                  kind=kind, start=start, known=", ".join(known)))


def free_text(kind: str, number: str, longest: int = 20) -> TaxIdCheck:
    """A passport or foreign document: letters and digits, nothing to compute."""
    if re.fullmatch(rf"[A-Z0-9]{{1,{longest}}}", number) and re.search(r"\d", number):
        return accept(kind, number, number)
    return refuse(kind, number, _("A %(kind)s has up to %(longest)s letters and digits; %(number)s is something else.",
                                  kind=kind, longest=longest, number=number or "''"))


def looks_like_passport(number: str) -> bool:
    """One to three letters, then digits: as passports are numbered in most countries."""
    return bool(re.fullmatch(r"[A-Z]{1,3}\d{5,9}", number))


def all_same(number: str) -> bool:
    return len(set(number)) == 1


def placeholder_warning(number: str) -> str:
    """A number of one repeated digit may exist, but is mostly typed to fill the field."""
    return _("%(number)s looks like a number typed to fill the field.", number=number) if all_same(number) else ""
