"""Setting a company up: the steps come from slots, and whether one is done is looked up each time.

A module adds its steps with `slots.add("setup.steps", key, label, steps, permission, order)`; `steps(company)` answers
any number of `Step`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import url_for

from core import slots
from core.i18n import _, lazy
from core.models import Company

PLACE = "setup.steps"


@dataclass(frozen=True)
class Step:
    """One thing to do: what it is for, whether it is done, and the one button that leads to where it is done."""

    key: str
    title: Any
    done: bool
    # what it is for
    text: Any
    button: Any
    url: str
    # why it cannot be done yet; "" when it can
    waits_for: Any = ""
    # without it nobody is billed; the others may come later
    needed: bool = True
    # what is known: (label, words or Markup)
    facts: tuple[tuple[Any, Any], ...] = ()


def steps(company: Company) -> list[Step]:
    """All steps that the person may do, in order."""
    return [step for slot in slots.entries(PLACE) for step in slot.render(company)]


def first_hour(company: Company) -> list[Step]:
    """The steps while one that is needed is open; nothing afterwards."""
    found = steps(company)
    return found if any(step.needed and not step.done for step in found) else []


def next_step(found: Iterable[Step], wanted: str | None = None) -> Step | None:
    """The step that was asked for, else the first that is open and waits for nothing, else the last one."""
    found = list(found)
    chosen = [step for step in found if step.key == wanted]
    chosen += [step for step in found if not step.done and not step.waits_for and step.needed]
    chosen += [step for step in found if not step.done and not step.waits_for]
    return next(iter([*chosen, *found[-1:]]), None)


def company_steps(company: Company) -> list[Step]:
    """The frame's own step: what documents print of the company."""
    return [Step(
        "company", _("Your company's data"), bool(company.street and company.city and company.email),
        _("Name, address, e-mail and phone stand on every document and in every notice."), _("Fill in the data"),
        url_for("core.company"), facts=((_("Legal name"), company.name), (_("Tax number"), company.tax_id),
                                        (_("Currency"), company.currency)))]


slots.add(PLACE, "core.company", lazy("Your company's data"), company_steps, permission="core.edit_company", order=10)
