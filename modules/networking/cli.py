"""`abona network reconcile | status`: what should be against what is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import sqlalchemy as sa

from core import clock, leases
from core.cli import (
    DONE,
    NEEDS_PERSON,
    UNREACHABLE,
    chosen_companies,
    company_option,
    echo_json,
    echo_table,
    json_option,
    with_app,
)
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from core.scope import company_scope
from modules.contracts.models import Contract
from modules.networking import jobs, queries, reconciling, services
from modules.networking.models import Connection, Router


@click.group("network")
def cli() -> None:
    """Routers: bring them where the contracts are, and see how they stand."""


@cli.command()
@click.option("--router", "name", help="Its name; all routers in use without it.")
@click.option("--dry-run", is_flag=True, help="Read, and say what would be written.")
@company_option
@json_option
@with_app
def reconcile(name: str | None, dry_run: bool, company_code: str | None, as_json: bool) -> int:
    """Bring routers where they should be, one session each; the result says what was, or would be, written."""
    found = []
    for company in chosen_companies(company_code):
        with company_scope(company):
            services.follow_all()
            db.session.commit()
            found += [_shown(company.code, result, dry_run) for result in _run(name, dry_run)]
    if name and not found:
        raise DomainError(_("There is no router %(name)s in use.", name=name))
    if as_json:
        echo_json({"dry_run": dry_run, "routers": found})
    else:
        _print(found)
    if any(one["code"] or one["refused"] for one in found):
        return NEEDS_PERSON
    return UNREACHABLE if any(one["trouble"] for one in found) else DONE


def _run(name: str | None, dry_run: bool) -> Iterator[reconciling.Result]:
    wanted = sa.select(Router.id, Router.name).where(Router.active, Router.driver != "manual").order_by(Router.name)
    rows = db.session.execute(wanted.where(Router.name == name) if name else wanted).all()
    for row in rows:
        with leases.held(f"networking.router:{row.id}", jobs.LEASE_SECONDS, "") as keep:
            if keep is None:
                yield reconciling.Result(row.id, row.name, trouble=_("another process works on this router"))
                continue
            yield reconciling.run(row.id, keep, dry=dry_run)
        db.session.commit()


def _shown(company: str, result: reconciling.Result, dry_run: bool) -> dict[str, Any]:
    keys = sorted({key for step in result.steps for key in step.connection_ids})
    numbers: dict[int, str] = dict(db.session.execute(
        sa.select(Connection.id, Contract.number).join(Contract, Contract.id == Connection.contract_id)
        .where(among(Connection.id, keys))).tuples().all())
    db.session.rollback()
    written = result.written or dry_run
    return {"company": company, "router": result.router, "linked": result.linked,
            "changes": [{"contract": numbers.get(key, ""), "action": step.action, "words": step.words}
                        for step in result.steps for key in step.connection_ids or (0,)] if written else [],
            "applied": result.applied, "waiting": result.waiting,
            "refused": [{"contract": numbers.get(key, ""), "reason": reason} for key, reason in result.refused.items()],
            "trouble": result.trouble, "code": result.code}


def _print(found: list[dict[str, Any]]) -> None:
    echo_table([_("Company"), _("Router"), _("Linked"), _("Changes"), _("Waiting"), _("Trouble")],
               [[one["company"], one["router"], str(one["linked"]), str(len(one["changes"])), str(one["waiting"]),
                 one["trouble"]] for one in found])
    for one in found:
        for change in one["changes"]:
            click.echo(f"  {one['router']}  {change['contract'] or '-'}  {change['action']}  {change['words']}")


@cli.command()
@company_option
@json_option
@with_app
def status(company_code: str | None, as_json: bool) -> int:
    """How each router stands: whether it answers, what waits there and since when, what differs."""
    found = []
    for company in chosen_companies(company_code):
        with company_scope(company):
            found += [_standing(company.code, row) for row in queries.routers()]
    db.session.rollback()
    if as_json:
        echo_json({"routers": found})
    else:
        echo_table([_("Company"), _("Router"), _("State"), _("Linked"), _("Waiting"), _("Differences"), _("Trouble")],
                   [[one["company"], one["router"], one["state"], str(one["linked"]), str(one["waiting"]),
                     str(one["differences"]), one["trouble"]] for one in found])
    return NEEDS_PERSON if any(one["state"] == "stopped" or one["differences"] for one in found) else DONE


def _standing(company: str, row: Any) -> dict[str, Any]:
    router: Router = row.Router
    waits = int((clock.now() - row.oldest).total_seconds()) if row.oldest else None
    return {"company": company, "router": router.name, "node": row.node or "", "driver": router.driver,
            "state": router.state, "armed": router.armed_at is not None, "active": router.active,
            "version": router.version, "serial": router.serial, "linked": row.linked, "waiting": row.waiting,
            "oldest_wait_seconds": waits, "differences": int(row.different), "strays": router.stray_count,
            "trouble": router.trouble, "code": router.trouble_code,
            "next_try_at": router.next_try_at.isoformat() if router.next_try_at else None}
