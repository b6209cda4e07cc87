"""Finding a document by its number, whatever part of it is typed: "B 0003-00000119", "0003-119", "119".

The kind may stand before it, in the reader's words: "Factura B 0003-00000119", "nota de crédito 119", "recibo nro. 36".

Numbers are stored as people write them, behind an index. A bare number is tried behind each beginning in use
("B 0003-"), so that a million documents are not read.
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import lazy
from core.scope import current_company_id
from modules.accounting.models import Invoice
from modules.crm.names import fold

# beginnings of numbers that are looked at, at most; a company has a handful
MANY = 60
# how long a number is where zeros fill it: AR and own numbers 8, EC 9
WIDTHS = (0, 8, 9)
# what people write before the number of each kind, separated by commas
WORDS = {"invoice": lazy("invoice, inv"), "credit_note": lazy("credit note, cn"),
         "debit_note": lazy("debit note, dn"), "receipt": lazy("receipt, payment")}
SIGN = re.compile(r"(?:n[°º.]|nro\.?|no\.|#)\s*(?=\S)", re.IGNORECASE)
TYPED = re.compile(r"(?P<head>.*?)(?P<number>\d{1,12})")


def without_kind(text: str) -> tuple[str, str]:
    """(the kind that is named before the number, the number as it was typed); "" where none is named."""
    typed = text.split()
    known = [(words.split(), kind) for kind, said in WORDS.items() for words in str(said).split(",")]
    for words, kind in sorted(known, key=lambda one: -len(one[0])):
        if len(typed) > len(words) and fold(" ".join(typed[:len(words)])) == fold(" ".join(words)):
            return kind, SIGN.sub("", " ".join(typed[len(words):]), count=1)
    return "", " ".join(typed)


def matches(text: str) -> Any:
    """The condition on Invoice; sa.false() where the text can be no number of a document."""
    kind, rest = without_kind(text)
    if kind == "receipt":
        return sa.false()
    found = _numbered(rest.upper())
    return sa.and_(Invoice.kind == kind, found) if kind else found


def _numbered(typed: str) -> Any:
    found = TYPED.fullmatch(typed)
    if not found:
        return sa.false()
    candidates = {typed} | {head + form for head in _heads(found["head"]) for form in _forms(found["number"])}
    return Invoice.legal_number.in_(sorted(candidates))


def _forms(number: str) -> set[str]:
    return {number, *(number.lstrip("0").zfill(width) for width in WIDTHS)}


def _heads(typed: str) -> list[str]:
    """The beginnings in use that end as it was typed; all of them where nothing was."""
    wanted = _bare(typed)
    return [head for head in heads() if _bare(head).endswith(wanted)]


def _bare(text: str) -> str:
    """Without marks, and without the zeros that fill up a point of sale."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\s\-]+", " ", text)).strip()


def heads() -> list[str]:
    """The different beginnings of the company's numbers, each found by one step in the index."""
    found: list[str] = []
    last = ""
    while len(found) < MANY:
        following = db.session.scalar(
            sa.select(sa.func.min(Invoice.legal_number)).where(
                Invoice.company_id == current_company_id(), Invoice.legal_number > last))
        if following is None:
            break
        head = following.rstrip("0123456789")
        found.append(head)
        # digits sort before ":" so that this lies beyond every number with this beginning
        last = head + ":"
    return found
