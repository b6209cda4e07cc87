"""`abona einvoice authorize | status | retry | continue | reconcile | export | enable`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from core import worker
from core.cli import (
    DONE,
    NEEDS_PERSON,
    chosen_companies,
    chosen_company,
    company_option,
    echo_json,
    echo_table,
    json_option,
    note,
    with_app,
)
from core.db import db, find, reading
from core.errors import DomainError, OutsideError
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.einvoice import explaining, exporting, labels, queries, reconciling, services
from modules.einvoice.models import Document, Sequence
from modules.einvoice.ports import Enabler, Step, enablers

# refused documents that `status` names; the tray on screen has them all
SHOWN = 50


def register(group: click.Group) -> None:
    """Add these commands to `abona einvoice`."""
    for command in (authorize, status, retry, go_on, reconcile, export, enable):
        group.add_command(command)


@click.command()
@company_option
@click.option("--wait", is_flag=True, help="Wait until nothing is pending.")
@json_option
@with_app
def authorize(company_code: str | None, wait: bool, as_json: bool) -> int:
    """Send what is pending to the authority; opens documents of invoices that have none."""
    companies = chosen_companies(company_code)
    for company in companies:
        with company_scope(company):
            _open_missing()
            services.enqueue_open(company.id)
    db.session.commit()
    if wait:
        _wait(companies)
    return _print_status(companies, None, as_json)


def _open_missing() -> None:
    """Invoices issued before their country's module was enabled get their documents now."""
    while ids := queries.invoices_without_document(limit=1000):
        if not services.open_documents(ids):
            return
        db.session.commit()


def _wait(companies: list[Company]) -> None:
    """Until nothing is open on sequences that work; a sequence that a person must look at is not waited for."""
    ids = [company.id for company in companies]
    progress = {"left": -1}

    def left() -> int:
        total = 0
        for company_id in ids:
            with company_scope(company_id):
                total += queries.still_open(signed_too=True)
        return total

    def show() -> None:
        with reading():
            now = left()
        if now != progress["left"]:
            progress["left"] = now
            note(_("%(count)s documents are waiting for the authority.", count=now))

    db.session.commit()
    worker.work_until(lambda: left() == 0, idle=show)


@click.command()
@company_option
@click.option("--period", help="Only documents of this month (2026-11).")
@json_option
@with_app
def status(company_code: str | None, period: str | None, as_json: bool) -> int:
    """Documents per state, refused ones by cause, stopped sequences."""
    return _print_status(chosen_companies(company_code), _period(period), as_json)


