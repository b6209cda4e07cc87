"""Answers to automatic debits in: RDEBLIQC and RDEBLIMC, RDEBLIQD and LDEBLIQD, First Data's. Pure.

Only what was settled is money: of Visa debit that is LDEBLIQD; RDEBLIQD says that a debit is in order, 034 that it is
tried again. No message shows the number of a card.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.providers.prisma import layouts
from modules.gateways.providers.prisma.mapping import FIRST_DATA
from modules.gateways.records import Record, lines
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Problem, Reading, Reference

CHARGE, RETURN = "0005", "6000"
# tried again by the network
RETRIED = "034"
LONG_NUMBER = re.compile(r"\d{6,}")
Numbered = Iterator[tuple[int, str]]


@dataclass(frozen=True)
class Form:
    """How a file of answers is read: its records, and what a line of it says."""

    trailer: Record
    reading: Callable[[str, int, str, Repeats], Reading]
    header: Callable[[str, int, Access], tuple[dt.date | None, str]]


class PaymentFile:
    """Which of the files it is, its first line says; First Data's is known by the account."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        numbered = lines(file)
        number, first = next(numbered, (1, ""))
        if access.get("tipo") == FIRST_DATA:
            yield from _first_data(first, number, numbered)
            return
        name = first[1:9].rstrip()
        if name not in FORMS or not first.startswith("0"):
            raise BadFile(_("Line %(line)s: this is no answer to card debits; it must begin with %(known)s.",
                            line=number, known=", ".join(f"0{one}" for one in FORMS)), number, code="header")
        _check_kind(access, name, number)
        yield from _answers(FORMS[name], first, name, number, numbered, access)


def _answers(form: Form, first: str, name: str, number: int, numbered: Numbered,
             access: Access) -> Iterator[Reading | Control]:
    day, ours = form.header(first, number, access)
    count, total, seen, ended = 0, ZERO, Repeats(), None
    for number, text in numbered:
        if ended is not None:
            if text:
                raise BadFile(_("Line %(line)s stands after the trailer; nothing may follow it.", line=number), number,
                              code="order")
        elif text.startswith("9"):
            ended = _control(form, text, number, first, count, total, day, ours, access)
        else:
            one = form.reading(text, number, name, seen)
            if ours and one.raw.get("establishment") not in (None, ours):
                raise _other(number, str(one.raw["establishment"]), ours)
            count, total = count + 1, total + one.amount
            yield one
    if ended is None:
        raise BadFile(_("The file ends after line %(line)s without its trailer: it was cut. Ask for it again.",
                        line=number), number, code="cut")
    yield replace(ended, facts={**ended.facts, "file": name})


def _check_kind(access: Access, name: str, number: int) -> None:
    wanted = str(access.get("tipo"))
    if wanted and name[1:] != wanted:
        raise BadFile(_("Line %(line)s: this file answers %(theirs)s; this account sends %(ours)s. Import it into the "
                        "account that it belongs to.", line=number, theirs=name[1:], ours=wanted), number,
                      code="other_company")


def _other(number: int, theirs: str, ours: str) -> BadFile:
    return BadFile(_("Line %(line)s is of establishment %(theirs)s, not of %(ours)s. Import the file into the account "
                     "that it belongs to.", line=number, theirs=theirs, ours=ours), number, code="other_company")


def _control(form: Form, text: str, number: int, first: str, count: int, total: Decimal, day: dt.date | None,
             ours: str, access: Access) -> Control:
    if form.trailer is layouts.DEBIT_TRAILER and not access.get("control_debito", True):
        return Control(count, total, day, {})
    found = _read(form.trailer, text, number)
    if form.trailer is layouts.TRAILER and text[1:41] != first[1:41]:
        raise BadFile(_("Line %(line)s (trailer), positions 2–41: it must repeat the header, “%(header)s”.",
                        line=number, header=first[1:41]), number, code="control")
    _same(_("count"), int(found["count"]), count, number)
    _same(_("total"), found["total"], total, number)
    return Control(count, total, day, {"establishment": ours} if ours else {})


def _same(name: str, told: Any, counted: Any, number: int) -> None:
    if told != counted:
        raise BadFile(_("Line %(line)s (trailer): its %(name)s is %(told)s, the file's is %(counted)s. Ask for the "
                        "file again.", line=number, name=name, told=told, counted=counted), number, code="control")


# --- credit cards ----------------------------------------------------------------------------------------------


def _header(text: str, number: int, access: Access) -> tuple[dt.date | None, str]:
    values = layouts.HEADER.read(text, number)
    ours = str(access.get("establecimiento"))
    if ours and values["establishment"] != ours:
        raise _other(number, values["establishment"], ours)
    return values["date"], values["establishment"]


def _reading(text: str, number: int, name: str, seen: Repeats) -> Reading:
    values = _read(layouts.DETAIL, text, number)
    last, new = _last_four(text[26:42], number), text[208:224].strip()
    if values["state"] not in ("0", "1"):
        raise BadFile(_("Line %(line)s, position 130: found “%(found)s”, expected 0 (accepted) or 1 (rejected).",
                        line=number, found=values["state"]), number, code="field")
    accepted, is_new = values["state"] == "0", new.isascii() and new.isdigit() and len(new) == 16 and bool(
        new.strip("0"))
    words = f"{values['reason']} {values['text']} {values['reason_2']} {values['text_2']}".split()
    return Reading(
        _identity((values["establishment"], values["presented"], values["batch"], last), values, seen),
        _state(accepted, values["movement"], number), values["amount"], "ARS", values["presented"],
        values["paid"] if accepted else None, channel=name[1:], reference=_reference(values),
        reason="" if accepted else " ".join(words), remarks=("new_card",) * is_new, line=number,
        raw={"establishment": values["establishment"], "card": last, "portfolio": values["portfolio"]},
        secret={"card": new} if is_new else {})


