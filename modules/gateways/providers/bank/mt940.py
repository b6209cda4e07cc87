"""SWIFT MT940, statement by statement: fields by the library, order, balances and completeness by us. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine
from modules.gateways.providers.bank.mapping import Account, text_of
from modules.gateways.records import LONGEST_LINE
from modules.gateways.shapes import Control, Problem

if TYPE_CHECKING:
    from mt940.models import Transactions

# a statement of so many lines is none
MOST_LINES = 200_000
OPENINGS = ("final_opening_balance", "intermediate_opening_balance", "opening_balance")
CLOSINGS = ("final_closing_balance", "intermediate_closing_balance", "closing_balance")
NO_REFERENCE = ("NONREF", "NOTPROVIDED")


@dataclass
class Block:
    """A statement's text, where it begins, and the lines of its movements."""

    line: int
    text: list[str] = field(default_factory=list)
    movements: list[int] = field(default_factory=list)


def read(file: BinaryIO, access: Access) -> Iterator[BankLine | Problem | Control]:
    """The movements of all statements in the file, which must be of one account."""
    account = Account(access)
    for block in _blocks(file):
        yield from _statement(account, block)
    if not account.number:
        raise BadFile(_("This file holds no statement (field :25:)."), 1, code="empty")
    yield account.control()


def _statement(account: Account, block: Block) -> Iterator[BankLine]:
    found = _parsed(block)
    account.belongs(str(found.data.get("account_identification") or ""), block.line)
    opening, closing = _balance(found, OPENINGS), _balance(found, CLOSINGS)
    if opening is None or closing is None:
        raise BadFile(_("The statement that begins at line %(line)s has no opening or closing balance: it was cut. Ask "
                        "for it again.", line=block.line), block.line, code="cut")
    if len(found.transactions) != len(block.movements):
        raise BadFile(_("The statement that begins at line %(line)s has movements that cannot be read.",
                        line=block.line), block.line, code="field")
    moved = Decimal("0.00")
    for number, one in zip(block.movements, found.transactions, strict=True):
        made = _line(account, one.data, found.currency or "", number)
        moved += made.amount
        yield made
    account.prove(opening, moved, closing, block.line + len(block.text))


def _parsed(block: Block) -> Transactions:
    # needed by whoever imports a statement, not by every start
    from mt940 import Options
    from mt940.models import Transactions

    found = Transactions(options=Options.all())
    try:
        found.parse("\n".join(block.text))
    except (RuntimeError, ValueError, KeyError, TypeError, DecimalException) as error:
        raise BadFile(_("The statement that begins at line %(line)s cannot be read (%(reason)s).", line=block.line,
                        reason=str(error)[:120]), block.line, code="field") from None
    return found


def _balance(found: Transactions, names: tuple[str, ...]) -> Decimal | None:
    for name in names:
        balance = found.data.get(name)
        if balance is not None:
            amount: Decimal = balance.amount.amount
            return amount
    return None


def _line(account: Account, data: dict[str, Any], currency: str, number: int) -> BankLine:
    def text(*names: str) -> str:
        return next((str(data[name]) for name in names if data.get(name)), "")

    reference = text("customer_reference").strip()
    return account.line(data.get("entry_date") or data["date"], data["amount"].amount, currency, "", number,
                        text=text("transaction_details", "purpose", "extra_details", "additional_purpose"),
                        reference="" if reference in NO_REFERENCE else reference or text("bank_reference"),
                        name=text("applicant_name"))


def _blocks(file: BinaryIO) -> Iterator[Block]:
    """Statements as they come; each begins with :20:. What a bank puts around them for its own wire is left out."""
    block: Block | None = None
    with text_of(file, None) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), ""), 1):
            line = line.rstrip("\n")
            if line.startswith(":20:"):
                if block:
                    yield block
                block = Block(number)
            if block is None or _is_envelope(line):
                continue
            if len(line) >= LONGEST_LINE - 1 or len(block.text) > MOST_LINES:
                raise BadFile(_("Line %(line)s is too long for a statement.", line=number), number, code="length")
            block.text.append(line)
            if line.startswith(":61:"):
                block.movements.append(number)
    if block:
        yield block


def _is_envelope(line: str) -> bool:
    return bool(re.fullmatch(r"-?\}?|\{[1-5]:.*", line.strip()))
