"""The lists of the money itself: rows of settlement reports, movements of bank accounts."""

from __future__ import annotations

import sqlalchemy as sa
from flask import url_for

from core.i18n import lazy, ngettext
from core.lists import Amounts, Choice, Choices, Column, Dates, Empty, List, Text, register
from modules.gateways import states
from modules.gateways.lists import accounts
from modules.gateways.models import Account, BankLine, Settlement

SETTLEMENTS = register(List(
    "gateways.settlements", lazy("What gateways settled"), Settlement, "gateways.view_inbox",
    related=lambda statement: statement.join(Account, Account.id == Settlement.account_id),
    columns=(
        Column("number", lazy("Number"), Settlement.external_id, lead=True),
        Column("account", lazy("Gateway"), Account.name),
        Column("kind", lazy("Kind"), Settlement.kind, words=states.SETTLEMENTS),
        Column("settled", lazy("Settled"), Settlement.settled_on, sort=True),
        Column("released", lazy("Released"), Settlement.released_on),
        Column("gross", lazy("Amount"), Settlement.gross, currency=Settlement.currency, total=True),
        Column("fee", lazy("Fee"), Settlement.fee, currency=Settlement.currency, total=True),
        Column("withheld", lazy("Taxes withheld"), Settlement.withheld, currency=Settlement.currency, total=True),
        Column("net", lazy("Net"), Settlement.net, currency=Settlement.currency, total=True),
    ),
    filters=(
        Text("q", lazy("Number"), lambda text: Settlement.external_id.like(f"{text.strip()}%")),
        Choice("kind", lazy("Kind"), Settlement.kind, states.SETTLEMENTS, chips=True),
        Choices("account", lazy("Gateway"), Settlement.account_id, accounts),
        Dates("settled", lazy("Settled"), Settlement.settled_on),
        Dates("released", lazy("Released"), Settlement.released_on),
    ),
    link=lambda row: url_for("gateways.transaction", transaction_id=row.transaction_id) if row.transaction_id else None,
    sort="-settled", count=lambda count: ngettext("%(num)s row", "%(num)s rows", count),
    empty=Empty(lazy("No settlement reports yet"), lazy("Download the report at the gateway and bring it as a file."),
                "documents", lambda: (lazy("Files of gateways"), url_for("gateways.files")))))

BANK_LINES = register(List(
    "gateways.bank_lines", lazy("Bank movements"), BankLine, "gateways.view_inbox",
    related=lambda statement: statement.join(Account, Account.id == BankLine.account_id),
    columns=(
        Column("text", lazy("Text"), BankLine.text, lead=True),
        Column("date", lazy("Date"), BankLine.date, sort=True),
        Column("account", lazy("Bank account"), Account.name),
        Column("name", lazy("Name"), BankLine.name),
        Column("reference", lazy("Reference"), BankLine.reference, default=False),
        Column("state", lazy("What it is"), BankLine.state, words=states.BANK_LINES),
        Column("amount", lazy("Amount"), BankLine.amount, currency=BankLine.currency, total=True),
        Column("note", lazy("Note"), BankLine.note, css="long", default=False),
    ),
    filters=(
        Text("q", lazy("Text, reference or name"), lambda text: sa.or_(*(
            column.icontains(text.strip(), autoescape=True) for column in (
                BankLine.text, BankLine.name, BankLine.reference)))),
        Choice("state", lazy("What it is"), BankLine.state, {key: words for key, (words, _tone)
                                                             in states.BANK_LINES.items()}, chips=True),
        Choices("account", lazy("Bank account"), BankLine.account_id, accounts),
        Dates("date", lazy("Date"), BankLine.date),
        Amounts("amount", lazy("Amount"), BankLine.amount),
    ),
    link=lambda row: url_for("gateways.bank_line", line_id=row.id), sort="-date",
    count=lambda count: ngettext("%(num)s movement", "%(num)s movements", count),
    empty=Empty(lazy("No bank movements yet"), lazy("Bring a bank statement as a file of your bank account."),
                "documents", lambda: (lazy("Files of gateways"), url_for("gateways.files")))))
