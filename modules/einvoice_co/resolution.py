"""The numbering authorisation: prefix, range, validity, technical key (reference 1.2). Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

from core.i18n import _
from modules.einvoice_co.cufe import TECHNICAL_KEY
from modules.einvoice_co.findings import Draft, day, whole

PREFIX = re.compile("[A-Z0-9]{0,4}")
_PREFIX = ("prefijo", "prefix", "resolucionprefijo")
# habilitación: the range that the DIAN gives everybody for tests
TEST_PREFIX, TEST_FIRST, TEST_LAST = "SETP", 990_000_000, 995_000_000
TEST_FROM, TEST_UNTIL = dt.date(2019, 1, 19), dt.date(2030, 1, 19)


@dataclass(frozen=True)
class Resolution:
    """`first` and `last` are numbers, `key` is the technical key; what was not said is None or ""."""

    prefix: str
    number: str = ""
    date: dt.date | None = None
    first: int | None = None
    last: int | None = None
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    key: str = ""

    @property
    def range_name(self) -> str:
        """rangoNumeracion: prefix, dash, first number of the range (never the document's)."""
        return f"{self.prefix}-{self.first}" if self.first is not None else ""


def resolution(draft: Draft) -> Resolution:
    """The authorisation as the case says it; a note has none, and what is said of another prefix is the invoices'."""
    own, ranged = draft.text(*_PREFIX), draft.text("rangoNumeracion").rpartition("-")[0]
    prefix = draft.case.issuer.series or own or ranged
    if draft.is_note and prefix not in (own, ranged):
        return Resolution(prefix, first=1)
    if own and own != prefix:
        draft.refuse("prefix_differs", "issuer.series", _(
            "To send this you must use the prefix of the authorisation, %(prefix)s, not %(found)s.", prefix=own,
            found=prefix), "FAB10")
    found = Resolution(
        prefix, draft.text("numeroResolucion", "resolucionnumero", "resolutionnumber", "numeroautorizacion",
                           "autorizacionnumero", "resolucionnumeracionnumero", "autorizacion", "resolucion",
                           "resolution", "resolucionnumeracion", "invoiceauthorization"),
        day(draft.said("fechaResolucion", "resolucionfecha", "resolutiondate", "resolucionnumeracionfecha",
                       "autorizacionfecha", "numeracionfecha")),
        whole(draft.text("desde", "rangodesde", "from", "rangefrom", "numerodesde", "rangoinicial", "numeroinicial",
                         "first", "firstnumber", "rangestart", "start", "inicio")),
        whole(draft.text("hasta", "rangohasta", "to", "rangeto", "numerohasta", "rangofinal", "numerofinal", "last",
                         "lastnumber", "rangeend", "end", "fin")),
        day(draft.said("vigenciaDesde", "validfrom", "fechadesde", "desdefecha", "fechainicio", "vigenciainicio",
                       "startdate")),
        day(draft.said("vigenciaHasta", "validto", "validuntil", "fechahasta", "hastafecha", "fechafin", "vigenciafin",
                       "enddate")),
        _key(draft))
    return _with_range(draft, found)


def _key(draft: Draft) -> str:
    names = ("claveTecnica", "ClTec", "technicalkey")
    said = draft.text(*names)
    if said and not TECHNICAL_KEY.fullmatch(said):
        draft.refuse("technical_key", draft.where(*names), _(
            "To compute the CUFE you must give the range's technical key: 40 hexadecimal digits, not %(length)s.",
            length=len(said)), "FAD06")
        return ""
    return said


def _with_range(draft: Draft, found: Resolution) -> Resolution:
    """The first number also out of rangoNumeracion; of a test prefix the DIAN's own; of notes 1."""
    said = draft.text("rangoNumeracion")
    first = found.first
    if said:
        prefix, _dash, start = said.rpartition("-")
        if prefix != found.prefix or whole(start) is None:
            draft.refuse("range", draft.where("rangoNumeracion"), _(
                "To send this you must give rangoNumeracion as prefix, dash and first number of the range, like "
                "%(example)s; found: %(found)s.", example=f"{found.prefix}-{first or 1}", found=said), "FAB10")
        elif first is not None and whole(start) != first:
            draft.refuse("range_first", draft.where("rangoNumeracion"), _(
                "To send this rangoNumeracion must name the first number of the range, %(first)s, not %(found)s.",
                first=first, found=start), "FAB11")
        first = whole(start) if whole(start) is not None else first
    elif first is None and draft.is_note:
        first = 1
    elif first is None and found.prefix == TEST_PREFIX and not draft.production:
        return _tests(found)
    return replace(found, first=first)


def _tests(found: Resolution) -> Resolution:
    """The DIAN's own range and dates where none were said."""
    return replace(found, first=TEST_FIRST, last=found.last or TEST_LAST, valid_from=found.valid_from or TEST_FROM,
                   valid_until=found.valid_until or TEST_UNTIL)


def check(draft: Draft, found: Resolution) -> None:
    """Prefix, number within the range, date within the validity; a note has only a prefix (reference 1.2, 1.9)."""
    if not PREFIX.fullmatch(found.prefix):
        draft.refuse("prefix", "issuer.series", _(
            "To send this you must give a prefix of four capital letters or digits at most, not %(found)s.",
            found=found.prefix), "FAB10")
    if draft.is_note:
        _check_prefix_of_note(draft, found.prefix)
    number = draft.case.number
    if number is None or number < 1:
        draft.refuse("number", "number", _("To send this you must give the document's number, 1 or above."), "109")
        return
    if draft.is_note:
        return
    if found.first is None:
        draft.refuse("range", "issuer.extra.rangoNumeracion", _(
            "To send this you must give the first number of the authorised range (rangoNumeracion)."), "109")
    _check_number(draft, found, number)
    _check_validity(draft, found)


def _check_prefix_of_note(draft: Draft, prefix: str) -> None:
    """Notes have a prefix of their own (reference 1.2)."""
    if not prefix or any(one.series == prefix for one in draft.case.references):
        draft.refuse("prefix_of_note", "issuer.series", _(
            "To issue a note you must give it a prefix of its own, not %(found)s.",
            found=prefix or _("nothing")), "109")


def _check_number(draft: Draft, found: Resolution, number: int) -> None:
    if found.first is not None and number < found.first:
        draft.refuse("number_below", "number", _(
            "To send this you must take a number of the authorised range, which begins with %(first)s.",
            first=found.first), "FAB11")
    if found.last is not None and number > found.last:
        draft.refuse("number_above", "number", _(
            "To send this you must take a number of the authorised range, which ends with %(last)s.",
            last=found.last), "FAB12")


def _check_validity(draft: Draft, found: Resolution) -> None:
    if found.valid_from and draft.date < found.valid_from:
        draft.refuse("not_yet_valid", "issued_at", _(
            "To send this you must date it within the resolution's validity, which begins on %(day)s.",
            day=found.valid_from.isoformat()), "FAB07")
    if found.valid_until and draft.date > found.valid_until:
        draft.refuse("no_longer_valid", "issued_at", _(
            "To send this you must date it within the resolution's validity, which ended on %(day)s: ask the DIAN for "
            "a new one.", day=found.valid_until.isoformat()), "FAB08")
