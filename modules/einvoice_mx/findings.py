"""What the SAT would refuse about a document, collected while it is mapped. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.i18n import _
from modules.einvoice.case import Case
from modules.einvoice.preview import ERROR, WARNING, Problem

CENT, SIX = Decimal("0.01"), Decimal("0.000001")
MEXICO_CITY = "America/Mexico_City"
# the zone of a postal code by its first two digits (states); the border and other exceptions are said by the issuer
ZONES = {"21": "America/Tijuana", "22": "America/Tijuana", "23": "America/Mazatlan", "63": "America/Mazatlan",
         "77": "America/Cancun", "80": "America/Mazatlan", "81": "America/Mazatlan", "82": "America/Mazatlan",
         "83": "America/Hermosillo", "84": "America/Hermosillo", "85": "America/Hermosillo",
         "31": "America/Chihuahua", "32": "America/Ciudad_Juarez", "33": "America/Chihuahua"}
_SPACE = re.compile(r"\s+")
# what no XML document can hold
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Draft:
    """The document while it is being mapped."""

    case: Case
    # moment of sending; None where only the document itself is looked at
    now: dt.datetime | None = None
    problems: list[Problem] = field(default_factory=list)
    # c_TipoDeComprobante
    kind: str = "I"
    # CP of the place of issue
    place: str = ""
    rfc: str = ""
    receiver_rfc: str = ""
    # amounts.Sums of lines that were added up before (the sales of a global invoice); None: they are added up
    given: Any = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the place of issue: the issuer's own `timezone`, else its postal code's."""
        said = str(self.case.issuer.extra.get("timezone") or ZONES.get(self.place[:2], MEXICO_CITY))
        try:
            return ZoneInfo(said)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo(MEXICO_CITY)

    @property
    def moment(self) -> dt.datetime:
        """When it is issued, in the time of the place of issue."""
        return self.case.issued_at.astimezone(self.zone)

    @property
    def regime(self) -> str:
        """The issuer's RegimenFiscal."""
        return str(self.case.issuer.extra.get("RegimenFiscal") or self.case.issuer.tax_condition).strip()

    @property
    def is_global(self) -> bool:
        """The month's (or day's, or week's) one invoice to the general public."""
        return self.extra.get("InformacionGlobal") is not None and self.kind == "I"

    @property
    def extra(self) -> Mapping[str, Any]:
        """What only Mexico has, under the SAT's names."""
        return self.case.extra

    def refuse(self, code: str, where: str, message: str, authority: str = "") -> None:
        """Note what would be refused; `authority` is the SAT's code of the rule."""
        self.problems.append(Problem(code, where, message, authority, ERROR))

    def remark(self, code: str, where: str, message: str, authority: str = "") -> None:
        """Note what would pass, or only the SAT's own lists can tell."""
        self.problems.append(Problem(code, where, message, authority, WARNING))

    def text(self, value: Any, where: str, longest: int) -> str:
        """A text as an attribute takes it (`collapsed`); refused where it is too long."""
        found = collapsed("" if value is None else str(value))
        if len(found) > longest:
            self.refuse("too_long", where, _(
                "To send this you must shorten %(field)s to %(longest)s characters; it has %(found)s.", field=where,
                longest=longest, found=len(found)), "301")
        return found[:longest]


def cents(value: Decimal) -> Decimal:
    """Rounded to the currency's cents, half up (Anexo 20: round at the end)."""
    return value.quantize(CENT, ROUND_HALF_UP)


def six(value: Decimal) -> Decimal:
    """Rounded to the six decimals that lines may have."""
    return value.quantize(SIX, ROUND_HALF_UP)


def money(value: Decimal) -> str:
    """An amount of the document: two decimals."""
    return f"{value:.2f}"


def precise(value: Decimal, places: int = 2) -> str:
    """An amount of a line: as many decimals as it has, `places` at least."""
    return f"{value:.{max(places, decimals(value))}f}"


def plain(value: Decimal) -> str:
    """A number without padding."""
    return f"{value.normalize():f}"


def decimals(value: Decimal) -> int:
    """How many decimals a value has, trailing zeros apart."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def collapsed(text: str, longest: int | None = None) -> str:
    """A text as an attribute takes it: single spaces, no bar (it parts the cadena original), not longer."""
    return _SPACE.sub(" ", str(text).replace("|", "/")).strip()[:longest].rstrip()


def for_xml(text: str) -> str:
    """A text without the signs that no XML document can hold."""
    return _NO_XML.sub("", text)


def decimal_of(value: Any) -> Decimal | None:
    """An amount written in `extra`; None where it is none."""
    text = str(value if value is not None else "").strip()
    return Decimal(text) if re.fullmatch(r"-?\d{1,18}(\.\d{1,12})?", text) and not isinstance(value, bool) else None
