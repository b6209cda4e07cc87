"""The lists of former imports: customers' spreadsheets, and files of payments."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from core.db import db
from core.i18n import _, lazy, ngettext
from core.lists import Choice, Column, Dates, Empty, List, Text, register
from core.models import StoredFile, User
from modules.importer.models import ImportRun

WHO = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)


def _related(statement: sa.Select) -> sa.Select:
    return statement.join(StoredFile, StoredFile.id == ImportRun.file_id).outerjoin(User, User.id == ImportRun.user_id)


def _of(kind: str) -> Callable[[], sa.Select]:
    return lambda: sa.select(ImportRun).where(ImportRun.kind == kind)


def _came(key: str) -> Callable[[ImportRun], int | None]:
    """A count of the result; nothing before there is one."""
    return lambda run: run.result.get(key) if run.result else None


def _total(run: ImportRun) -> Decimal | None:
    return Decimal(run.result["total"]) if run.result else None


def _filters(states: dict[str, Any]) -> tuple[Any, ...]:
    return (Text("q", lazy("File"), lambda text: ImportRun.file_id.in_(
                sa.select(StoredFile.id).where(StoredFile.name.icontains(text.strip(), autoescape=True)))),
            Choice("state", lazy("State"), ImportRun.state, states, chips=True),
            Choice("who", lazy("Who"), ImportRun.user_id, _people),
            Dates("when", lazy("When"), ImportRun.created_at))


def _people() -> dict[int, str]:
    rows = sa.select(User.id, WHO).where(User.id.in_(sa.select(ImportRun.user_id))).order_by(WHO)
    return {row.id: row[1] for row in db.session.execute(rows)}


STATES = {"checking": (lazy("being read"), "info"), "checked": (lazy("not loaded"), "mute"),
          "loading": (lazy("loading"), "info"), "loaded": (lazy("loaded"), "ok"), "failed": (lazy("stopped"), "bad")}
PAYMENT_STATES = {**STATES, "checked": (lazy("not recorded"), "mute"), "loading": (lazy("being recorded"), "info"),
                  "loaded": (lazy("recorded"), "ok")}
FILE, WHEN, BY = (Column("file", lazy("File"), StoredFile.name, lead=True), Column("when", lazy("When"),
                  ImportRun.created_at), Column("who", lazy("Who"), WHO))
FINISHED = Column("finished", lazy("Finished"), ImportRun.finished_at, default=False)

IMPORTS = register(List(
    "importer.imports", lazy("Import"), ImportRun, "importer.import_customers", select=_of("customers"),
    related=_related, options=(joinedload(ImportRun.file),),
    columns=(
        FILE, WHEN, BY, Column("state", lazy("State"), ImportRun.state, words=STATES),
        Column("created", lazy("Created"), _came("created"), kind="number"),
        Column("updated", lazy("Updated"), _came("updated"), kind="number"),
        Column("refused", lazy("Refused"), _came("refused_rows"), kind="number"), FINISHED),
    filters=_filters({code: words for code, (words, _tone) in STATES.items()}),
    link=lambda run: url_for("importer.run", run_id=run.id), template="importer/imports.html", size=20,
    count=lambda count: ngettext("%(num)s import", "%(num)s imports", count),
    empty=Empty(lazy("No imports yet"), lazy(
        "Any sheet with a row of headings will do: name, document, phone, address, plan, price, balance. Columns are "
        "recognised by their headings, and you can correct what is what before anything is loaded."), "upload")))

PAYMENT_FILES = register(List(
    "importer.payment_files", lazy("Payments from a spreadsheet"), ImportRun, "importer.import_payments",
    select=_of("payments"), related=_related, options=(joinedload(ImportRun.file),),
    columns=(
        FILE, WHEN, BY, Column("state", lazy("State"), ImportRun.state, words=PAYMENT_STATES),
        Column("recorded", lazy("Recorded"), _came("recorded"), kind="number"),
        Column("total", lazy("Total"), _total, kind="amount"),
        Column("refused", lazy("Refused"), _came("refused"), kind="number"), FINISHED),
    filters=_filters({code: words for code, (words, _tone) in PAYMENT_STATES.items()}),
    link=lambda run: url_for("importer.payment_file", run_id=run.id), template="importer/payment_files.html", size=20,
    crumbs=lambda: [(_("Payments"), url_for("accounting.payments"))],
    count=lambda count: ngettext("%(num)s file", "%(num)s files", count),
    empty=Empty(lazy("No files yet"), lazy("The list of a bank, of a collecting office or your own. Nothing is "
                                           "recorded before you have seen what would happen, and nothing twice."),
                "upload")))
