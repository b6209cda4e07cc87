"""Which contract hangs on what was found on a router: by name, mark, document or address for sure, by likeness perhaps.

Pure. "3,000 secrets in an hour": what is sure is ticked already, the rest is one glance each.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modules.networking.ports import Found

MARK = re.compile(r"abona:contract:(\S+)")
SHORTEST = 4


@dataclass(frozen=True)
class Candidate:
    """A contract that hangs nowhere yet."""

    contract_id: int
    number: str
    customer: str
    user: str = ""
    address: str = ""
    code: str = ""
    tax_id: str = ""


@dataclass(frozen=True)
class Proposal:
    """What was found, and which contract it may be; `why` is a code of WHY, "" where none is proposed."""

    found: Found
    contract: Candidate | None = None
    why: str = ""

    @property
    def is_sure(self) -> bool:
        return self.why in SURE


SURE = ("user", "mark", "number", "address", "code")


def propose(found: Sequence[Found], contracts: Iterable[Candidate]) -> list[Proposal]:
    """One proposal for each thing found; a contract is proposed once, to what fits it best."""
    known = list(contracts)
    ways = [("user", _by(known, "user"), lambda one: [one.key]),
            ("mark", _by(known, "number"), lambda one: MARK.findall(one.comment)),
            ("number", _by(known, "number"), lambda one: [one.key]),
            ("address", _by(known, "address"), lambda one: [one.address]),
            ("code", {**_by(known, "code"), **_by(known, "tax_id")},
             lambda one: re.findall(r"[\w.-]{3,}", f"{one.comment} {one.key}"))]
    chosen: dict[int, tuple[Candidate, str]] = {}
    used: set[int] = set()
    for why, by, words in ways:
        for place, one in enumerate(found):
            hits = {by[word.casefold()].contract_id: by[word.casefold()] for word in words(one)
                    if word and word.casefold() in by} if place not in chosen else {}
            fresh = [hit for key, hit in hits.items() if key not in used]
            if len(fresh) == 1:
                chosen[place] = (fresh[0], why)
                used.add(fresh[0].contract_id)
    _alike(found, [one for one in known if one.contract_id not in used], chosen)
    return [Proposal(one, *chosen.get(place, (None, ""))) for place, one in enumerate(found)]


def _by(contracts: Iterable[Candidate], name: str) -> Mapping[str, Candidate]:
    """By a value that only one of them has."""
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for one in contracts:
        value = str(getattr(one, name)).casefold()
        if value:
            groups[value].append(one)
    return {value: rows[0] for value, rows in groups.items() if len(rows) == 1}


def _alike(found: Sequence[Found], left: Sequence[Candidate], chosen: dict[int, tuple[Candidate, str]]) -> None:
    """By names: the words of the customer's name that stand in what was found; the only one that has the most."""
    names: dict[str, set[int]] = defaultdict(set)
    for place, one in enumerate(left):
        for word in _words(one.customer):
            names[word].add(place)
    used: set[int] = set()
    for place, one in enumerate(found):
        if place in chosen:
            continue
        counts: dict[int, int] = defaultdict(int)
        for word in _words(f"{one.key} {one.comment}"):
            for hit in names.get(word, ()):
                counts[hit] += 1
        best = max(counts.values(), default=0)
        hits = [hit for hit, count in counts.items() if count == best and hit not in used]
        if best and len(hits) == 1:
            chosen[place] = (left[hits[0]], "name")
            used.add(hits[0])


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return {word for word in re.split(r"[^a-z0-9]+", plain) if len(word) >= SHORTEST}
