"""The customer that somebody means: exact codes and numbers first, then words, then words as they may have been meant.

A mistyped word is compared with the words that are in use (crm_word): some thousands, however many customers there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from core.db import db, insert_new, is_postgresql
from core.scope import current_company, current_company_id
from modules.crm import countries, names, queries, reach
from modules.crm.models import Customer, Phone, Word
from modules.crm.queries import CustomerFilter

SHORTEST, LONGEST = 4, 40
# neighbours of a word that are looked for, and how many are compared at most
NEIGHBOURS, COMPARED = 4, 20_000
CHUNK = 5000
# digits of a telephone number that nobody writes differently
TAIL = 7
# with exactly the same number
FEW = 5
# of the trigrams of both words: "gmoez" and "gomez" share two of ten
SIMILAR = "0.18"


def people(text: str, limit: int = 8, active: bool | None = None) -> list[Customer]:
    """Whom the text means, the best first: code, document, phone, then name, mail and street; typing mistakes last."""
    return written(text, limit, active) or meant(text, limit, active)[:limit]


def choices(text: str, limit: int) -> list[tuple[int, str]]:
    """The same as (id, words), for the filter of a list."""
    return [(row.id, str(row)) for row in people(text, limit)]


def named(ids: Sequence[int]) -> dict[int, str]:
    """Words of these customers by id."""
    return {row.id: str(row) for row in db.session.scalars(sa.select(Customer).where(Customer.id.in_(ids)))}


def written(text: str, limit: int = 8, active: bool | None = None) -> list[Customer]:
    """Those whom the text means as it is written."""
    found = {row.id: row for row in _exact(text, active)}
    for row in queries.search_customers(CustomerFilter(text=text, active=active), limit):
        found.setdefault(row.id, row)
    return (list(found.values()) or _by_tail(text, limit, active))[:limit]


def _exact(text: str, active: bool | None) -> list[Customer]:
    """Who has exactly this code, document or telephone number; each is one step in an index."""
    typed, country = names.tidy(text), current_company().country
    compact = countries.get(country).compact(typed)
    phones = [one.e164 for one in reach.split_phones(typed, country)[0] if one.e164]
    ways = [Customer.code == typed]
    if len(compact) > 4:
        ways.append(Customer.tax_id == compact)
    if phones:
        ways.append(Customer.id.in_(sa.select(Phone.customer_id).where(Phone.e164.in_(phones))))
    found: dict[int, Customer] = {}
    for way in ways:  # without an order, which would tempt SQLite to walk all customers in it
        rows = db.session.scalars(queries.listed(CustomerFilter(active=active)).where(way).limit(FEW)).all()
        found |= {row.id: row for row in sorted(rows, key=lambda row: (row.sort_name, row.id))}
    return list(found.values())


def _by_tail(text: str, limit: int, active: bool | None) -> list[Customer]:
    """By the end of a telephone number: what stands before it is typed in many ways (+54 9, 0, 15)."""
    number = names.digits(text)
    if len(number) < TAIL + 2 or any(letter.isalpha() for letter in text):
        return []
    return queries.search_customers(CustomerFilter(text=number[-TAIL:], active=active), limit)


# --- typing mistakes ---------------------------------------------------------------------------------------


def meant(text: str, limit: int = 8, active: bool | None = None) -> list[Customer]:
    """Customers with each word or one of its nearest neighbours."""
    words = names.fold(text).split()
    choices = [_choices(word) for word in words]
    if not words or all(choice == [word] for word, choice in zip(words, choices, strict=True)):
        return []
    likely = itertools.islice(itertools.product(*choices), NEIGHBOURS ** 2)
    found: dict[int, Customer] = {}
    for combination in likely:
        wanted = CustomerFilter(text=" ".join(combination), active=active)
        found |= {row.id: row for row in queries.search_customers(wanted, limit - len(found))}
        if len(found) >= limit:
            break
    return list(found.values())


def _choices(word: str) -> list[str]:
    """The word itself where somebody is found by it or nothing is near, else the nearest ones in use."""
    if len(word) < SHORTEST or not word.isalpha() or _is_used(word):
        return [word]
    measured = sorted((distance(word, one), one) for one in _candidates(word))
    near = [one for far, one in measured if far <= _tolerance(word)]
    return near[:NEIGHBOURS] or [word]


def _is_used(word: str) -> bool:
    return bool(db.session.scalar(sa.select(Customer.id).where(queries.matches(word)).limit(1)))


def _tolerance(word: str) -> int:
    return 1 if len(word) < 6 else 2


def _candidates(word: str) -> Iterable[str]:
    """Words in use that may be near: by trigrams on PostgreSQL, by length elsewhere."""
    wanted = sa.select(Word.word)
    if is_postgresql():
        db.session.execute(sa.select(sa.func.set_config("pg_trgm.similarity_threshold", SIMILAR, True)))
        return db.session.scalars(wanted.where(Word.word.op("%")(word)).limit(COMPARED))
    far, letters = _tolerance(word), set(word)
    rows = db.session.scalars(wanted.where(
        sa.func.length(Word.word).between(len(word) - far, len(word) + far)).limit(COMPARED))
    return (one for one in rows if len(letters ^ set(one)) <= 2 * far)


def distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many or exchanged with their neighbour (optimal string alignment)."""
    before: list[int] = []
    line = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        earlier, before, line = before, line, [row]
        for column, another in enumerate(other, 1):
            cost = min(before[column] + 1, line[column - 1] + 1, before[column - 1] + (letter != another))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == another:
                cost = min(cost, earlier[column - 2] + 1)
            line.append(cost)
    return line[-1]


def learn(texts: Iterable[str]) -> None:
    """Remember the words of these search texts; those that are known already stay as they are."""
    company_id = current_company_id()
    words = sorted({word for text in texts for word in text.split()
                    if word.isalpha() and SHORTEST <= len(word) <= LONGEST})
    for start in range(0, len(words), CHUNK):
        _remember(company_id, words[start:start + CHUNK])


def _remember(company_id: int, words: Sequence[str]) -> None:
    known = set(db.session.scalars(sa.select(Word.word).where(Word.word.in_(words))))
    new = [{"company_id": company_id, "word": word} for word in words if word not in known]
    if new:
        insert_new(Word.__table__, new, ("company_id", "word"))
