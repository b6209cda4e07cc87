"""Whose a transfer is: by document or code in its text, by the number of an invoice, by amount and name.

Only what is sure is said: where hints mean different people, a person decides. The number of statements does not
depend on how many lines there are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from modules.accounting.models import Invoice
from modules.crm import names
from modules.crm.models import Customer
from modules.gateways.matching import bare
from modules.gateways.ports import BankLine
from modules.gateways.shapes import Reference

# figures of a document, or of an invoice's number with its zeros, that no text holds by chance
SHORTEST_NUMBER = 6
# letters of a word that tells people apart, and how many words a whole name has at least
SHORTEST_WORD, LEAST_WORDS = 4, 2


@dataclass
class Sought:
    """A line that is looked for: its words, whom they mean (customer id -> code), and his document of that amount."""

    line: BankLine
    words: set[str]
    means: dict[int, str] = field(default_factory=dict)
    documents: dict[int, int] = field(default_factory=dict)
    # whose code stands in it; a short one may be a number of any kind
    coded: set[int] = field(default_factory=set)

    def reference(self) -> Reference:
        (customer_id, code), = self.means.items()
        return Reference(customer=code, invoice=str(self.documents.get(customer_id, "")))


def hinted(lines: Sequence[BankLine]) -> dict[str, Sought]:
    """By external id, the lines that mean somebody: surely where it is one customer, else a person decides."""
    sought = [Sought(line, words_of(line)) for line in lines if line.amount > 0]
    if sought:
        _by_document(sought)
        _by_code(sought)
        _by_amount(sought)
    return {one.line.external_id: one for one in sought if one.means}


def words_of(line: BankLine) -> set[str]:
    """The words of a line, folded, and its numbers without marks: "20-12345678-9" also as 20123456789."""
    text = f"{line.text} {line.reference} {line.name}"
    return {*names.fold(text).split(), *(names.digits(one) for one in re.findall(r"\d[\d.\-/]*", text))}


def _by_document(sought: Sequence[Sought]) -> None:
    """The payer's document, as banks write it beside a transfer."""
    numbers = {word for one in sought for word in one.words if word.isdecimal() and len(word) > SHORTEST_NUMBER}
    people = _people(Customer.tax_id, numbers)
    for one in sought:
        for row in _meant(people, one.words):
            one.means[row.id] = row.code


def _by_code(sought: Sequence[Sought]) -> None:
    """Our own code of the customer: with a word of his name it is sure, else his debt of that amount decides."""
    people = _people(Customer.code, {bare(word) for one in sought for word in one.words} - {""})
    for one in sought:
        for row in _meant(people, {bare(word) for word in one.words}):
            one.coded.add(row.id)
            if any(len(word) >= SHORTEST_WORD and word in one.words for word in names.fold(row.name).split()):
                one.means[row.id] = row.code


def _people(column: Any, values: set[str]) -> dict[str, list[Any]]:
    """Who has these documents or codes, by the folded one; texts of banks know no small letters."""
    found: dict[str, list[Any]] = defaultdict(list)
    if values:
        written = sorted(values | {one.upper() for one in values})
        for row in db.session.execute(sa.select(Customer.id, Customer.code, Customer.name, column.label("hint"))
                                      .where(among(column, written))):
            found[row.hint.lower()].append(row)
    return found


def _meant(people: dict[str, list[Any]], words: Iterable[str]) -> Iterator[Any]:
    """Whom the words mean, where a word means one person."""
    return (people[word][0] for word in words if len(people.get(word, ())) == 1)


def _by_amount(sought: Sequence[Sought]) -> None:
    """A debt of exactly that amount, beside a hint: its number, the customer's whole name, his code, his document."""
    board = _Board(sought)
    for row in _open(board.amounts):
        for one in board.hinted(row):
            if row.issue_date <= one.line.date and row.currency == one.line.currency:
                one.means[row.customer_id] = row.code
                one.documents.setdefault(row.customer_id, row.id)


def _open(amounts: Iterable[Decimal]) -> Iterator[Any]:
    """Open documents of just these amounts, the oldest debt first; streamed, as a plan's price may be everybody's."""
    return iter(db.session.execute(
        sa.select(Invoice.id, Invoice.open_amount, Invoice.currency, Invoice.issue_date, Invoice.legal_number,
                  Invoice.customer_id, Customer.code, Customer.name)
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(Invoice.state == "issued", Invoice.kind != "credit_note", Invoice.open_amount.in_(sorted(amounts)))
        .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id)
        .execution_options(yield_per=1000)))


class _Board:
    """Lines by their amounts, words and customers, so that each open document finds its own at once."""

    def __init__(self, sought: Sequence[Sought]) -> None:
        self.by_word: dict[tuple[Decimal, str], dict[int, Sought]] = defaultdict(dict)
        self.by_customer: dict[tuple[Decimal, int], dict[int, Sought]] = defaultdict(dict)
        for place, one in enumerate(sought):
            for word in one.words:
                self.by_word[one.line.amount, word][place] = one
            for customer_id in {*one.means, *one.coded}:
                self.by_customer[one.line.amount, customer_id][place] = one
        self.amounts = {one.line.amount for one in sought}

    def hinted(self, row: Any) -> Iterator[Sought]:
        """The lines of this document's amount that hint at it."""
        amount = row.open_amount
        number = (names.fold(row.legal_number).split() or [""])[-1]
        found = dict(self.by_customer.get((amount, row.customer_id), {}))
        if len(number) >= SHORTEST_NUMBER:
            found |= self.by_word.get((amount, number), {})
        words = {word for word in names.fold(row.name).split() if len(word) > 1}
        if len(words) >= LEAST_WORDS:
            first, *rest = (self.by_word.get((amount, word), {}) for word in words)
            found |= {place: one for place, one in first.items() if all(place in other for other in rest)}
        return iter(found.values())
