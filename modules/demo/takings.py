"""Money that comes through the gateways of the made-up companies: their simulators are paid, and the product hears it.

`takings_before` is what happened in the days before the demonstration was loaded, `takings_now` what happens after this
month's bills; `telling` tells each story once. Here is what they need: days gone by, debts to be paid, simulators.
"""

from __future__ import annotations

import datetime as dt
import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.db import among, db
from core.models import Company
from modules.accounting.models import Invoice
from modules.accounting.models.documents import READY_STATES
from modules.contracts.models import Contract
from modules.crm import holidays
from modules.crm.models import Customer, Email
from modules.demo import facts
from modules.demo.surroundings import PATIENCE, Simulators, asking
from modules.gateways import rehearsing
from modules.gateways.models import Account, Checkout, DebtLine, File

DAY = dt.timedelta(days=1)
# how far back the days of a story may lie
LONGEST = 30


def business_days(today: dt.date, country: str) -> list[dt.date]:
    """Those before today, the last one first. Pure."""
    days = (today - DAY * number for number in range(1, LONGEST))
    return [day for day in days if holidays.is_business_day(day, country)]


def in_one_month(days: Sequence[dt.date], *ago: int) -> list[dt.date]:
    """The days at these places, from 1; each one earlier where a month ends between the first two of them. Pure."""
    first, second = days[ago[0] - 1], days[ago[1] - 1]
    back = 0 if first.month == second.month else 1
    return [days[place - 1 + back] for place in ago]


