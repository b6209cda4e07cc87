"""`abona arrears`: who is warned, surcharged, cut, spared and restored, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from core import clock
from core.cli import DONE, chosen_companies, company_option, echo_json, json_option, with_app
from core.db import db, reading
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.arrears import running, wording
from modules.arrears.facts import Action, Spared


class Day(click.ParamType):
    """A date as 2026-11-09."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> dt.date:
        try:
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date: write it like 2026-11-09", param, context)


@click.group("arrears")
def cli() -> None:
    """Warn, cut and restore who is in arrears; with the rule that decided."""


@cli.command()
@click.option("--date", "day", type=Day(), help="As of this day; today by default.")
@click.option("--dry-run", is_flag=True, help="Only print what would be done.")
@company_option
@json_option
@with_app
def run(day: dt.date | None, dry_run: bool, company_code: str | None, as_json: bool) -> int:
    """Notices, surcharges, cuts, promises that ran out. Safe to kill, and to run again."""
    companies = chosen_companies(company_code)
    for company in companies:
        _check_day(company, day, dry_run)
    answer: dict[str, Any] = {"date": (day or clock.today(companies[0])).isoformat() if companies else "",
                              "actions": [], "spared": [], "refused": []}
    for company in companies:
        with company_scope(company):
            _run_company(company, day, dry_run, answer)
    echo_json(answer) if as_json else click.echo(_text(answer, dry_run))
    return DONE


def _check_day(company: Company, day: dt.date | None, dry_run: bool) -> None:
    """Nobody is cut today for what will be due tomorrow; the made-up subscribers of a rehearsal may be."""
    if day and day > clock.today(company) and not dry_run and not company.is_rehearsal:
        raise DomainError(_("To look at a day to come (%(day)s) you must add --dry-run: nobody is cut before his day.",
                            day=day.isoformat()))


def _run_company(company: Company, day: dt.date | None, dry_run: bool, answer: dict[str, Any]) -> None:
    moment = running.on(day) if day else running.now()
    if dry_run:
        with reading():
            for part in running.run(moment, dry=True):
                _add(answer, company, part)
        return
    for part in running.run(moment):
        db.session.commit()
        _add(answer, company, part)


def _add(answer: dict[str, Any], company: Company, part: running.Part) -> None:
    answer["actions"] += [_action(company, one, words) for one, words in part.actions]
    answer["spared"] += [_spared(company, one) for one in part.spared]
    answer["refused"] += [_action(company, one, why) for one, why in part.refused]


def _action(company: Company, one: Action, words: str) -> dict[str, Any]:
    return {"company": company.code, "contract": one.number, "customer": one.customer, "action": one.action,
            "rule": one.rule, "invoice": one.label or None, "reason": words}


def _spared(company: Company, one: Spared) -> dict[str, Any]:
    return {"company": company.code, "contract": one.number, "customer": one.customer, "by": one.by,
            "words": wording.spared(one)}


def _text(answer: dict[str, Any], dry_run: bool) -> str:
    lines = [f"{one['contract']:<10} {one['customer']:<10} {wording.ACTIONS[one['action']]!s:<16} "
             f"{wording.RULES.get(one['rule'], one['rule'])}: {one['reason']}" for one in answer["actions"]]
    lines += [f"{one['contract']:<10} {one['customer']:<10} {_('Spared'):<16} {one['words']}"
              for one in answer["spared"]]
    lines += [f"{one['contract']:<10} {one['customer']:<10} {_('Could not be done'):<16} "
              f"{wording.ACTIONS[one['action']]!s}: {one['reason']}" for one in answer["refused"]]
    title = _("%(done)s to do, %(spared)s spared. Nothing was written.") if dry_run else _(
        "%(done)s done, %(spared)s spared.")
    return "\n".join([*lines, title % {"done": len(answer["actions"]), "spared": len(answer["spared"])}])
