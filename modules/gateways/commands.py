"""`abona gateways list | import | export | poll | inbox`: the commands that need the installation."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from core import clock, months
from core.cli import (
    BAD_INPUT,
    DONE,
    NEEDS_PERSON,
    ExistingFile,
    chosen_companies,
    chosen_company,
    company_option,
    echo_json,
    echo_table,
    json_option,
    with_app,
)
from core.db import db, find
from core.errors import DomainError
from core.i18n import _, format_amount, format_date
from core.registry import Registry
from core.scope import company_scope
from modules.gateways import booking, causes, files_in, files_out, jobs, ports
from modules.gateways.models import Account, File, Notice, Transaction


def register(group: click.Group) -> None:
    """Add these commands to `abona gateways`."""
    for command in (list_accounts, import_file, export, poll, show_inbox):
        group.add_command(command)


def account_of(provider: str) -> Account:
    """The account in use at a provider, or the one of this name; refused where that is not clear."""
    rows = db.session.scalars(sa.select(Account).where(
        Account.active, sa.or_(Account.provider == provider, Account.name == provider))).all()
    if len(rows) == 1:
        return rows[0]
    known = db.session.scalars(sa.select(Account.name).where(Account.active)).all()
    raise DomainError(_("To say which gateway is meant you must give the name of one account; %(name)s fits %(count)s. "
                        "There are: %(known)s.", name=provider, count=len(rows), known=", ".join(known) or "-"))


@click.command("list")
@company_option
@json_option
@with_app
def list_accounts(company_code: str | None, as_json: bool) -> int:
    """The accounts at gateways, and what each can do."""
    rows: list[dict[str, Any]] = []
    for company in chosen_companies(company_code):
        with company_scope(company):
            rows += [{"company": company.code, "account": one.name, "provider": one.provider,
                      "environment": one.environment, "kinds": kinds_of(one.provider), "trouble": one.trouble}
                     for one in db.session.scalars(sa.select(Account).where(Account.active).order_by(Account.id))]
    if as_json:
        echo_json({"accounts": rows})
    else:
        echo_table((_("company"), _("account"), _("provider"), _("can"), _("trouble")),
                   [(one["company"], one["account"], one["provider"], ", ".join(one["kinds"]), one["trouble"])
                    for one in rows])
    return DONE


def kinds_of(provider: str) -> list[str]:
    """The kinds of integration that a provider has, in the words of the ports."""
    known: dict[str, Registry[Any]] = {
        "link": ports.checkouts, "coupon": ports.coupons, "out": ports.debt_files, "in": ports.payment_files,
        "webhook": ports.webhooks, "poll": ports.polls, "pull": ports.pulls, "statement": ports.statements,
        "bank": ports.bank_statements}
    return [name for name, registry in known.items() if provider in registry]


@click.command("import")
@click.argument("provider")
@click.argument("file", type=ExistingFile())
@company_option
@json_option
@with_app
def import_file(provider: str, file: Path, company_code: str | None, as_json: bool) -> int:
    """Import a payment file: all of it, or nothing. The same file again changes nothing (exit 2)."""
    with company_scope(chosen_company(company_code)):
        account = account_of(provider)
        with file.open("rb") as opened:
            row = files_in.store(account, opened, file.name)
        db.session.commit()
        row_id = row.id
        proved = files_in.prove(row_id)
        taken = files_in.load(row_id) if proved else booking.Taken()
        row = db.session.get_one(File, row_id)
        result = {"file": row.name, "state": row.state, "count": row.count, "total": f"{row.total:.2f}",
                  "booked": taken.booked, "waiting": taken.waiting, "reversed": taken.reversed, "known": taken.known,
                  "error": row.error, "line": row.line}
    if as_json:
        echo_json(result)
    elif proved:
        click.echo(_("%(count)s payments of the file: %(booked)s booked, %(waiting)s wait for a person, %(reversed)s "
                     "taken back, %(known)s were known.", count=row.count, booked=taken.booked, waiting=taken.waiting,
                     reversed=taken.reversed, known=taken.known))
    if not proved:
        click.echo(row.error, err=True)
        return BAD_INPUT
    return NEEDS_PERSON if taken.waiting else DONE


@click.command("export")
@click.argument("provider")
@click.option("--period", help="The month, like 2026-11: documents issued until its end. By default, until today.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the file.")
@click.option("--again", type=int, metavar="ID", help="Give this file once more instead of making a new one.")
@click.option("--sent", is_flag=True, help="Mark it as sent: it is taken to the gateway by hand.")
@click.option("--reason", default="", help="Why a new file is made while payments of the former are not in.")
@company_option
@json_option
@with_app
def export(provider: str, period: str | None, output: Path | None, again: int | None, sent: bool, reason: str,
           company_code: str | None, as_json: bool) -> int:
    """Make a file of the debts that are open. Exit 1 where debts were left out, or nothing is to be asked for."""
    with company_scope(chosen_company(company_code)):
        account = account_of(provider)
        row = find(File, again) if again else files_out.begin(account, _end_of(period), reason=reason)
        db.session.commit()
        with jobs.alone(f"out:{row.account_id}") as keep:
            if keep is None:
                raise DomainError(_("Another process works on this gateway."))
            files_out.make(row.id, keep)
        row = find(File, row.id)
        _give(row, output, as_json)
        if sent and row.state == "made":
            files_out.sent_by_hand(row)
            db.session.commit()
        left_out = files_out.left_out(row)
        result = {"file": row.id, "name": row.name, "state": row.state, "number": row.number, "count": row.count,
                  "total": f"{row.total:.2f}", "sha256": row.sha256, "error": row.error,
                  "left_out": [{"code": code, "reason": words, "count": count} for code, words, count in left_out]}
    if as_json:
        echo_json(result)
    else:
        _tell_export(result)
    return DONE if row.state in ("made", "sent") and not left_out else NEEDS_PERSON


def _end_of(period: str | None) -> dt.date | None:
    """The last day of a month, but not after today."""
    if period is None:
        return None
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", period.strip())
    if found is None:
        raise DomainError(_("To name a month you must write it like 2026-11; “%(text)s” is not one.", text=period),
                          field="period")
    year, month = int(found[1]), int(found[2])
    return months.last_day(dt.date(year, month, 1))


def _give(row: File, output: Path | None, as_json: bool) -> None:
    """Write the bytes to their place, or to standard output where nothing else goes there."""
    if row.state in ("empty", "refused") or (output is None and as_json):
        return
    with files_out.content(row) as made:
        if output is None:
            shutil.copyfileobj(made, sys.stdout.buffer)
            return
        with output.open("wb") as target:
            shutil.copyfileobj(made, target)


def _tell_export(result: dict[str, Any]) -> None:
    """What was made, on standard error: the file itself may stand on the other one."""
    if result["error"]:
        click.echo(result["error"], err=True)
    click.echo(_("%(name)s: %(count)s debts, %(total)s.", name=result["name"], count=result["count"],
                 total=result["total"]), err=True)
    for one in result["left_out"]:
        click.echo(_("%(count)s left out: %(reason)s", count=one["count"], reason=one["reason"]), err=True)


@click.command("poll")
@click.argument("provider", required=False)
@company_option
@with_app
def poll(provider: str | None, company_code: str | None) -> int:
    """Ask gateways now what was paid."""
    for company in chosen_companies(company_code):
        with company_scope(company):
            rows = [account_of(provider)] if provider else db.session.scalars(sa.select(Account).where(Account.active))
            for account_id in [one.id for one in rows if one.provider in ports.polls]:
                jobs.poll(account_id)
                account = db.session.get_one(Account, account_id)
                click.echo(f"{account.name}: {account.trouble or _('asked')}")
    return DONE


@click.command("inbox")
@company_option
@json_option
@with_app
def show_inbox(company_code: str | None, as_json: bool) -> int:
    """Payments that wait for a person, and notices that wait for work. Exit 1 where any payment waits."""
    rows: list[dict[str, Any]] = []
    notices = 0
    for company in chosen_companies(company_code):
        with company_scope(company):
            notices += db.session.scalar(sa.select(sa.func.count()).select_from(Notice).where(
                Notice.state == "waiting")) or 0
            rows += [_waiting(company.code, one) for one in db.session.scalars(
                sa.select(Transaction).where(sa.or_(Transaction.state == "waiting", Transaction.attention != ""))
                .order_by(Transaction.id).limit(500))]
    if as_json:
        echo_json({"waiting": rows, "notices": notices})
    else:
        echo_table((_("company"), _("account"), _("payment"), _("amount"), _("since"), _("why")),
                   [(one["company"], one["account"], one["external_id"], one["shown"], one["since"], one["why"])
                    for one in rows])
    return NEEDS_PERSON if rows else DONE


def _waiting(company: str, one: Transaction) -> dict[str, Any]:
    cause = one.cause or one.attention
    return {"company": company, "account": one.account.name, "external_id": one.external_id, "cause": cause,
            "why": str(causes.WORDS[cause][0]), "amount": f"{one.amount:.2f}", "currency": one.currency,
            "shown": format_amount(one.amount, one.currency), "since": format_date(clock.local(one.seen_at).date())}
