"""ARCA's numbering in memory, with a fault at any moment: for proving the algorithm step by step."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from core.errors import Unavailable, Unknown
from modules.einvoice_ar.client import BatchAnswer, Decision, ListedPoint, Message, Registered

OUT_OF_SEQUENCE = Message("10016", "El numero o fecha del comprobante no se corresponde con el proximo a autorizar.")


class Killed(BaseException):
    """The process is gone at this point."""


class FakeArca:
    """Answers like Wsfe; `hook(moment)` is called before and after every call and may raise."""

    ticket = None

    def __init__(self) -> None:
        self.books: dict[tuple[int, int], list[dict[str, Any]]] = {}
        self.limit = 250
        self.points: list[ListedPoint] = []
        self.refused: dict[int, str] = {}
        self.calls: list[str] = []
        self.hook: Callable[[str], None] = lambda moment: None

    def book(self, point: int, kind: int) -> list[dict[str, Any]]:
        return self.books.setdefault((point, kind), [])

    def _call(self, name: str, work: Callable[[], Any]) -> Any:
        self.calls.append(name)
        self.hook(f"before {name}")
        answer = work()
        self.hook(f"after {name}")
        return answer

    def batch_size(self) -> int:
        return int(self._call("batch_size", lambda: self.limit))

    def last_number(self, point: int, kind: int) -> int:
        return int(self._call("last_number", lambda: len(self.book(point, kind))))

    def find(self, point: int, kind: int, number: int) -> Registered | None:
        def look() -> Registered | None:
            book = self.book(point, kind)
            return _registered(book[number - 1], number) if 0 < number <= len(book) else None

        found: Registered | None = self._call("find", look)
        return found

    def authorize(self, point: int, kind: int, details: list[dict[str, Any]]) -> BatchAnswer:
        answer: BatchAnswer = self._call("authorize", lambda: self._authorize(point, kind, details))
        return answer

    def _authorize(self, point: int, kind: int, details: list[dict[str, Any]]) -> BatchAnswer:
        if len(details) > self.limit:
            return _all_refused(details, Message("10003", "Supera la cantidad maxima"))
        book, decisions, broken = self.book(point, kind), [], False
        for index, detail in enumerate(details):
            if index == 0 and (detail["CbteDesde"] != len(book) + 1
                               or (book and detail["CbteFch"] < book[-1]["CbteFch"])):
                return _all_refused(details, OUT_OF_SEQUENCE)
            reason = self.refused.get(int(detail["DocNro"]))
            if broken or reason:
                messages = (Message("10015", reason),) if reason and not broken else ()
                broken = True
                decisions.append(Decision(detail["CbteDesde"], False, "", None, messages, {"Resultado": "R"}))
                continue
            book.append(detail | {"CAE": f"{76000000000000 + len(book):014d}"})
            decisions.append(Decision(detail["CbteDesde"], True, book[-1]["CAE"], dt.date(2026, 12, 1), (),
                                      {"Resultado": "A"}))
        return BatchAnswer(tuple(decisions))

    def dummy(self) -> dict[str, str]:
        return {"AppServer": "OK", "DbServer": "OK", "AuthServer": "OK"}

    def points_of_sale(self) -> list[ListedPoint]:
        return self.points

    def issue_elsewhere(self, point: int, kind: int, **changes: Any) -> None:
        """Another program takes the next number."""
        book = self.book(point, kind)
        book.append({"Concepto": 2, "DocTipo": 96, "DocNro": 1, "ImpTotal": "5.00", "CbteFch": "20261101",
                     "CbteDesde": len(book) + 1, "CAE": "70000000000000", **changes})


def _registered(detail: dict[str, Any], number: int) -> Registered:
    return Registered(
        number=number, doc_kind=int(detail["DocTipo"]), doc_number=int(detail["DocNro"]),
        total=Decimal(str(detail["ImpTotal"])), date=dt.datetime.strptime(detail["CbteFch"], "%Y%m%d").date(),
        concept=int(detail["Concepto"]), authorized=True, code=detail["CAE"], valid_until=dt.date(2026, 12, 1),
        messages=(), answer={"CodAutorizacion": detail["CAE"]})


def _all_refused(details: list[dict[str, Any]], message: Message) -> BatchAnswer:
    return BatchAnswer(tuple(Decision(one["CbteDesde"], False, "", None, (), {}) for one in details), (message,))


def at_random(seed: int, rate: float) -> Callable[[str], None]:
    """Refused connections, answers lost before and after the work, at this rate."""
    dice = random.Random(seed)

    def hook(moment: str) -> None:
        if dice.random() >= rate:
            return
        reading = not moment.endswith("authorize")
        if reading or (moment.startswith("before") and dice.random() < 0.5):
            raise Unavailable("no line")
        raise Unknown("no answer")

    return hook


def on(wanted: str, error: BaseException, times: int = 1) -> Callable[[str], None]:
    """Raise at this moment, the first times that it comes."""
    left = {"count": times}

    def hook(moment: str) -> None:
        if moment == wanted and left["count"] > 0:
            left["count"] -= 1
            raise error

    return hook
