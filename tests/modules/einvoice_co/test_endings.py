"""What is told before it runs out, by date, by what is left and by the pace; and what waits for the DIAN too long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from core import clock
from core.db import db
from core.i18n import use_locale
from core.scope import current_company
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.services import issue_invoice
from modules.einvoice.models import Document, Sequence
from modules.einvoice_co import access, contingency, desk, endings, numbering_step
from modules.einvoice_co.checks import dian_numbering, dian_undecided
from modules.einvoice_co.models import ProviderAccess
from tests.modules.einvoice_co.test_enabling import RESOLUTION
from tests.modules.einvoice_co.test_issuer import D, customer, documents, issue, use, work

NOW = dt.datetime(2026, 11, 3, 15, tzinfo=dt.UTC)


def live(provider: str = "hka") -> None:
    """Out of the rehearsal, in production."""
    use(provider)  # Siigo's lists are known, and the first that fits of each is chosen
    access.profile().environment = "production"
    current_company().environment = "production"
    db.session.commit()


def issued(count: int, *, days_ago: int = 3, series: str = "FE", kind: str = "01", first: int = 1) -> None:
    """Documents that the DIAN accepted then, as they are kept."""
    who, day = customer(), dt.date(2026, 11, 3)
    for number in range(first, first + count):
        invoice = issue_invoice(InvoiceDraft(who.id, day, (DraftLine("Internet", D(1), D(100)),)))
        db.session.add(Document(
            invoice_id=invoice.id, country="CO", environment="production", series=series, kind=kind, number=number,
            state="authorized", issue_date=day, request={}, authorization_code=f"{series}{kind}{number}",
            data={"number": number}, decided_at=clock.now() - dt.timedelta(days=days_ago)))
    db.session.commit()


def resolution(next_number: int, last: int = 100_000, until: str = "2027-12-31") -> None:
    shown = {one.name: one.value for one in numbering_step.step(access.profile(), "production").inputs}
    numbering_step.save("production", shown | RESOLUTION | {
        "last": str(last), "next": str(next_number), "valid_until": until})
    db.session.commit()


@pytest.fixture(autouse=True)
def page(app: Flask) -> Iterator[None]:
    """Notices have links; in English, whose words stand here."""
    with app.test_request_context(), use_locale("en"):
        yield


def told() -> list[tuple[bool, str]]:
    return [(one.urgent, one.text) for one in endings.endings()]


@pytest.mark.parametrize(("days", "count", "urgent"), [
    (61, 0, False), (60, 1, False), (30, 1, False), (8, 1, False), (7, 1, True), (0, 1, True), (-1, 1, True)])
def test_a_resolution_is_told_before_it_ends(isp, days, count, urgent):
    until = (dt.date(2026, 11, 3) + dt.timedelta(days=days)).isoformat()
    resolution(5000, until=until)
    found = told()
    assert (len(found), any(one for one, _text in found)) == (count, urgent)
    if days in (60, 30, 8, 7, 0):
        assert f"{days} " in found[0][1]
    assert str(desk.running_out(None)).count("notice-bad") == int(urgent)


@pytest.mark.parametrize(("left", "monthly", "count", "urgent", "lasts"), [
    (50_000, 0, 0, False, None), (50_000, 25_000, 0, False, None), (49_999, 25_000, 1, False, 59),
    (25_000, 25_000, 1, False, 30), (24_999, 25_000, 1, True, 29),  # the next month's do not fit any more
    (1001, 10, 0, False, None), (1000, 10, 1, False, 3000), (100, 0, 1, True, None), (0, 10, 1, True, 0)])
def test_numbers_are_told_by_what_is_left_and_by_the_pace(isp, monkeypatch, left, monthly, count, urgent, lasts):
    monkeypatch.setattr(endings, "_issued", lambda kind=None: monthly)
    resolution(100_000)
    db.session.execute(sa.update(Sequence).where(Sequence.series == "FE").values(last_number=100_000 - left))
    db.session.commit()
    found = told()
    assert (len(found), any(one for one, _text in found)) == (count, urgent), found
    if count:
        assert f"{left} " in found[0][1] and (f" {lasts} d" in found[0][1]) == (lasts is not None)
    assert dian_numbering()[:2] == (count == 0, count)


@pytest.mark.parametrize(("left", "monthly", "count", "urgent"), [
    (50_000, 25_000, 0, False), (49_999, 25_000, 1, False), (24_999, 25_000, 1, True), (1000, 0, 0, False),
    (999, 0, 1, False), (99, 0, 1, True)])
def test_folios_of_the_provider_are_told_the_same_way(isp, monkeypatch, left, monthly, count, urgent):
    monkeypatch.setattr(endings, "_issued", lambda kind=None: monthly)
    resolution(1, last=10**9)
    live()
    db.session.add(ProviderAccess(environment="production", provider="hka", user="a" * 40, password="b" * 40,
                                  folios=left, folios_at=clock.now()))
    db.session.commit()
    found = told()
    assert (len(found), any(one for one, _text in found)) == (count, urgent), found
    access.profile().provider = "siigo"  # who went to Siigo needs no folios
    db.session.commit()
    assert told() == []


def test_the_pace_is_what_the_dian_accepted_in_the_last_month(isp):
    issued(3)
    issued(2, days_ago=31, first=10)
    issued(1, kind="91", series="NC")
    assert (endings._issued("01"), endings._issued()) == (3, 4)


def test_of_siigo_s_numbers_the_last_that_it_gave_counts(isp):
    live("siigo")
    issued(2, series="siigo-24446", first=4990)
    resolution(1, last=5000)
    ((urgent, text),) = told()
    assert urgent and "9 " in text  # 4991 was the last


def test_through_siigo_the_resolution_is_missed_until_it_is_given(isp):
    live("siigo")
    ((urgent, text),) = told()
    assert urgent and "law" in text
    assert dian_numbering()[:2] == (False, 1)
    resolution(1)
    assert told() == [] and dian_numbering()[0]


def test_a_rehearsal_misses_nothing(isp):
    assert told() == []


def test_what_siigo_numbers_bears_the_resolution_on_paper(isp):
    use("siigo")
    issue(100000)
    work()
    (found,) = documents()
    assert found.state == "authorized", found.problems
    assert any("Autorización de numeración DIAN N.º 18760000001" in one for one in found.data["legends"])


# --- contingency ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "tone", "left"), [
    (1, "", ""), (23, "", ""), (25, "warn", "23"), (35, "warn", "13"), (37, "bad", "11"), (49, "bad", "")])
@pytest.mark.parametrize("provider", ["hka", "siigo"])
def test_what_the_dian_does_not_validate_is_told_before_the_48_hours_end(
        isp, site, frozen, provider, hours, tone, left):
    use(provider)
    fault = {"hka": "pending_201", "siigo": "stamp_pending"}[provider]
    site(provider).fault(fault, asks=1000)
    issue(100000)
    work()
    moment = NOW + dt.timedelta(hours=hours)
    frozen(moment.year, moment.month, moment.day, moment.hour)
    work()  # it was asked about meanwhile, in vain
    (found,) = documents()
    assert found.state == "unknown"
    shown = str(desk.undecided(None))
    assert (f"notice-{tone}" in shown) if tone else shown == ""
    assert not left or f"of which {left} are left" in shown
    assert dian_undecided()[:2] == (not tone, int(bool(tone)))


def test_what_was_validated_waits_for_nothing(isp, frozen):
    use("hka")
    issue(100000)
    work()
    frozen(2026, 11, 10, 15)
    assert contingency.waiting() == (0, None) and desk.undecided(None) == "" and dian_undecided()[0]
