"""What the DIAN or its provider would refuse about a document, collected while it is mapped. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, WARNING, Problem
from modules.einvoice_co.catalogs import KINDS

# UTC−5 all the year
BOGOTA = dt.timezone(dt.timedelta(hours=-5))
HKA, SIIGO = "hka", "siigo"
# the DIAN's rules of an invoice, and the same of notes (reference 1.9)
RULES, OF_NOTES = "FA", {"credit_note": "CA", "debit_note": "DA"}
# those of the numbering authorisation, which notes do not have (reference 1.2)
AUTHORIZATION, OWN_CHECK = "FAB", "109"


@dataclass
class Draft:
    """The document while it is being mapped; `provider` is hka or siigo, whose codes the problems bear."""

    case: Case
    provider: str
    # day of sending; None where only the document itself is looked at
    today: dt.date | None = None
    problems: list[Problem] = field(default_factory=list)
    _said: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for values, where in ((self.case.issuer.extra, "issuer.extra"), (self.case.extra, "extra")):
            self._said |= flattened(values, where)

    @property
    def kind(self) -> str:
        """The DIAN's type of the document: 01, 91, 92."""
        return KINDS.get(self.case.kind, "")

    @property
    def is_note(self) -> bool:
        return self.case.kind in ("credit_note", "debit_note")

    @property
    def moment(self) -> dt.datetime:
        """When it is issued, in Colombia."""
        return self.case.issued_at.astimezone(BOGOTA)

    @property
    def date(self) -> dt.date:
        return self.moment.date()

    @property
    def production(self) -> bool:
        return self.case.environment == "production"

    def said(self, *names: str) -> Any:
        """What only Colombia has, by any of these names, of the document or its issuer; None where it was not said."""
        return next((self._said[name][0] for name in map(folded, names) if name in self._said), None)

    def text(self, *names: str) -> str:
        """The same as text."""
        found = self.said(*names)
        return "" if found is None or isinstance(found, Mapping | list) else str(found).strip()

    def where(self, *names: str) -> str:
        """The path of what was said, else that of the first name."""
        return next((self._said[name][1] for name in map(folded, names) if name in self._said),
                    f"issuer.extra.{names[0]}")

    def refuse(self, code: str, where: str, message: str, hka: str = OWN_CHECK, siigo: str = "") -> None:
        """Note what would be refused, with the code of the DIAN's rule or of the provider.

        `hka` has a rule as an invoice's; what Siigo itself does not look at bears the DIAN's rule there too.
        """
        authority = siigo or "invalid_value"
        if self.provider == HKA or (hka.startswith(RULES) and not siigo):
            authority = self._rule(hka)
        self.problems.append(Problem(code, where, message, authority, ERROR))

    def _rule(self, code: str) -> str:
        """A rule in the family of this document: FA of invoices, CA and DA of notes."""
        if not self.is_note or not code.startswith(RULES):
            return code
        return OWN_CHECK if code.startswith(AUTHORIZATION) else OF_NOTES[self.case.kind] + code[len(RULES):]

    def remark(self, code: str, where: str, message: str, hka: str = "", siigo: str = "") -> None:
        """Note what would pass, but needs a look."""
        self.problems.append(Problem(code, where, message, hka if self.provider == HKA else siigo, WARNING))


def folded(name: str) -> str:
    """A field's name without case and marks: rangoNumeracion and rango_numeracion are one."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def flattened(values: Mapping[str, Any], where: str) -> dict[str, tuple[Any, str]]:
    """{folded name: (value, path)}; what is inside an object also by its own name and with the object's before it."""
    found: dict[str, tuple[Any, str]] = {}
    for name, value in values.items():
        if value is None or value == "":
            continue
        found[folded(name)] = (value, f"{where}.{name}")
        if isinstance(value, Mapping):
            for inner, (one, path) in flattened(value, f"{where}.{name}").items():
                found.setdefault(inner, (one, path))
                found[folded(name) + inner] = (one, path)
    return found


def money(value: Decimal) -> str:
    """An amount with two decimals, as text."""
    return f"{value:.2f}"


def decimals(value: Decimal) -> int:
    """How many decimals a value has, trailing zeros apart."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def whole(value: Any) -> int | None:
    """A whole number, also written as text; None where it is none."""
    text = str(value).strip()
    return int(text) if text.isdecimal() and not isinstance(value, bool) else None


def day(value: Any) -> dt.date | None:
    """A date written yyyy-mm-dd; None where it is none."""
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
