"""A desk in memory that keeps what networks.Desk promises, and a server that lets a network call it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from werkzeug.wrappers import Request, Response

from core.errors import DomainError
from modules.gateways.access import Access
from modules.gateways.networks import Owed, Owing, Taken, TakenBack, Told
from modules.gateways.providers.facilito.pull import Counters
from modules.gateways.shapes import Incoming, masked

DEBT = Owed(2161, "1045-202611", "Internet noviembre 2026", dt.date(2026, 11, 15), Decimal("22.40"))


@dataclass
class Desk:
    """One subscriber, EC-1045, Ana Prueba."""

    owed: list[Owed] = field(default_factory=lambda: [DEBT])
    taken: dict[str, tuple[tuple[Any, ...], Taken, Any]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    booked: list[str] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def debts(self, code: str, channel: str = "", by: str = "") -> Owing | None:
        self.asked.append((code, channel, by))
        if code == "EC-OLD":
            raise DomainError("gone", code="code_retired")
        if code == "EC-BUSY":
            raise DomainError("slow", code="slow_down")
        if code not in ("EC-1045", "0102030405"):
            return None
        return Owing("EC-1045", masked("Ana Prueba"), "USD", tuple(self.owed))

    def pay(self, transaction: str, code: str, amount: Decimal, paid_at: Any, invoices: Iterable[str] = (),
            channel: str = "", document: int | None = None) -> Taken:
        content = (code, amount, document)
        if transaction in self.taken:
            known, taken, _at = self.taken[transaction]
            if known != content:
                raise DomainError("conflict", code="transaction_conflict")
            return replace(taken, duplicate=True)
        if (code and code != "EC-1045") or (not code and document != DEBT.number):
            raise DomainError("who?", code="unknown_code")
        back = transaction in self.kept
        if not back:
            self.booked.append(transaction)
            self.owed = []
        made = Taken(transaction, 16401, "R-2026-0000881", amount, () if back else ((DEBT.code, amount),),
                     service="restoring", reversed=back)
        self.taken[transaction] = (content, made, paid_at)
        return made

    def reverse(self, transaction: str, reason: str, until: dt.time | None = None,
                document: int | None = None) -> TakenBack:
        if until == dt.time(0, 0):
            raise DomainError("late", code="too_late")
        if transaction not in self.taken:
            again = transaction in self.kept
            self.kept.add(transaction)
            return TakenBack(transaction, None, again, True)
        again = transaction not in self.booked
        if not again:
            self.booked.remove(transaction)
            self.owed = [DEBT]
        return TakenBack(transaction, Decimal("22.40"), again)

    def payments(self, day: dt.date, cursor: str = "") -> tuple[list[Told], str]:
        """A page of one."""
        rows = [Told(number, "EC-1045", DEBT.number, content[1], dt.datetime(2026, 11, 9, 15, 21, 5, tzinfo=dt.UTC),
                     "GYE-014", number not in self.booked)
                for number, (content, _taken, _at) in self.taken.items()]
        place = int(cursor or 0)
        return rows[place:place + 1], str(place + 1) if place + 1 < len(rows) else ""


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def served(access: Access, desk: Desk) -> Iterator[str]:
    """The address of an account below which its routes are served."""

    def app(environ: Any, start: Any) -> Any:
        request = Request(environ)
        headers = {key.lower(): value for key, value in request.headers}
        incoming = Incoming(request.method, request.args.to_dict(), headers, request.get_data(as_text=True),
                            request.path, request.remote_addr or "", request.query_string.decode())
        reply = Counters().answer(access, incoming, desk)
        return Response(reply.body, reply.status, content_type=reply.content_type)(environ, start)

    server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/gateways/abc"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
