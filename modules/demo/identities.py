"""Tax numbers of people who do not exist: valid in form and check digit, in ranges that nobody has. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from modules.crm import countries

LAST = "0123456789A"
# (kind, what the number begins with, how many digits count up, whether a check digit closes it), by country and sort
PERSON, TRADER, BUSINESS, EXEMPT = "person", "trader", "business", "exempt"
FORMS: dict[tuple[str, str], tuple[str, str, int, bool]] = {
    ("AR", PERSON): ("DNI", "99", 6, False), ("AR", TRADER): ("CUIT", "2099", 6, True),
    ("AR", BUSINESS): ("CUIT", "30991", 5, True), ("AR", EXEMPT): ("CUIT", "33992", 5, True),
    ("EC", PERSON): ("CEDULA", "300", 6, True), ("EC", TRADER): ("CEDULA", "301", 6, True),
    ("EC", BUSINESS): ("RUC", "3099", 5, True), ("EC", EXEMPT): ("RUC", "3098", 5, True),
    ("CO", PERSON): ("CC", "1999", 6, False), ("CO", TRADER): ("NIT", "999", 6, True),
    ("CO", BUSINESS): ("NIT", "998", 6, True), ("CO", EXEMPT): ("NIT", "997", 6, True),
    ("MX", PERSON): ("RFC", "ZZYX", 0, True), ("MX", TRADER): ("RFC", "ZZZZ", 0, True),
    ("MX", BUSINESS): ("RFC", "ZZZ", 0, True), ("MX", EXEMPT): ("RFC", "ZZY", 0, True),
    ("PE", PERSON): ("DNI", "99", 6, False), ("PE", TRADER): ("RUC", "1099", 6, True),
    ("PE", BUSINESS): ("RUC", "2099", 6, True), ("PE", EXEMPT): ("RUC", "2098", 6, True),
}
# what stands for whoever gives no number; "" where nothing is written then
NOBODY = {"MX": ("RFC", "XAXX010101000")}
CONDITIONS: dict[tuple[str, str], str] = {
    ("AR", PERSON): "CF", ("AR", TRADER): "MO", ("AR", BUSINESS): "RI", ("AR", EXEMPT): "EX",
    ("EC", PERSON): "CF", ("EC", TRADER): "CF", ("EC", BUSINESS): "GENERAL", ("EC", EXEMPT): "GENERAL",
    ("CO", PERSON): "49", ("CO", TRADER): "49", ("CO", BUSINESS): "48", ("CO", EXEMPT): "49",
    ("MX", PERSON): "616", ("MX", TRADER): "612", ("MX", BUSINESS): "601", ("MX", EXEMPT): "603",
    ("PE", PERSON): "", ("PE", TRADER): "RUS", ("PE", BUSINESS): "GENERAL", ("PE", EXEMPT): "GENERAL",
}


class Identities:
    """Numbers of one country, each given once."""

    def __init__(self, country: str) -> None:
        self.country = country
        self._streams = {sort: self._numbers(sort) for sort in (PERSON, TRADER, BUSINESS, EXEMPT)}

    def next(self, sort: str) -> tuple[str, str, str]:
        """(kind, number, tax condition) of the next one of this sort."""
        kind = FORMS[(self.country, sort)][0]
        return kind, next(self._streams[sort]), CONDITIONS[(self.country, sort)]

    def _numbers(self, sort: str) -> Iterator[str]:
        kind, start, width, closed = FORMS[(self.country, sort)]
        if self.country == "MX":
            yield from self._rfcs(start)
            return
        for count in range(1, 10**width):
            stem = f"{start}{count:0{width}d}"
            found = self._closed(kind, stem) if closed else stem
            if found:
                yield found

    def _rfcs(self, letters: str) -> Iterator[str]:
        """Letters that no word gives, days of a century, and a homoclave."""
        for year, month, day, mark in itertools.product(range(50, 100), range(1, 13), range(1, 29), "ABCDEFGHJK"):
            if found := self._closed("RFC", f"{letters}{year:02d}{month:02d}{day:02d}Z{mark}"):
                yield found

    def _closed(self, kind: str, stem: str) -> str:
        """The stem with its check digit; "" where no number exists with it."""
        rules, end = countries.get(self.country), "001" if (self.country, kind) == ("EC", "RUC") else ""
        for last in LAST:
            found = rules.validate(kind, stem + last + end)
            if found.valid and not found.warning:
                return stem + last + end
        return ""
