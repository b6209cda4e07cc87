"""Setting a company up: the steps come from slots, and whether one is done is looked up each time.

A module adds its steps with `slots.add("setup.steps", key, label, steps, permission, order)`; `steps(company)` answers
any number of `Step`. What they ask the database is registered in `facts`, and read for all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import slots
from core.db import db
from core.i18n import _, lazy
from core.models import Company
from core.registry import Registry

PLACE = "setup.steps"
# by a short name: what a step asks the database about a company, as an expression (an EXISTS, a scalar select)
facts: Registry[Callable[[Company], Any]] = Registry("setup_facts")
_read: ContextVar[Mapping[str, Any] | None] = ContextVar("abona_setup_facts", default=None)


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


@contextmanager
def together(company: Company) -> Iterator[None]:
    """All facts are asked in one statement, at the first of these blocks; each `fact` within it costs nothing."""
    if _read.get() is not None:
        yield
        return
    token = _read.set(_facts(company, [name for name, _fact in facts.items()]))
    try:
        yield
    finally:
        _read.reset(token)


def steps(company: Company) -> list[Step]:
    """All steps that the person may do, in order."""
    with together(company):
        return [step for slot in slots.entries(PLACE) for step in slot.render(company)]


def fact(company: Company, name: str) -> Any:
    """What the database says to a registered question; while steps are collected, all are asked in one statement."""
    known = _read.get()
    return known[name] if known is not None else _facts(company, [name])[name]


def any_row(model: Any) -> Callable[[Company], Any]:
    """The fact that the company has a row of this table."""
    return lambda company: sa.exists().where(model.company_id == company.id)


def _facts(company: Company, names: Iterable[str]) -> Mapping[str, Any]:
    asked = list(names)
    wanted = [facts.get(name)(company) for name in asked]
    return dict(zip(asked, db.session.execute(sa.select(*wanted)).one(), strict=True)) if wanted else {}


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
