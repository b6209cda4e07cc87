"""The taxes that a line, a plan or an extra may bear, by country: what forms list. Pure.

AR: argentina.md 2.3 (rates of the authority's table); EC, CO, MX, PE: the general rate, those that internet service
may fall under, and the ways in which none applies.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.i18n import lazy

_EXEMPT, _UNTAXED = lazy("exempt"), lazy("untaxed")
RATES: dict[str, tuple[str, ...]] = {
    "AR": ("21", "10.5", "27", "5", "2.5", "0"), "EC": ("15", "5", "0"), "CO": ("19", "5"), "MX": ("16", "8", "0"),
    "PE": ("18",)}
CATEGORIES: dict[str, tuple[tuple[str, Any], ...]] = {
    "AR": (("exempt", _EXEMPT), ("untaxed", _UNTAXED)), "EC": (("exempt", _EXEMPT), ("untaxed", _UNTAXED)),
    "CO": (("exempt", _EXEMPT), ("excluded", lazy("excluded"))), "MX": (("exempt", _EXEMPT),),
    "PE": (("exempt", lazy("exonerated")), ("untaxed", lazy("not subject to tax")))}
NAMES = {"PE": "IGV"}
Taxes = list[dict[str, Any]]


def choices(country: str, present: Sequence[dict[str, Any]] | None = None) -> list[tuple[str, str]]:
    """(value, label) for a form; what is `present` and not usual comes first, so that it is not lost."""
    name = NAMES.get(country, "IVA")
    found = [(_value([{"code": "VAT", "rate": rate}]), f"{name} {rate.replace('.', ',')} %")
             for rate in RATES.get(country, ())]
    found += [(_value([{"code": "VAT", "category": code}]), f"{name}: {label}")
              for code, label in CATEGORIES.get(country, ())]
    found.append((_value([]), str(lazy("no tax"))))
    if present is not None and _value(present) not in dict(found):
        found.insert(0, (_value(present), text(present)))
    return found


def parse(value: str) -> Taxes:
    """The taxes of a form's value; it is one of the choices, which the form has checked."""
    return list(json.loads(value))


def value(taxes: Sequence[dict[str, Any]]) -> str:
    """Taxes as a form's value."""
    return _value(taxes)


def _value(taxes: Sequence[dict[str, Any]]) -> str:
    return json.dumps(list(taxes), sort_keys=True, separators=(",", ":"))


def text(taxes: Sequence[dict[str, Any]], country: str = "") -> str:
    """Taxes in a few words."""
    name = NAMES.get(country, "IVA")
    words = [f"{name if tax.get('code') == 'VAT' else tax.get('code')} {_rate(tax)}".strip() for tax in taxes]
    return ", ".join(words) or str(lazy("no tax"))


def _rate(tax: dict[str, Any]) -> str:
    if tax.get("rate") is not None:
        return f"{str(tax['rate']).replace('.', ',')} %"
    known = {code: str(label) for pairs in CATEGORIES.values() for code, label in pairs}
    return known.get(str(tax.get("category")), str(tax.get("category", "")))
