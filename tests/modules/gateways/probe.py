"""A gateway made for tests: simple files and notices, a list of payments, pages; nothing of it is on any network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from core.errors import Unavailable, Unknown
from modules.gateways.access import Access, Setting
from modules.gateways.errors import BadFile
from modules.gateways.ports import Provider
from modules.gateways.records import lines
from modules.gateways.shapes import Attempt, Control, Debt, Incoming, Notice, Opened, Reading, Reference

PROVIDER = Provider("probe", "Probe", (), (Setting("word", "Word", "secret"),), method="probe")


class Files:
    """Lines "identity;code;amount;status", the last one "end;count;total"."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Control]:
        count, total, ended = 0, Decimal("0.00"), False
        for number, line in lines(file):
            parts = line.split(";")
            if ended or len(parts) != (3 if parts[0] == "end" else 4):
                raise BadFile(f"line {number}", number)
            if parts[0] == "end":
                if (str(count), f"{total:.2f}") != (parts[1], parts[2]):
                    raise BadFile(f"line {number}: totals", number)
                ended = True
                continue
            try:
                amount = Decimal(parts[2])
            except ArithmeticError:
                raise BadFile(f"line {number}: amount", number) from None
            count, total = count + 1, total + amount
            yield Reading(parts[0], parts[3], amount, "ARS", dt.date(2026, 11, 9), reference=Reference(parts[1]),
                          line=number)
        if not ended:
            raise BadFile("no end")
        yield Control(count, total, dt.date(2026, 11, 9))


class Hook:
    """Authentic where the header says the account's word; the body is the payment's identity."""

    def notice(self, access: Access, incoming: Incoming) -> Notice:
        good = incoming.headers.get("x-word") == access.get("word", "open")
        return Notice(good, "ok" if good else "signature_mismatch", f"{incoming.query.get('n')}:{incoming.body}",
                      incoming.body, "ignore" if incoming.query.get("topic") == "other" else "read")

    def answer(self, notice: Notice) -> tuple[int, str, str]:
        return (200 if notice.authentic else 401), "", "text/plain"


class Gateway:
    """What the gateway knows; `trouble` is raised where it is set."""

    methods: dict[str, Any] = {"link": "Page"}

    def __init__(self) -> None:
        self.payments: dict[str, list[Reading]] = {}
        self.pages: dict[str, Opened] = {}
        self.closed: list[str] = []
        self.asked: list[str] = []
        self.trouble: Exception | None = None
        self.loses_answers = False

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        self.asked.append(payment_id or reference)
        if self.trouble is not None:
            raise self.trouble
        return self.payments.get(payment_id or reference, [])

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        if self.trouble is not None:
            raise self.trouble
        keys, start = sorted(self.payments), int(cursor or 0)
        return [one for key in keys[start:start + 2] for one in self.payments[key]], str(min(start + 2, len(keys))), (
            start + 2 < len(keys))

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        return "" if debt.amount >= 1 else "too little"

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        if self.trouble is not None:
            raise self.trouble
        made = Opened(f"page-{attempt.reference}", f"https://pay.example/{attempt.reference}", secret="s3cret")
        assert attempt.reference not in self.pages, "opened twice"
        self.pages[attempt.reference] = made
        if self.loses_answers:
            raise Unknown("lost")
        return made

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        if isinstance(self.trouble, Unavailable):
            raise self.trouble
        return self.pages.get(attempt.reference)

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        self.closed.append(opened.provider_ref)
