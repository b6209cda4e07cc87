"""The small parts that all others stand on: money, clock, languages, leases, names of processes."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from core import clock, i18n, leases, money, processes
from core.i18n import _, lazy, ngettext, use_locale
from core.models import Company

Freeze = Callable[..., dt.datetime]
cents = st.integers(-10**12, 10**12).map(lambda n: Decimal(n).scaleb(-2))
weights = st.lists(st.integers(1, 10**6).map(Decimal), min_size=1, max_size=40)


# --- money --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value, currency, expected", [
    ("1.005", "ARS", "1.01"), ("1.004", "ARS", "1.00"), ("-1.005", "ARS", "-1.01"), ("0.5", "CLP", "1"),
    ("1234.4", "CLP", "1234"), ("2.675", "USD", "2.68"), ("1e3", "MXN", "1000.00")])
def test_amounts_are_rounded_half_up_to_what_can_be_paid(value: str, currency: str, expected: str) -> None:
    assert str(money.quantize(Decimal(value), currency)) == expected


@given(total=cents, parts=weights)
def test_parts_always_add_up_and_none_is_off_by_more_than_its_rounding(total: Decimal, parts: list[Decimal]) -> None:
    shares = money.split(total, parts)
    assert sum(shares) == total and len(shares) == len(parts)
    exact = [total * part / sum(parts) for part in parts]
    assert all(abs(share - ideal) <= Decimal("0.01") for share, ideal in zip(shares, exact, strict=True))


@pytest.mark.parametrize("total, parts, currency, expected", [
    ("100", 3, "ARS", ["33.34", "33.33", "33.33"]), ("-100", 3, "ARS", ["-33.34", "-33.33", "-33.33"]),
    ("0.02", 3, "ARS", ["0.01", "0.01", "0.00"]), ("100", 3, "CLP", ["34", "33", "33"]),
    ("0", 2, "ARS", ["0.00", "0.00"])])
def test_the_cents_that_are_left_go_to_the_first(total: str, parts: int, currency: str, expected: list[str]) -> None:
    assert [str(share) for share in money.split(Decimal(total), parts, currency)] == expected


@pytest.mark.parametrize("parts", [0, [], [Decimal(0), Decimal(0)]])
def test_nothing_cannot_be_split_into(parts: int | list[Decimal]) -> None:
    with pytest.raises(ValueError):
        money.split(Decimal(1), parts)


# --- clock --------------------------------------------------------------------------------------------------------


def test_the_fiscal_day_is_the_company_s_and_not_the_server_s(company: Company, frozen: Freeze) -> None:
    frozen(2026, 11, 1, 2, 30)
    assert clock.today() == clock.today(company) == dt.date(2026, 10, 31)
    assert clock.local(clock.now()).hour == 23
    company.timezone = "America/Mexico_City"
    assert clock.local(clock.now(), company).hour == 20


def test_the_clock_is_aware_and_goes_on_after_a_freeze() -> None:
    with clock.freeze(dt.datetime(2026, 11, 3, 9, tzinfo=dt.timezone(dt.timedelta(hours=-3)))):
        assert clock.now() == dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
    assert clock.now().tzinfo == dt.UTC and abs((clock.now() - dt.datetime.now(dt.UTC)).total_seconds()) < 5


# --- languages ----------------------------------------------------------------------------------------------------


def test_a_text_is_translated_when_it_is_shown_and_not_when_it_is_written(app: Flask) -> None:
    text = lazy("Customers")
    with use_locale("es"):
        assert str(text) == "Clientes" and text == "Clientes" and f"{text}!" == "Clientes!"
    with use_locale("en"):
        assert str(text) == "Customers" and text + "!" == "Customers!" and text.upper() == "CUSTOMERS"
    assert repr(text) == "lazy('Customers')"


def test_a_lazy_text_is_escaped_like_any_other(app: Flask) -> None:
    from markupsafe import Markup

    assert Markup("{}").format(lazy("<b>")) == "&lt;b&gt;"


def test_country_words_come_over_those_of_the_language(app: Flask) -> None:
    catalogs = app.config["BABEL_TRANSLATION_DIRECTORIES"].split(";")
    assert [path.rsplit("/", 1)[1] for path in catalogs[:2]] == ["translations", "countries"]
    with use_locale("es_AR"):
        assert _("Customers") == "Clientes"


def test_outside_an_app_texts_are_as_they_are_written_or_in_the_language_of_the_process(
        monkeypatch: pytest.MonkeyPatch) -> None:
    assert _("Customers") == "Customers" and _("%(n)s left", n=2) == "2 left"
    assert [ngettext("%(num)s job", "%(num)s jobs", number) for number in (1, 2)] == ["1 job", "2 jobs"]
    monkeypatch.setattr(i18n, "_spoken", None)
    i18n.speak("es")
    assert _("Customers") == "Clientes"


@pytest.mark.parametrize("locale, currency, text", [
    ("es_AR", "ARS", "$1.234.567,50"), ("es_MX", "MXN", "$1,234,567.50"), ("es_PE", "PEN", "S/1,234,567.50"),
    ("en", "USD", "$1,234,567.50")])
def test_amounts_are_written_as_each_country_does(app: Flask, locale: str, currency: str, text: str) -> None:
    found = i18n.format_amount(Decimal("1234567.5"), currency, locale)
    assert found.replace("\u00a0", "") == text


def test_dates_are_written_alike_everywhere() -> None:
    assert i18n.format_date(dt.date(2026, 11, 3)) == "03/11/2026" and i18n.format_date(None) == ""


def test_the_reader_s_language_is_the_person_s_then_the_browser_s_then_the_installation_s(app: Flask) -> None:
    for header, expected in (("pt-BR,pt;q=0.9", "pt"), ("en-US", "en"), ("de", "es"), ("", "es")):
        with app.test_request_context(headers={"Accept-Language": header}):
            assert i18n.choose_locale() == expected
    with app.test_request_context(headers={"Accept-Language": "en"}):
        from flask import session

        session["locale"] = "es_MX"
        assert i18n.choose_locale() == "es_MX"


# --- processes and leases -------------------------------------------------------------------------------------------


def test_a_process_has_one_name_and_a_dead_one_is_known_as_such() -> None:
    assert processes.identity() == processes.identity() and not processes.is_dead(processes.identity())
    child = subprocess.run([sys.executable, "-c", "from core import processes; print(processes.identity())"],
                           capture_output=True, text=True, check=True)
    name = child.stdout.strip()
    assert name != processes.identity() and processes.is_dead(name)


def test_a_number_that_another_process_has_now_is_not_mistaken_for_the_old_one() -> None:
    place, pid, _started = processes.identity().split(":")
    assert processes.is_dead(f"{place}:{pid}:1")


@pytest.mark.parametrize("owner", ["elsewhere.1:1:1", "", "nonsense", "a:b:c"])
def test_of_a_process_elsewhere_nothing_is_known(owner: str) -> None:
    assert not processes.is_dead(owner)


def test_a_lease_has_one_holder_until_it_is_over_or_given_back(app: Flask, frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)
    assert leases.acquire("tick", 60, "elsewhere.1:1:1")
    assert not leases.acquire("tick", 60, "elsewhere.2:2:2")
    assert leases.acquire("tick", 60, "elsewhere.1:1:1")
    assert leases.holder("tick") == "elsewhere.1:1:1"
    frozen(2026, 11, 3, 12, 1, 1)
    assert leases.holder("tick") is None
    assert leases.acquire("tick", 60, "elsewhere.2:2:2") and not leases.acquire("tick", 60, "elsewhere.1:1:1")
    leases.release("tick", "elsewhere.1:1:1")
    assert leases.holder("tick") == "elsewhere.2:2:2"
    leases.release("tick", "elsewhere.2:2:2")
    assert leases.acquire("tick", 60, "elsewhere.1:1:1")


def test_the_lease_of_a_process_that_died_here_is_taken_at_once(app: Flask) -> None:
    place, pid, _started = processes.identity().split(":")
    assert leases.acquire("tick", 60, f"{place}:{pid}:1")
    assert leases.holder("tick") is None
    assert leases.acquire("tick", 60)
    assert leases.holder("tick") == processes.identity()
