"""The files: debts understood, payments of a day written in one of two dialects, whole or broken. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.i18n import lazy
from modules.gateways.providers.asobancaria.simulator.day import Entry

# ways in which a file comes broken
BROKEN: dict[str, Any] = {
    "cut": lazy("The file ends in the middle"),
    "digit": lazy("A digit of an amount is another one"),
    "batch_total": lazy("The sum of the batch is wrong"),
    "file_total": lazy("The sum of the file is wrong"),
    "other_nit": lazy("The file is another company's"),
    "header_twice": lazy("The header stands twice"),
}
DEBT_LENGTH = 220


class Refused(ValueError):
    """A debt file that the bank does not take; the sentence says why."""


def debts_of(content: bytes, nit: str) -> list[dict[str, Any]]:
    """(reference, cents) of each detail of a debt file; Refused with its first bad line."""
    text = content.decode("latin-1")
    if not text.endswith("\r\n"):
        raise Refused("línea final sin CRLF")
    lines = text.split("\r\n")[:-1]
    for number, line in enumerate(lines, 1):
        if len(line) != DEBT_LENGTH:
            raise Refused(f"línea {number}: {len(line)} posiciones en lugar de {DEBT_LENGTH}")
    kinds = "".join({"01": "h", "05": "b", "06": "d", "08": "e", "09": "t"}.get(line[:2], "?") for line in lines)
    if not re.fullmatch("h(bd*e)+t", kinds):
        raise Refused("orden de registros incorrecto")
    if lines[0][2:12] != nit:
        raise Refused(f"NIT {lines[0][2:12]} no corresponde al convenio")
    details = [line for line in lines if line.startswith("06")]
    found = [{"reference": line[2:50].lstrip("0"), "cents": int(line[85:99])} for line in details]
    if int(lines[-1][2:11]) != len(found) or int(lines[-1][11:29]) != sum(one["cents"] for one in found):
        raise Refused("control de archivo no coincide")
    return found


def payments(entries: Sequence[Entry], day: dt.date, modifier: str, config: Mapping[str, Any]) -> bytes:
    """The payment file of a day. Dialect "b" is the second bank's: blanks for zeros, LF, the last line cut."""
    tidy = config["dialect"] == "a"
    lines = _2001(entries, day, modifier, config) if config["layout"] == "2001" else _1998(entries, day, config)
    width = 162 if config["layout"] == "2001" else 128
    padded = [line.ljust(width) for line in lines]
    if not tidy:
        padded[-1] = padded[-1][:29]
        return "\n".join(padded).encode("latin-1")
    return "".join(line + "\r\n" for line in padded).encode("latin-1")


def _2001(entries: Sequence[Entry], day: dt.date, modifier: str, config: Mapping[str, Any]) -> list[str]:
    tidy = config["dialect"] == "a"
    account = str(config["account"]).rjust(17, "0" if tidy else " ")
    made = _business_day(day)
    lines = [f"01{config['nit']}{day:%Y%m%d}{config['bank']}{account}{made:%Y%m%d}0213{modifier}01",
             f"05{config['service']}0001"]
    for sequence, one in enumerate(entries, 2):
        entity = config["bank"] if tidy else "999"
        reason = one.returned or ("000" if tidy else "   ")
        lines.append(f"06{one.reference:0>48}{one.cents:014}{one.origin}{one.means}000000000000{entity}{one.branch}"
                     f"{sequence:07}{reason}")
    total = sum(one.cents for one in entries)
    return [*lines, f"08{len(entries):09}{total:018}0001", f"09{len(entries):09}{total:018}"]


def _1998(entries: Sequence[Entry], day: dt.date, config: Mapping[str, Any]) -> list[str]:
    lines = [f"01{config['nit']:0>13}{day:%Y%m%d}{config['bank']}{config['account']:0>15}"]
    lines += [f"02{one.reference:0>25}{one.cents:013}{one.origin}{sequence:07}"
              for sequence, one in enumerate(entries, 2)]
    return [*lines, f"09{len(entries):09}{sum(one.cents for one in entries):018}"]


def _business_day(day: dt.date) -> dt.date:
    """The day on which the bank writes the file: the next one that is no weekend."""
    following = day + dt.timedelta(days=1)
    while following.weekday() > 4:
        following += dt.timedelta(days=1)
    return following


def broken(content: bytes, fault: str) -> bytes:
    """The same file, spoilt in one way."""
    lines = content.splitlines(keepends=True)
    if fault == "cut":
        return content[:len(content) * 2 // 3]
    if fault == "header_twice":
        return b"".join([lines[0], *lines])
    if fault == "other_nit":
        return lines[0][:2] + b"9009999990"[-10:] + lines[0][12:] + b"".join(lines[1:])
    wanted, place = {"digit": (b"06", 60), "batch_total": (b"08", 28), "file_total": (b"09", 28)}[fault]
    index = next(number for number, line in enumerate(lines) if line.startswith(wanted))
    line = bytearray(lines[index])
    line[place] = ord("0") + (line[place] - ord("0") + 1) % 10
    lines[index] = bytes(line)
    return b"".join(lines)