def _state(accepted: bool, movement: str, number: int) -> str:
    """A return is money taken back; what was rejected is nothing."""
    if movement not in (CHARGE, RETURN):
        raise BadFile(_("Line %(line)s: the movement is %(found)s, expected 0005 (charge) or 6000 (return).",
                        line=number, found=movement), number, code="field")
    return "rejected" if not accepted else "reversed" if movement == RETURN else "approved"


def _read(record: Record, text: str, number: int) -> dict[str, Any]:
    """Where a line is shifted, what is wrong in another field may be a part of the card's number."""
    try:
        return record.read(text, number)
    except BadFile as error:
        raise BadFile(LONG_NUMBER.sub("…", str(error)), error.line, code=error.code) from None


def _last_four(text: str, number: int) -> str:
    if not (text.isascii() and text.isdigit()):
        raise BadFile(_("Line %(line)s: the number of the card has not 16 digits.", line=number), number, code="field")
    return text[-4:]


def _reference(values: Mapping[str, Any]) -> Reference:
    return Reference(values["identifier"].lstrip("0"), values["reference"])


def _identity(whose: tuple[Any, ...], values: Mapping[str, Any], seen: Repeats) -> str:
    """The same debit in every answer to it; equal ones of one file are numbered."""
    written = [f"{one:%Y%m%d}" if isinstance(one, dt.date) else str(one) for one in whose]
    parts = [*written, values["reference"], values["identifier"].lstrip("0"), values["movement"],
             str(int(values["amount"].scaleb(2)))]
    identity = "-".join(parts)
    place = seen.number(identity)
    return identity if place == 1 else f"{identity}-{place}"


# --- Visa debit ------------------------------------------------------------------------------------------------


def _debit_header(text: str, number: int, access: Access) -> tuple[dt.date | None, str]:
    """Not described: the establishment may stand in the place of the sent file or in that of the other answers."""
    layouts.DEBIT_HEADER.read(text, number)
    ours = str(access.get("establecimiento"))
    if ours and ours not in (text[9:19], text[19:29]):
        raise _other(number, text[9:29].replace("900000", "").strip(), ours)
    return None, ""


def _debit_reading(text: str, number: int, name: str, seen: Repeats) -> Reading:
    values = _read(layouts.DEBIT_DETAIL, text, number)
    last, reason = _last_four(text[1:17], number), values["reason"]
    accepted = reason.strip("0 ") == ""
    status = _state(accepted, values["movement"], number)
    if reason == RETRIED or (name.startswith("R") and status == "approved"):
        status = "pending"
    return Reading(
        _identity((values["due"], last), values, seen), status, values["amount"], "ARS", values["due"],
        channel=name[1:], reference=_reference(values),
        reason="" if accepted else f"{reason} {values['text']}".strip(), line=number, raw={"card": last})


FORMS: Mapping[str, Form] = {
    **dict.fromkeys(("RDEBLIQC", "RDEBLIMC"), Form(layouts.TRAILER, _reading, _header)),
    **dict.fromkeys(("RDEBLIQD", "LDEBLIQD"), Form(layouts.DEBIT_TRAILER, _debit_reading, _debit_header))}


# --- First Data ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def reasons() -> Mapping[str, str]:
    """First Data's reasons in words."""
    with (Path(__file__).parent / "data" / "firstdata_motivos.csv").open(encoding="utf-8", newline="") as file:
        return {row["codigo"]: row["motivo"] for row in csv.DictReader(file)}


def _first_data(first: str, number: int, numbered: Numbered) -> Iterator[Reading | Control]:
    """Count and total stand in the header, so that the file is proved at its end."""
    head = layouts.FD_HEADER.read(_known(first, number), number)
    count, total, seen = 0, ZERO, Repeats()
    for number, text in numbered:
        values = _read(layouts.FD_DETAIL, _known(text, number), number)
        count, total = count + 1, total + values["amount"]
        yield _first_data_reading(values, number, seen)
    _same(_("count"), int(head["count"]), count, number)
    _same(_("total"), head["total"], total, number)
    yield Control(count, total, None, {"file": FIRST_DATA})


def _known(text: str, number: int) -> str:
    if not layouts.FD_KNOWN <= len(text) <= 128:
        raise BadFile(_("Line %(line)s has %(found)s characters; an answer of First Data has 65 to 128. Ask for the "
                        "file again.", line=number, found=len(text)), number, code="length")
    return text[:layouts.FD_KNOWN]


def _first_data_reading(values: Mapping[str, Any], number: int, seen: Repeats) -> Reading:
    reason = values["reason"]
    identity = f"{values['reference']}-{values['period']}-{int(values['amount'].scaleb(2))}"
    place = seen.number(identity)
    return Reading(
        identity if place == 1 else f"{identity}-{place}", "approved" if reason == "00" else "rejected",
        values["amount"], "ARS", channel=FIRST_DATA, reference=Reference("", values["reference"]),
        reason="" if reason == "00" else f"{reason} {reasons().get(reason, '')}".strip(), line=number)
