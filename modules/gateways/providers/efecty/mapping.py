"""Efecty's files by presets of our own, and the bar code of the bill. Pure.

Efecty gives its layouts per agreement; ours are not confirmed by it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.i18n import _
from modules.gateways import barcodes, layouts
from modules.gateways.access import Access
from modules.gateways.errors import BadSetting
from modules.gateways.layout_files import merged, own
from modules.gateways.layout_shapes import Layout
from modules.gateways.layout_writer import reference_of
from modules.gateways.providers.asobancaria import mapping as asobancaria
from modules.gateways.shapes import Coupon, Debt, Made

DATA = Path(__file__).parent / "data"
V1, V2, BANKS = "v1", "v2", "asobancaria_2001"
PRESETS = (V1, V2, BANKS)
COMPANY = "NIT"
PERSON = ("first_name", "second_name", "first_surname", "second_surname")


@lru_cache
def layout(name: str) -> Layout:
    """One of the presets with what fills it, or what its fields mean."""
    return layouts.load(as_data(name), name)


def as_data(name: str) -> dict[str, Any]:
    """The same, as an operator would write it."""
    found = json.loads((DATA / "layouts.json").read_bytes())[name]
    added = json.loads((DATA / "maps.json").read_bytes())[name]
    return merged(found, added)


def preset(access: Access) -> str:
    """The preset of the agreement; BadSetting for one that there is not."""
    found = str(access.get("preset", V1))
    if found not in PRESETS:
        raise BadSetting(_("There is no preset %(found)s; known: %(known)s.", found=found, known=", ".join(PRESETS)),
                         field="preset")
    return found


def payments_layout(access: Access) -> Layout:
    """The operator's own, else that of the preset."""
    if found := own(access, "layout_in", "in"):
        return found
    return asobancaria.layout(asobancaria.COLLECTION_2001) if preset(access) == BANKS else layout("efecty_pagos_csv")


def debts_layout(access: Access) -> Layout:
    """The operator's own, else that of the preset."""
    if found := own(access, "layout_out", "out"):
        return found
    chosen = preset(access)
    return asobancaria.layout(asobancaria.DEBTS_2001) if chosen == BANKS else layout(f"efecty_deudas_{chosen}")


def shaped(debt: Debt) -> Debt:
    """Companies have one name, people four: the file has a column for each."""
    extra: dict[str, Any] = dict(debt.extra)
    if str(extra.get("document_kind", "")).strip().upper() == COMPANY:
        extra |= {"legal_name": debt.name, **dict.fromkeys(PERSON, "")}
    return replace(debt, extra=extra)


def refusal(access: Access, debt: Debt) -> str:
    """What the agreement does not take: amounts below its minimum."""
    least = access.get("minimum", None)
    if least is not None and debt.amount < int(least):
        return _("Efecty takes amounts from %(least)s; this one is %(amount)s.", least=least, amount=str(debt.amount))
    return ""


def file_name(access: Access, made: Made) -> str:
    """Our own way of naming."""
    ending = "txt" if preset(access) == BANKS else "csv"
    return f"deudas_{preset(access)}_{access.get('convenio', 'convenio')}_{made.date:%Y%m%d}_{made.number}.{ending}"


class Bill:
    """The GS1-128 of the bill: the first amount, until the last day on which the office takes it."""

    def coupon(self, access: Access, debt: Debt) -> Coupon:
        reference = reference_of(access, debt).zfill(number(access, "reference_width", 0))
        before = str(access.get("account_code", ""))
        return barcodes.bill(str(access.need("gln")), (*((before,) if before else ()), reference), debt.amount,
                             debt.due[-1].date, number(access, "amount_width", 10),
                             number(access, "amount_decimals", 0))


def said(access: Access, debt: Debt) -> tuple[str, str]:
    """What is said at the counter where there is no bar code: agreement and reference."""
    return reference_of(access, debt), _("At any Efecty counter say the agreement %(number)s and this reference.",
                                         number=access.get("convenio", "–"))


def number(access: Access, name: str, default: int) -> int:
    """A setting that is a whole number, however it was written."""
    found = access.get(name, default)
    if isinstance(found, bool) or not str(found).isdecimal():
        raise BadSetting(_("%(name)s must be a whole number; found: %(found)s.", name=name, found=str(found)[:40]),
                         field=name)
    return int(found)