@dataclass
class Desk:
    """A company in scope on the day of loading; whoever paid in a story pays in no other one.

    What a story does goes through `once`: told again after it stopped, it goes the same way, and what was done before
    is not done again. Reading, and settings of simulators, need no such care.
    """

    company: Company
    simulators: Simulators
    today: dt.date
    say: Callable[[str], None]
    paid: set[int] = field(default_factory=set)
    # what the acts of this story answered, in their order, and how many of them were passed
    acts: list[Any] = field(default_factory=list)
    passed: int = 0

    # --- once ------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The next story, or one that stopped, from its beginning."""
        self.passed = 0

    def once(self, act: Callable[[], Any]) -> Any:
        """What it answers, or answered when the story was told before: something that JSON can hold. Commits."""
        if self.passed == len(self.acts):
            answer = act()
            db.session.commit()
            self.acts.append(answer)
        self.passed += 1
        return self.acts[self.passed - 1]

    # --- days ------------------------------------------------------------------------------------------------

    def business_day(self, ago: int) -> dt.date:
        """The business day so many business days before today; 1 is the one before."""
        return business_days(self.today, self.company.country)[ago - 1]

    def days(self, sent: int, paid: int, *later: int) -> list[dt.date]:
        """Such business days; debts are sent and paid in one month, as what asks for more ends with it."""
        return in_one_month(business_days(self.today, self.company.country), sent, paid, *later)

    @contextmanager
    def on(self, day: dt.date, *names: str, hour: int = 10) -> Iterator[None]:
        """Hold this process' clock and those of these simulators at an hour of that day in the company's zone."""
        moment = dt.datetime.combine(day, dt.time(hour), ZoneInfo(self.company.timezone))
        self.simulators.hold(names, moment)
        try:
            with clock.freeze(moment):
                yield
        finally:
            self.simulators.hold(names, None)

    # --- debts -----------------------------------------------------------------------------------------------

    def debts(self, count: int, until: dt.date | None = None) -> list[Invoice]:
        """Open documents of so many customers, one of each, who are in service and no odd case; they pay from now on.

        The newest first: who owes for long is for other stories.
        """
        wanted = self._open(until or self.today).order_by(Invoice.issue_date.desc(), Invoice.id)
        return self._chosen(lambda: [one.id for one in self._free(wanted, count)])

    def of_file(self, row: File, count: int, day: dt.date) -> list[DebtLine]:
        """So many debts of a file that can still be paid on that day, of such customers."""
        lines = {one.invoice_id: one for one in db.session.scalars(sa.select(DebtLine).where(
            DebtLine.file_id == row.id, DebtLine.until >= day))}
        wanted = self._open(self.today).where(among(Invoice.id, list(lines))).order_by(Invoice.id)
        return [lines[one.id] for one in self._chosen(lambda: [one.id for one in self._free(wanted, count)])]

    def _open(self, until: dt.date) -> sa.Select[Any]:
        cut = sa.select(Contract.customer_id).where(Contract.state == "suspended")
        writes = sa.select(Email.customer_id).where(Email.active)
        return sa.select(Invoice).join(Customer, Customer.id == Invoice.customer_id).where(
            Invoice.open_amount > 0, Invoice.state == "issued", Invoice.kind == "invoice",
            Invoice.legal_state.in_(READY_STATES), Invoice.issue_date <= until,
            Invoice.currency == self.company.currency, ~Customer.tags.any(), Customer.tax_id != "",
            Invoice.customer_id.in_(writes), Invoice.customer_id.not_in(cut))

    def _free(self, wanted: sa.Select[Any], count: int) -> list[Invoice]:
        """The first of so many customers who did not pay yet."""
        found: dict[int, Invoice] = {}
        for row in db.session.scalars(wanted):
            if row.customer_id not in self.paid and len(found) < count:
                found.setdefault(row.customer_id, row)
        return list(found.values())

    def _chosen(self, choose: Callable[[], list[int]]) -> list[Invoice]:
        """The documents that were chosen; their customers pay in no other story."""
        found = [db.session.get_one(Invoice, key) for key in self.once(choose)]
        self.paid |= {one.customer_id for one in found}
        return found

    @property
    def amount(self) -> Decimal:
        """An amount that somebody might pay, in the company's money."""
        return Decimal(facts.of(self.company.country).debt[0])

    def pages(self, account: Account, count: int, method: str = "link", until: dt.date | None = None) -> list[Checkout]:
        """So many pages or tickets, opened at the gateway; a debt that it does not take is left out."""
        debts = self.debts(count, until)

        def opened() -> list[int]:
            found = [rehearsing.page(account, invoice, method) for invoice in debts]
            return [one.id for one in found if one is not None]

        return [db.session.get_one(Checkout, key) for key in self.once(opened)]

    # --- files -----------------------------------------------------------------------------------------------

    def debt_file(self, account: Account) -> File | None:
        """A file of the debts that are open; None where nothing is to be asked for."""
        def made() -> int | None:
            row = rehearsing.debt_file(account)
            return row.id if row is not None else None

        key = self.once(made)
        return db.session.get_one(File, key) if key is not None else None

    def deliver(self, row: File) -> None:
        """Take it to the gateway."""
        self.once(lambda: rehearsing.deliver(row))

    def bring(self, account: Account, content: bytes, name: str, kind: str = "") -> None:
        """Import a file; DomainError with the first bad line where it is refused."""
        self.once(lambda: rehearsing.bring(account, content, name, kind).id)

    # --- simulators ------------------------------------------------------------------------------------------

    def act(self, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do something at a simulator, in a person's place: POST /<name>/_sim/<path>."""
        return dict(self.once(lambda: self.simulators.post(name, path, body)))

    def send(self, path: str, content: bytes, method: str = "", headers: Mapping[str, str] | None = None) -> str:
        """Do something at a page or an address of a simulator."""
        return str(self.once(lambda: self.fetch(path, content, method, headers).decode(errors="replace")))

    def fetch(self, path: str, content: bytes | None = None, method: str = "",
              headers: Mapping[str, str] | None = None) -> bytes:
        """What a simulator answers to a request of a person or a browser (path from the simulators' root on)."""
        request = urllib.request.Request(f"{self.simulators.url}/{path}", content, dict(headers or {}),
                                         method=method or ("GET" if content is None else "POST"))
        with asking(self.simulators.url), urllib.request.build_opener(_Stay).open(request, timeout=PATIENCE) as answer:
            return bytes(answer.read())

    def state(self, name: str) -> dict[str, Any]:
        """What a simulator knows."""
        return dict(json.loads(self.fetch(f"{name}/_sim/state")))

    def fault(self, name: str, fault: str, **more: Any) -> None:
        """Once, something goes wrong there."""
        self.act(name, "faults", {"fault": fault, "count": 1, **more})


class _Stay(urllib.request.HTTPRedirectHandler):
    """The payer's browser is sent back to us: the story does not follow it."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp

    http_error_303 = http_error_302


Story = Callable[[Desk, Account], None]
