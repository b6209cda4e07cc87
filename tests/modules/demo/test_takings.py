"""Stories of money: on which days they happen, and what becomes of the others where one stops."""

from __future__ import annotations

import datetime as dt
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.models import Company
from core.scope import company_scope
from modules.accounting import ledger
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.demo import services, takings, takings_before, telling
from modules.demo.surroundings import Simulators
from modules.demo.takings import Desk
from modules.gateways.models import Account, DebtLine, File
from tests.modules.accounting.books import issue, pay

Load = Callable[..., list[Company]]
TODAY = dt.date(2026, 11, 10)


class Deaf(Simulators):
    """Takes every setting and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.told: list[tuple[str, str, dict[str, Any]]] = []

    def post(self, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.told.append((name, path, body))
        return {}


@pytest.mark.parametrize("country", ["AR", "CO"])
@pytest.mark.parametrize("ago", [(6, 5, 3), (4, 3, 2)])
def test_debts_are_sent_and_paid_in_one_month_whatever_the_day(country: str, ago: tuple[int, ...]) -> None:
    for number in range(366):
        today = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        business = takings.business_days(today, country)
        sent, paid, *later = takings.in_one_month(business, *ago)
        assert (sent.year, sent.month) == (paid.year, paid.month), today
        assert sent < paid < later[0] < today and {sent, paid, *later} <= set(business), today


def test_a_debt_whose_last_day_is_over_is_not_chosen(load: Load) -> None:
    (company,) = load(subscribers=20, countries=("AR",))
    with company_scope(company):
        ledger.policy().legal_documents = False
        for customer in db.session.scalars(sa.select(Customer)).all():
            issue(customer, "1000")
        today = clock.today()
        desk = Desk(company, Deaf(), today, print)
        account = db.session.scalars(sa.select(Account).where(Account.provider == "siro")).one()
        file = File(account_id=account.id, direction="out", kind="debts", name="x", sha256="x", state="made")
        db.session.add(file)
        db.session.flush()
        payable = db.session.scalars(desk._open(today)).all()
        assert len(payable) > 3
        for place, invoice in enumerate(payable):
            db.session.add(DebtLine(
                account_id=account.id, file_id=file.id, position=place + 1, invoice_id=invoice.id, customer_code="1",
                invoice_code="1", amount=invoice.total, open_amount=invoice.total, currency=invoice.currency,
                until=today + takings.DAY * (place % 2)))
        db.session.flush()
        assert desk.of_file(file, 3, today + 2 * takings.DAY) == []
        found = desk.of_file(file, 2, today + takings.DAY)
        assert len(found) == 2 and {one.until for one in found} == {today + takings.DAY}


def test_a_story_that_stops_does_not_stop_the_others(load: Load) -> None:
    (company,) = load(subscribers=5, countries=("AR",))
    said: list[str] = []
    seen: list[str] = []

    def broken(error: Exception) -> takings.Story:
        def tell(_desk: Desk, account: Account) -> None:
            account.name = "changed"
            raise error
        return tell

    stories = [("mercadopago", broken(Rejected("No hay deuda"))), ("siro", broken(IndexError("list"))),
               ("prisma", broken(DomainError("bad line"))),
               ("pagomiscuentas", lambda _desk, account: seen.append(account.provider))]
    with company_scope(company):
        desk = Desk(company, Deaf(), clock.today(), said.append)
        assert telling.tell(desk, stories, "before") == ["pagomiscuentas"] == seen
        assert db.session.scalar(sa.select(Account.id).where(Account.name == "changed")) is None
    assert len(said) == 3 and "No hay deuda" in said[0] and company.code in said[0]


class Broken(Deaf):
    """Takes so many acts, and then none: the error says why."""

    def __init__(self, takes: int, error: Exception) -> None:
        super().__init__()
        self.takes, self.error = takes, error

    def post(self, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if len(self.told) == self.takes:
            raise self.error
        super().post(name, path, body)
        return {"number": len(self.told)}


def three_pay(desk: Desk, _account: Account) -> None:
    """Three customers pay one after the other; each act tells what the one before answered."""
    before = 0
    for invoice in desk.debts(3):
        before = desk.act("siro", "pay", {"invoice": invoice.id, "before": before})["number"]


def tell(company: Company, simulators: Simulators, story: takings.Story = three_pay) -> list[str]:
    """As `abona demo run` does when it runs again: nothing of the former run is in this process."""
    return telling.tell(Desk(company, simulators, clock.today(), print), [("siro", story)], "before")


@pytest.fixture
def owing(load: Load) -> Iterator[Company]:
    """A company whose customers owe, in scope."""
    (company,) = load(subscribers=20, countries=("AR",))
    with company_scope(company):
        ledger.policy().legal_documents = False
        for customer in db.session.scalars(sa.select(Customer)).all():
            issue(customer, "1000")
        yield company


@pytest.mark.parametrize("error", [Rejected("No hay deuda"), Unavailable("gone"), IndexError("list")])
@pytest.mark.parametrize("takes", range(3))
def test_a_story_that_stopped_is_told_on_and_nobody_pays_twice(owing: Company, error: Exception, takes: int) -> None:
    broken, whole = Broken(takes, error), Broken(99, error)
    assert tell(owing, broken) == [] == tell(owing, Broken(0, error))
    chosen = [body["invoice"] for _name, _path, body in broken.told]
    for invoice in db.session.scalars(sa.select(Invoice).where(Invoice.id.in_(chosen))).all():
        pay(db.session.get_one(Customer, invoice.customer_id), "1000", pays=[(invoice, "1000")])
    assert tell(owing, whole) == ["siro"]
    done = [*broken.told, *whole.told]
    assert len({body["invoice"] for _name, _path, body in done}) == 3 == len(done)
    assert [body["before"] for _name, _path, body in broken.told] == list(range(takes))
    assert tell(owing, Broken(99, error)) == []


def test_a_story_whose_act_may_have_been_done_is_not_told_on(owing: Company) -> None:
    assert tell(owing, Broken(1, Unknown("no answer"))) == []
    again = Deaf()
    assert (tell(owing, again), again.told) == ([], [])


def test_a_story_that_was_killed_is_not_told_on(owing: Company) -> None:
    def killed(_desk: Desk, _account: Account) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tell(owing, Deaf(), killed)
    db.session.rollback()
    again = Deaf()
    assert (tell(owing, again), again.told) == ([], [])


@pytest.mark.parametrize(("error", "outcome"), [
    (urllib.error.HTTPError("u", 400, "Bad", None, BytesIO(b"No existe")), Rejected),  # type: ignore[arg-type]
    (urllib.error.URLError(ConnectionRefusedError("refused")), Unavailable),
    (ConnectionRefusedError("refused"), Unavailable), (TimeoutError("timed out"), Unknown),
    (urllib.error.URLError(ConnectionResetError("reset")), Unknown)])
def test_what_goes_wrong_at_a_simulator_is_an_outcome(monkeypatch: pytest.MonkeyPatch, error: OSError,
                                                      outcome: type[Exception]) -> None:
    class Opener:
        def open(self, *_args: Any, **_more: Any) -> Any:
            raise error

    monkeypatch.setattr(urllib.request, "build_opener", lambda *_handlers: Opener())
    with pytest.raises(outcome):
        Desk(Company(country="AR"), Deaf(), TODAY, print).fetch("siro/x")


def test_clocks_and_notices_that_a_killed_story_left_are_let_go(load: Load) -> None:
    simulators = Deaf()
    takings_before.release(simulators)
    assert {name for name, path, body in simulators.told if path == "config" and body == {"now": None}} == {
        "mercadopago", "siro", "pagomiscuentas", "prisma", "asobancaria"}
    assert ("mercadopago", "config", {"notices": "auto"}) in simulators.told


def test_notices_come_again_though_the_story_stopped(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    (company,) = load(subscribers=5, countries=("AR",))
    simulators = Deaf()
    monkeypatch.setattr(Simulators, "hold", lambda *_args: (_ for _ in ()).throw(Unavailable("gone")))
    with company_scope(company):
        desk = Desk(company, simulators, clock.today(), print)
        with pytest.raises(Unavailable):
            takings_before.mercadopago(desk, db.session.scalars(sa.select(Account).where(
                Account.provider == "mercadopago")).one())
    assert simulators.told[-1] == ("mercadopago", "config", {"notices": "auto"})


@pytest.mark.parametrize(("country", "day"), [("AR", 9), ("MX", 9), ("EC", 9)])
def test_today_is_the_day_of_the_country(country: str, day: int) -> None:
    with clock.freeze(dt.datetime(2026, 11, 10, 2, 30, tzinfo=dt.UTC)):
        assert services.day_in(country).day == day