def _period(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        queries.month(value)
    except ValueError:
        raise DomainError(_("To choose a month you must write it like 2026-11, not %(value)s.", value=value)) from None
    return value


def _print_status(companies: list[Company], period: str | None, as_json: bool) -> int:
    found = []
    for company in companies:
        with company_scope(company):
            found.append(_status(company, period))
    if as_json:
        echo_json({"companies": found})
    else:
        for one in found:
            _show_status(one)
    busy = any(one["documents"]["rejected"] or one["documents"]["unknown"] or one["stopped"] for one in found)
    return NEEDS_PERSON if busy else DONE


def _status(company: Company, period: str | None) -> dict[str, Any]:
    stopped: list[dict[str, Any]] = []
    trouble: list[dict[str, Any]] = []
    for row in queries.troubled_sequences():
        entry = {"environment": row.environment, "series": row.series, "kind": row.kind, "code": row.blocked_code,
                 "message": row.blocked_reason or row.trouble, "id": row.id}
        (stopped if row.blocked_code else trouble).append(entry)
    return {"company": company.code, "period": period, "documents": queries.counts(period),
            "refused": [{"code": group.cause, "count": group.count, "message": group.message}
                        for group in queries.refused_groups()],
            "refused_documents": _refused_documents(),
            "stopped": stopped, "unreachable": trouble}


def _refused_documents() -> list[dict[str, Any]]:
    """The first refused documents with what to mend: at most SHOWN, oldest first."""
    found = queries.refused(limit=SHOWN)
    customers = queries.with_invoices(found)
    return [{"id": one.id, "customer": customers[one.id][1].code, "name": customers[one.id][1].name, "code": one.cause,
             "message": (one.problems or [{"message": ""}])[0]["message"], "cure": explaining.refusal(one).text}
            for one in found]


def _show_status(one: dict[str, Any]) -> None:
    click.echo(one["company"] + (f" · {one['period']}" if one["period"] else ""))
    counted = [(labels.of_state(state)[0], str(count)) for state, count in one["documents"].items() if count]
    echo_table((_("state"), _("documents")), counted)
    if one["refused"]:
        click.echo(_("Refused:"))
        echo_table((_("code"), _("documents"), _("the authority says")),
                   [(group["code"], str(group["count"]), group["message"]) for group in one["refused"]])
        echo_table((_("document"), _("customer"), _("what to do")),
                   [(str(row["id"]), f"{row['customer']} {row['name']}", row["cure"] or row["message"])
                    for row in one["refused_documents"]])
        click.echo(_("When it is mended: abona einvoice retry DOCUMENT"))
    for entry in one["stopped"]:
        click.echo(_("Stopped (%(series)s, kind %(kind)s): %(message)s", **entry))
        click.echo(_("When it is mended: abona einvoice continue %(id)s", id=entry["id"]))
    for entry in one["unreachable"]:
        click.echo(_("Not reached (%(series)s, kind %(kind)s): %(message)s It is tried again by itself.", **entry))


@click.command()
@click.argument("document_id", type=int)
@company_option
@json_option
@with_app
def retry(document_id: int, company_code: str | None, as_json: bool) -> int:
    """Send a refused document again with the customer's present data; ask sooner about one without answer."""
    company = chosen_company(company_code)
    with company_scope(company):
        document = services.retry(find(Document, document_id))
        state = document.state
    if as_json:
        echo_json({"document": document_id, "state": state})
    else:
        click.echo(_("Document %(id)s is %(state)s and will be sent.", id=document_id,
                     state=labels.of_state(state)[0]))
    return DONE


@click.command(name="continue")
@click.argument("sequence_id", type=int)
@company_option
@with_app
def go_on(sequence_id: int, company_code: str | None) -> int:
    """Let a stopped sequence go on, as it is; `status` names it."""
    with company_scope(chosen_company(company_code)):
        services.continue_after(find(Sequence, sequence_id))
        db.session.commit()
    click.echo(_("Sending goes on."))
    return DONE


@click.command()
@click.option("--period", required=True, help="Month, like 2026-11.")
@company_option
@json_option
@with_app
def reconcile(period: str, company_code: str | None, as_json: bool) -> int:
    """Ask the authority what it has, and list the differences with what is here."""
    _period(period)
    results = [reconciling.reconcile(company, period, _every_hundred) for company in chosen_companies(company_code)]
    if as_json:
        echo_json({"companies": results})
    else:
        for one in results:
            click.echo(_("%(company)s, %(period)s: %(checked)s documents compared, %(count)s differences.",
                         count=len(one["differences"]), **{k: one[k] for k in ("company", "period", "checked")}))
            if one["differences"]:
                echo_table((_("series"), _("kind"), _("number"), _("what"), _("here / there")),
                           [(d["series"], d["kind"], str(d["number"]), d["code"], d["message"])
                            for d in one["differences"]])
    return NEEDS_PERSON if any(one["differences"] for one in results) else DONE


@click.command("export")
@click.argument("code")
@click.option("--period", required=True, help="Month, like 2026-11.")
@click.option("--form", default="", help="One of its forms; the usual one where it is left out.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it.")
@company_option
@with_app
def export(code: str, period: str, form: str, output: Path | None, company_code: str | None) -> int:
    """Write a file for the accountant: rvie (Peru), ats (Ecuador)."""
    _period(period)
    company = chosen_company(company_code)
    with company_scope(company):
        made = exporting.make(company, code, period, form)
    target = output or Path(made.name)
    target.write_bytes(made.content)
    note(_("%(file)s: %(count)s lines.", file=target, count=made.rows))
    return DONE


def _every_hundred(done: int) -> None:
    if done % 100 == 0:
        note(_("%(count)s documents compared.", count=done))


# --- enabling ------------------------------------------------------------------------------------------


@click.command()
@click.argument("country")
@company_option
@click.option("--list", "only_list", is_flag=True, help="Show the steps and end.")
@click.option("--step", help="Do this step only.")
@click.option("--set", "values", multiple=True, help="NAME=VALUE for a step's questions; a file as NAME=@PATH.")
@with_app
def enable(country: str, company_code: str | None, only_list: bool, step: str | None, values: tuple[str, ...]) -> int:
    """The guided set-up of a country; it goes on where it was left."""
    company, enabler = chosen_company(company_code), enablers.find(country.upper())
    if enabler is None or company.country != country.upper():
        raise DomainError(_("To enable %(country)s you must name a company of that country; there are guides for "
                            "%(known)s.", country=country, known=", ".join(key for key, _e in enablers.items())))
    with company_scope(company):
        if only_list:
            return _list_steps(enabler)
        if step:
            return _do(enabler, step, _parse(values))
        return _dialogue(enabler)


def _list_steps(enabler: Enabler) -> int:
    steps = enabler.steps()
    echo_table(("", _("step"), _("title"), _("waits for")),
               [("✓" if one.done else "", one.key, one.title, one.waits_for) for one in steps])
    return DONE


def _parse(values: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            raise DomainError(_("To give a value you must write NAME=VALUE, not %(value)s.", value=value))
        found[name] = _file(text[1:]) if text.startswith("@") else text
    return found


def _file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DomainError(_("To go on you must name a file that can be read: %(path)s (%(reason)s).", path=path,
                            reason=error.strerror)) from error


def _do(enabler: Enabler, key: str, values: dict[str, Any]) -> int:
    """One step without dialogue; what was learnt is kept even where the next part fails."""
    _check_names(enabler, key, values)
    click.echo(enabler.run(key, values))
    db.session.commit()
    for step in enabler.steps():
        if step.key == key and step.download:
            click.echo(step.download[1])
    return DONE


def _check_names(enabler: Enabler, key: str, values: dict[str, Any]) -> None:
    """A misspelt name is said, not left out. An unknown step is the enabler's to refuse."""
    asked = next((one.inputs for one in enabler.steps() if one.key == key), None)
    names = [one.name for one in asked or ()]
    for name in values:
        if asked is not None and name not in names:
            raise DomainError(_("The step %(step)s does not ask for %(name)s; it asks for: %(known)s.", step=key,
                                name=name, known=", ".join(names) or _("nothing")))


def _dialogue(enabler: Enabler) -> int:
    """Step after step until one waits or the person stops; what is done stays done."""
    for index in range(len(enabler.steps())):
        step = enabler.steps()[index]
        if step.stage == "rehearsal":  # it prepares itself when the first document is sent
            continue
        if step.done:
            click.echo(f"✓ {step.title}")
            continue
        _describe(step)
        if step.waits_for:
            click.echo(step.waits_for)
            return NEEDS_PERSON
        if not _attempt(enabler, step):
            click.echo(_("What is done so far is kept. The same command goes on from here."))
            return NEEDS_PERSON
    return DONE


def _describe(step: Step) -> None:
    click.echo(f"\n{step.title}")
    for number, line in enumerate(step.instructions, start=1):
        click.echo(f"  {number}. {line}")
    for label, value in step.facts:
        click.echo(f"  {label}: {value}")
    if step.download:
        click.echo(step.download[1])


def _attempt(enabler: Enabler, step: Step) -> bool:
    """Ask, try, and ask again after a refusal, until it works or the person stops."""
    while click.confirm(step.action, default=True):
        try:
            click.echo(enabler.run(step.key, {one.name: _ask(one) for one in step.inputs}))
        except (DomainError, OutsideError) as error:
            db.session.rollback()
            click.echo(str(error), err=True)
            continue
        db.session.commit()
        return True
    return False


def _ask(one: Any) -> Any:
    if one.kind == "check":
        return click.confirm(one.label, default=False)
    if one.kind == "file":
        return _file(click.prompt(_("%(label)s: path of the file", label=one.label)))
    for value, label in one.choices:
        click.echo(f"    {value}: {label}")
    label = _("%(label)s, as in 2020-03-31", label=one.label) if one.kind == "date" else one.label
    # what may stay empty is for the step to judge
    return click.prompt(label, default=one.value, show_default=bool(one.value), hide_input=one.kind == "password")


