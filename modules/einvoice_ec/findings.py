"""What the SRI would refuse about a document, collected while it is mapped. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, WARNING, Problem
from modules.einvoice_ec.catalogs import KINDS, DocumentKind

# the continent's hour; Ecuador has no summer time
GUAYAQUIL = dt.timezone(dt.timedelta(hours=-5))
# messages of the SRI that steer (data/codigos_error.csv)
INVALID, BAD_VERSION, NO_SUCH_KIND, DIFFERENCES, BAD_KEY = "35", "36", "47", "52", "58"
TOO_LARGE, NO_SUPPORT = "26", "68"
NO_SUCH_ISSUER, BAD_DIGIT, BAD_SUPPORT, BAD_RECEIVER, BAD_SIGNATURE = "46", "62", "64", "69", "39"
TEXT = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+")
_BLANKS = re.compile(r"\s+")


@dataclass
class Draft:
    """The document while it is being mapped."""

    case: Case
    kind: DocumentKind = field(default_factory=lambda: KINDS["invoice"])
    version: str = "1.1.0"
    problems: list[Problem] = field(default_factory=list)

    @property
    def date(self) -> dt.date:
        """The document's date, in Ecuador."""
        return self.case.issued_at.astimezone(GUAYAQUIL).date()

    @property
    def extra(self) -> Any:
        """What only Ecuador has, under the SRI's names."""
        return self.case.extra

    @property
    def ambiente(self) -> str:
        """1 pruebas, 2 producción."""
        return "2" if self.case.environment == "production" else "1"

    def refuse(self, code: str, where: str, message: str, authority: str = INVALID) -> None:
        """Note what would be refused; `authority` is the SRI's `identificador`."""
        self.problems.append(Problem(code, where, message, authority, ERROR))

    def remark(self, code: str, where: str, message: str, authority: str = "") -> None:
        """Note what would pass with a remark."""
        self.problems.append(Problem(code, where, message, authority, WARNING))

    def text(self, value: Any, where: str, longest: int = TEXT, needed: bool = False) -> str:
        """A text as the SRI takes it: one line, no double blanks; refused where it is missing or too long."""
        if isinstance(value, (dict, list)):
            self.refuse("not_a_text", where, _("To send this you must give %(field)s as a text.", field=where))
            return ""
        found = clean(value)
        if needed and not found:
            self.refuse("missing", where, _("To send this you must give %(field)s.", field=where))
        if len(found) > longest:
            self.refuse("too_long", where, _(
                "To send this you must shorten %(field)s to %(longest)s characters; it has %(found)s.", field=where,
                longest=longest, found=len(found)))
        return found


def clean(value: Any) -> str:
    """A text without control characters, line feeds, and blanks that nobody needs."""
    return _BLANKS.sub(" ", _CONTROL.sub(" ", "" if value is None else str(value))).strip()


def money(value: Decimal) -> str:
    """An amount with two decimals, as text."""
    return f"{value:.2f}"


def decimals(value: Decimal) -> int:
    """How many decimals a value has, trailing zeros apart."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def digits(value: Decimal) -> int:
    """How many digits a value has in all, zeros that say nothing apart."""
    return len(f"{abs(value):f}".partition(".")[0].lstrip("0")) + decimals(value)


def day(date: dt.date) -> str:
    """dd/mm/aaaa"""
    return date.strftime("%d/%m/%Y")
