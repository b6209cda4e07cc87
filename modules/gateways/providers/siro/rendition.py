"""SIRO's renditions: a line per payment, without header and trailer, in one of three forms. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile, BadSetting
from modules.gateways.providers.siro import codes
from modules.gateways.providers.siro.layouts import RENDITIONS
from modules.gateways.records import Record, lines
from modules.gateways.repeats import Repeats
from modules.gateways.shapes import ZERO, Control, Problem, Reading, Reference

# SIRO's way to write "no date"
NO_DAY = dt.date(1900, 1, 1)
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MARK = "\ufeff".encode().decode("latin-1")


class PaymentFile:
    """A rendition as the web or a mail gives it."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        found = ((number, text.removeprefix(MARK) if number == 1 else text) for number, text in lines(file))
        yield from read(_without_empty_end(found), access)


def _without_empty_end(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Empty lines are forgiven at the end and nowhere else."""
    empty = 0
    for number, text in numbered:
        if not text:
            empty = empty or number
        elif empty:
            raise BadFile(_("Line %(line)s is empty. Ask for the file again.", line=empty), empty, code="length")
        else:
            yield number, text


def read(numbered: Iterable[tuple[int, str]], access: Access) -> Iterator[Reading | Control]:
    """The payments of a rendition's lines, then their count and sum; BadFile for the first line that is none."""
    form, count, total, seen = "", 0, ZERO, Repeats()
    for number, text in numbered:
        form = form or _form(access, text, number)
        record, shortest = RENDITIONS[form]
        values = _values(record, shortest, text, number)
        _check_convenio(access, values["barcode"], number)
        count, total = count + 1, total + values["amount"]
        yield _reading(values, number, seen)
    if not count:
        raise BadFile(_("This file is empty. Ask for the rendition again."), code="empty")
    yield Control(count, total, None, {"format": form})


def _form(access: Access, text: str, number: int) -> str:
    """The account says in which form its renditions come; "auto" goes by the length of the first line."""
    said = str(access.get("rendicion", "auto"))
    if said in RENDITIONS:
        return said
    if said != "auto":
        raise BadSetting(_("SIRO's renditions are auto, extended, unified or alternate; found: %(found)s.", found=said),
                         field="rendicion")
    for name in ("alternate", "extended", "unified"):
        record, shortest = RENDITIONS[name]
        if shortest <= len(text) <= record.length:
            return name
    raise BadFile(_("Line %(line)s has %(found)s characters; a rendition of SIRO has 99, 226 or 476. Ask for the file "
                    "again.", line=number, found=len(text)), number, code="length")


def _values(record: Record, shortest: int, text: str, number: int) -> dict[str, Any]:
    """Blanks at the end may be missing; what stands before them may not."""
    if len(text) < shortest:
        raise BadFile(_("Line %(line)s has %(found)s characters; a %(record)s has %(expected)s. Ask for the file "
                        "again.", line=number, found=len(text), record=record.name, expected=record.length), number,
                      code="length")
    values = record.read(text.ljust(record.length), number)
    if not values["channel"]:
        raise BadFile(_("Line %(line)s names no channel of payment. Ask for the file again.", line=number), number,
                      code="field")
    result = values.get("result", "")
    if result and not UUID.fullmatch(result):
        raise BadFile(_("Line %(line)s, positions 237–272: found “%(found)s”, expected a result's number or blanks.",
                        line=number, found=result), number, code="field")
    return values


def convenio_of(barcode: str) -> str:
    """The convenio in a bar code, "" where it holds none.

    A slip of 56 digits is its own; what SIRO rebuilds has 59 digits, with zeros before the convenio of an 0447.
    """
    if not (barcode.isascii() and barcode.isdigit()):
        return ""
    if len(barcode) == 56 and barcode[:4] in ("0444", "0447"):
        return barcode[44:54]
    return barcode[47:57] if len(barcode) == 59 and barcode[:4] in ("0444", "0447", "0448", "0449") else ""


def _check_convenio(access: Access, barcode: str, number: int) -> None:
    ours, theirs = str(access.get("convenio")), convenio_of(barcode)
    if ours and theirs and theirs != ours:
        raise BadFile(_("Line %(line)s is a payment of convenio %(theirs)s; this account is %(ours)s. Import the file "
                        "into the account that it belongs to.", line=number, theirs=theirs, ours=ours), number,
                      code="other_company")


def _reading(values: Mapping[str, Any], number: int, seen: Repeats) -> Reading:
    channel = codes.channels().get(values["channel"])
    status = _status(values, channel)
    credited = _day(values["credited"])
    remarks = ("unknown_channel",) * (channel is None) + ("not_credited",) * (status == "approved" and not credited)
    reason = f"{values.get('code', '')} {values.get('text', '')}".strip()
    more = {name: values[name] for name in ("card", "instalments") if values.get(name)}
    page = codes.of_attempt(values["reference"]) if status == "approved" and values.get("reference") else ""
    if page and seen.number(page) > 1:  # a page is paid once; the second line is a payment of its own
        page = ""
    return Reading(
        _identity(values, seen), status, values["amount"], "ARS", _day(values["paid"]), credited,
        channel=values["channel"], reference=_reference(values), shared=page,
        known_as=(values["result"],) if values.get("result") else (),
        reason=reason if status == "rejected" else "", remarks=remarks, line=number, raw=more)


def _status(values: Mapping[str, Any], channel: codes.Channel | None) -> str:
    if channel and channel.means == "reversed":
        return "reversed"
    refused = (channel and channel.means == "rejected") or values.get("code") or values["amount"] == Decimal(0)
    return "rejected" if refused else "approved"


def _identity(values: Mapping[str, Any], seen: Repeats) -> str:
    """SIRO's number of the payment; without it all that tells a line from others, and its place among equal ones."""
    if values.get("payment"):
        return str(values["payment"])
    parts = (values["paid"].isoformat(), values["credited"].isoformat(), f"{values['amount']:.2f}", _nine(values),
             values.get("invoice", ""), values["channel"], values["barcode"])
    key = "|".join(parts)
    return f"{hashlib.sha256(key.encode()).hexdigest()[:40]}-{seen.number(key)}"


def _nine(values: Mapping[str, Any]) -> str:
    return str(values["concept"] + values["user"])


def _reference(values: Mapping[str, Any]) -> Reference:
    invoice = values.get("invoice", "")
    return Reference(_customer(values), invoice if invoice.strip("0 ") else "", values["barcode"],
                     values.get("reference", ""))


def _customer(values: Mapping[str, Any]) -> str:
    """Nine digits; fifteen where an 0448 named a customer whose code does not fit into nine."""
    nine, barcode = _nine(values), values["barcode"]
    wide = values.get("customer") or (barcode[4:19] if barcode.startswith("0448") else "")
    known = len(wide) == codes.WIDE_CUSTOMER and wide.isdigit() and wide.endswith(nine)
    return wide if known and wide[:-codes.CUSTOMER].strip("0") else nine


def _day(day: dt.date) -> dt.date | None:
    return None if day == NO_DAY else day
