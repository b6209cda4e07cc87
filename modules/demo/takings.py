"""Money that comes through the gateways of the made-up companies: their simulators are paid, and the product hears it.

`takings_before` is what happened in the days before the demonstration was loaded, `takings_now` what happens after this
month's bills. Here is what their stories need: days gone by, debts that are paid, simulators.
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

from core import audit, clock, logs
from core.db import among, db
from core.errors import DomainError, OutsideError
from core.i18n import _
from core.models import AuditRecord, Company
from core.scope import current_company_id
from modules.accounting.models import Invoice
from modules.accounting.models.documents import READY_STATES
from modules.contracts.models import Contract
from modules.crm import holidays
from modules.crm.models import Customer, Email
from modules.demo import facts
from modules.demo.surroundings import PATIENCE, Simulators, asking
from modules.gateways import rehearsing
from modules.gateways.models import Account, Checkout, DebtLine, File

log = logs.get(__name__)
DONE = "demo.take"
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
    """A company in scope on the day of loading; whoever paid in a story pays in no other one."""

    company: Company
    simulators: Simulators
    today: dt.date
    say: Callable[[str], None]
    paid: set[int] = field(default_factory=set)

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
        return self._take(self._open(until or self.today).order_by(Invoice.issue_date.desc(), Invoice.id), count)

    def of_file(self, row: File, count: int, day: dt.date) -> list[DebtLine]:
        """So many debts of a file that can still be paid on that day, of such customers."""
        lines = {one.invoice_id: one for one in db.session.scalars(sa.select(DebtLine).where(
            DebtLine.file_id == row.id, DebtLine.until >= day))}
        paid = self._take(self._open(self.today).where(among(Invoice.id, list(lines))).order_by(Invoice.id), count)
        return [lines[one.id] for one in paid]

    def _open(self, until: dt.date) -> sa.Select[Any]:
        cut = sa.select(Contract.customer_id).where(Contract.state == "suspended")
        writes = sa.select(Email.customer_id).where(Email.active)
        return sa.select(Invoice).join(Customer, Customer.id == Invoice.customer_id).where(
            Invoice.open_amount > 0, Invoice.state == "issued", Invoice.kind == "invoice",
            Invoice.legal_state.in_(READY_STATES), Invoice.issue_date <= until,
            Invoice.currency == self.company.currency, ~Customer.tags.any(), Customer.tax_id != "",
            Invoice.customer_id.in_(writes), Invoice.customer_id.not_in(cut))

    def _take(self, wanted: sa.Select[Any], count: int) -> list[Invoice]:
        found: list[Invoice] = []
        for row in db.session.scalars(wanted):
            if row.customer_id not in self.paid and len(found) < count:
                found.append(row)
                self.paid.add(row.customer_id)
        return found

    @property
    def amount(self) -> Decimal:
        """An amount that somebody might pay, in the company's money."""
        return Decimal(facts.of(self.company.country).debt[0])

    def pages(self, account: Account, count: int, method: str = "link", until: dt.date | None = None) -> list[Checkout]:
        """So many pages or tickets, opened at the gateway; a debt that it does not take is left out."""
        found = [rehearsing.page(account, invoice, method) for invoice in self.debts(count, until)]
        return [one for one in found if one is not None]

    # --- simulators ------------------------------------------------------------------------------------------

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
        self.simulators.post(name, "faults", {"fault": fault, "count": 1, **more})


class _Stay(urllib.request.HTTPRedirectHandler):
    """The payer's browser is sent back to us: the story does not follow it."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp

    http_error_303 = http_error_302


Story = Callable[[Desk, Account], None]


def tell(desk: Desk, stories: Sequence[tuple[str, Story]], part: str) -> list[str]:
    """Let these happen at the company's accounts, each once per `part`; the providers whose story was told. Commits."""
    done = set(db.session.scalars(sa.select(AuditRecord.label).where(
        AuditRecord.company_id == current_company_id(), AuditRecord.action == DONE)))
    told = []
    for provider, story in stories:
        account = db.session.scalar(sa.select(Account).where(Account.provider == provider, Account.active))
        label = f"{part}: {provider}"
        if account is None or label in done:
            continue
        # at its beginning: a story that was killed is not told twice
        audit.record(DONE, label)
        db.session.commit()
        if _happens(desk, account, story):
            told.append(provider)
    return told


def _happens(desk: Desk, account: Account, story: Story) -> bool:
    """Whether it was told to its end; where something outside goes wrong, the others go on. Commits."""
    name = account.name
    try:
        story(desk, account)
        db.session.commit()
        return True
    except (OutsideError, DomainError) as trouble:
        words = str(trouble)
    except LookupError as trouble:  # it did not find there what should have come of what it did before
        log.error("story_broken", account=account.id, exc_info=trouble)
        words = _("what it looked for is not there")
    db.session.rollback()
    desk.say(_("%(company)s: what was to be paid through %(account)s stopped half-way (%(reason)s); the rest goes on.",
               company=desk.company.code, account=name, reason=words))
    return False

