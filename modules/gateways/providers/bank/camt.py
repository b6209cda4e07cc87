"""ISO 20022 camt.053, entry by entry: booked movements, batches taken apart, balances proved. Pure.

Source: ISO 20022 BankToCustomerStatement, versions 02 to 13. Declarations are refused before anything is read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO

from lxml import etree

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine
from modules.gateways.providers.bank.mapping import Account
from modules.gateways.shapes import Control, Problem

SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
TAGS = ("{*}Bal", "{*}Ntry", "{*}Stmt", "{*}Acct", "{*}TxsSummry")
AMOUNT = re.compile(r"[+-]?\d{1,15}(\.\d{1,5})?")
REFERENCES = ("RmtInf/Strd/CdtrRefInf/Ref", "Refs/EndToEndId", "Refs/TxId")
DAYS = ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
NOT_GIVEN = {"", "NOTPROVIDED", "NONREF"}


@dataclass
class Statement:
    """What a statement says of itself, and what was read of it."""

    opening: Decimal | None = None
    closing: Decimal | None = None
    entries: int | None = None
    read: int = 0
    moved: Decimal = field(default_factory=lambda: Decimal("0.00"))


def read(file: BinaryIO, access: Access) -> Iterator[BankLine | Problem | Control]:
    """The booked movements of all statements in the file, which must be of one account."""
    account, statement, seen = Account(access), Statement(), False
    try:
        for _event, item in _elements(file):
            name = _name(item)
            if name == "Ntry":
                yield from _entry(account, statement, item)
            elif name == "Stmt":
                _close(account, statement, item)
                statement, seen = Statement(), True
            elif _name(item.getparent()) == "Stmt":
                _about(account, statement, name, item)
                continue
            _forget(item)
    except etree.XMLSyntaxError as error:
        raise BadFile(_("Line %(line)s: this file is no whole XML (%(reason)s). Ask for it again.",
                        line=error.lineno or 1, reason=str(error.msg)[:120]), error.lineno or 1, code="cut") from None
    if not seen:
        raise BadFile(_("This file holds no statement (camt.053)."), 1, code="empty")
    yield account.control()


def _elements(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Elements when they end. A document that declares anything is refused before its first element."""
    file.seek(0)
    context = etree.iterparse(file, events=("start", "end"), **SAFE)
    wanted = {tag.removeprefix("{*}") for tag in TAGS}
    first = True
    for event, item in context:
        if first:
            _prove_safe(item)
            first = False
        if event == "end" and _name(item) in wanted:
            yield event, item


def _prove_safe(root: Any) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadFile(_("This file declares things of its own (DOCTYPE), which no statement needs: it is not read."), 1,
                      code="unsafe")
    if _name(root) != "Document" or "camt.053" not in (root.tag if isinstance(root.tag, str) else ""):
        raise BadFile(_("This XML is no statement camt.053; found: %(found)s.", found=str(root.tag)[:80]), 1,
                      code="record")


def _about(account: Account, statement: Statement, name: str, item: Any) -> None:
    if name == "Acct":
        account.belongs(_text(item, "Id/IBAN") or _text(item, "Id/Othr/Id"), item.sourceline)
    elif name == "Bal":
        kind, amount = _text(item, "Tp/CdOrPrtry/Cd"), _signed(item)
        if kind in ("OPBD", "PRCD") and (statement.opening is None or kind == "OPBD"):
            statement.opening = amount
        elif kind == "CLBD":
            statement.closing = amount
    elif name == "TxsSummry":
        count = _text(item, "TtlNtries/NbOfNtries")
        statement.entries = int(count) if count.isdecimal() else None


def _close(account: Account, statement: Statement, item: Any) -> None:
    if statement.entries is not None and statement.entries != statement.read:
        raise BadFile(_("The statement says that it has %(said)s entries; it has %(found)s. Ask for it again.",
                        said=statement.entries, found=statement.read), item.sourceline, code="control")
    account.prove(statement.opening, statement.moved, statement.closing, item.sourceline)


def _entry(account: Account, statement: Statement, item: Any) -> Iterator[BankLine | Problem]:
    statement.read += 1
    state = _text(item, "Sts/Cd") or _text(item, "Sts")
    if state not in ("BOOK", ""):
        yield Problem(item.sourceline or 0, "not_booked", _("This entry is not booked yet (%(state)s).", state=state))
        return
    amount = _signed(item)
    statement.moved += amount
    day, own = _day(item), _text(item, "AcctSvcrRef") or _text(item, "NtryRef")
    details = item.findall("{*}NtryDtls/{*}TxDtls")
    amounts = [_detail_amount(one) for one in details]
    known = [one for one in amounts if one is not None]
    if len(details) > 1 and len(known) == len(details) and sum(known) == abs(amount):
        sign = 1 if amount >= 0 else -1
        for number, (one, part) in enumerate(zip(details, known, strict=True), 1):
            mine = _text(one, "Refs/AcctSvcrRef") or (f"{own}/{number}" if own else "")
            yield _line(account, item, one, day, sign * part, mine)
    else:
        yield _line(account, item, details[0] if len(details) == 1 else None, day, amount, own)


def _line(account: Account, item: Any, detail: Any, day: dt.date, amount: Decimal, own: str) -> BankLine:
    reference, name, text = "", "", ""
    if detail is not None:
        reference = next((one for path in REFERENCES if (one := _text(detail, path)) not in NOT_GIVEN), "")
        party = "Dbtr" if amount >= 0 else "Cdtr"
        name = _text(detail, f"RltdPties/{party}/Nm") or _text(detail, f"RltdPties/{party}/Pty/Nm")
        text = " ".join(one.text or "" for one in detail.findall("{*}RmtInf/{*}Ustrd"))
    currency = item.find("{*}Amt").get("Ccy") or ""
    return account.line(day, amount, currency, own, item.sourceline, text=text or _text(item, "AddtlNtryInf"),
                        reference=reference, name=name)


def _detail_amount(detail: Any) -> Decimal | None:
    text = _text(detail, "Amt") or _text(detail, "AmtDtls/TxAmt/Amt")
    return Decimal(text) if AMOUNT.fullmatch(text) else None


def _signed(item: Any) -> Decimal:
    """The amount of an entry or balance, by its mark of credit or debit."""
    text, mark = _text(item, "Amt"), _text(item, "CdtDbtInd")
    if not AMOUNT.fullmatch(text) or mark not in ("CRDT", "DBIT"):
        raise BadFile(_("Line %(line)s: found “%(found)s”, expected an amount.", line=item.sourceline or "?",
                        found=f"{text} {mark}"[:40]), item.sourceline, code="field")
    return Decimal(text) * (1 if mark == "CRDT" else -1)


def _day(item: Any) -> dt.date:
    text = next((found for path in DAYS if (found := _text(item, path))), "")
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        raise BadFile(_("Line %(line)s: found “%(found)s”, expected a date.", line=item.sourceline or "?",
                        found=text[:40]), item.sourceline, code="field") from None


def _text(item: Any, path: str) -> str:
    """The text of the first such element, whatever version's name space it is in."""
    found = item.find("/".join(f"{{*}}{part}" for part in path.split("/")))
    return (found.text or "").strip() if found is not None else ""


def _name(item: Any) -> str:
    return item.tag.rpartition("}")[2] if item is not None and isinstance(item.tag, str) else ""


def _forget(item: Any) -> None:
    """Free what was read, else the whole file stays in memory."""
    item.clear()
    while item.getprevious() is not None:
        del item.getparent()[0]
