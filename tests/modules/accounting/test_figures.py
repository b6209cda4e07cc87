"""The charts of money on the home page: right to the cent, each bar its list, and the same cost whatever there is."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from decimal import Decimal

from flask.testing import FlaskClient

from core.db import db, is_postgresql
from core.models import Company
from modules.accounting import figures, payments, services
from modules.accounting.models import Invoice
from modules.accounting.payments import Medium, PaymentData
from modules.crm.models import Customer
from tests.modules.accounting.books import DAY, issue, pay, statements

SEE, PAYMENTS = "accounting.view_documents", "accounting.view_payments"
Login = Callable[..., FlaskClient]


def table(page: str) -> list[list[str]]:
    """The figures below the first chart, row by row."""
    found = page.split("chart-figures")[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", found.split("<tbody>")[1], re.DOTALL)
    return [[html.unescape(re.sub("<[^>]+>", "", cell)).replace("\xa0", " ") for cell in re.findall(
        r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def link(page: str, words: str) -> str:
    """Where a part of a chart leads to."""
    found = re.search(rf'href="([^"]+)"[^>]*>{words}<', page)
    assert found, words
    return html.unescape(found[1])


def test_a_month_says_what_was_billed_collected_and_owed(login: Login, customer: Customer, own_numbers: None) -> None:
    issue(customer, "1000", issue_date=dt.date(2026, 10, 3), due_date=dt.date(2026, 10, 13))
    pay(customer, "300", paid_on=dt.date(2026, 10, 3))
    issue(customer, "500.50")
    db.session.commit()
    rows = table(login(SEE, PAYMENTS).get("/").text)
    assert len(rows) == 6 and [row[1:] for row in rows[:3]] == [
        ["$500,50", "$0,00", "$1.200,50"], ["$1.000,00", "$300,00", "$700,00"], ["$0,00", "$0,00", "$0,00"]]


def test_a_bar_opens_the_documents_that_it_adds_up(login: Login, customer: Customer, own_numbers: None) -> None:
    issue(customer, "1000", issue_date=dt.date(2026, 10, 3), due_date=dt.date(2026, 10, 13))
    issue(customer, "77")
    db.session.commit()
    browser = login(SEE, PAYMENTS)
    bars = re.findall(r'<a href="(/invoices\?[^"]+)" tabindex="-1"', browser.get("/").text)
    october, november = (html.unescape(one) for one in bars[4:6])
    assert "1.000,00" in browser.get(october).text and "77,00" not in browser.get(october).text
    assert "77,00" in browser.get(november).text


def test_a_figure_is_the_total_of_the_list_that_it_opens(login: Login, customer: Customer, own_numbers: None) -> None:
    issue(customer, "1000")
    services.cancel_invoice(issue(customer, "70"), "duplicada")
    issue(customer, "5000", origin="import")
    pay(customer, "300")
    payments.reverse_payment(pay(customer, "44"), "cheque devuelto")
    db.session.commit()
    browser = login(SEE, PAYMENTS)
    figures_shown = re.findall(r'figure-value" href="([^"]+)">([^<]+)<', browser.get("/").text)
    for url, shown in figures_shown[:2]:
        totals = browser.get(html.unescape(url) + "&totals=1", headers={"X-Part": "list-totals"}).text
        assert shown in totals, url
    assert [shown for _url, shown in figures_shown[:2]] == ["$1.000,00", "$300,00"]


def test_a_list_says_the_bars_figure_where_payments_were_taken_back_later(login: Login, customer: Customer,
                                                                          own_numbers: None) -> None:
    """300 and 44 in October; 44 taken back in November: October's bar stays 344, November's is -44."""
    issue(customer, "1000", issue_date=dt.date(2026, 10, 3), due_date=dt.date(2026, 10, 13))
    pay(customer, "300", paid_on=dt.date(2026, 10, 3))
    payments.reverse_payment(pay(customer, "44", paid_on=dt.date(2026, 10, 4)), "cheque devuelto")
    db.session.commit()
    browser = login(SEE, PAYMENTS)
    bars = [html.unescape(one) for one in re.findall(r'<a href="(/payments\?[^"]+)" tabindex="-1"',
                                                     browser.get("/").text)]
    rows = table(browser.get("/").text)
    assert [row[2] for row in rows[:2]] == ["-$44,00", "$344,00"]
    said = [re.search(r"Cobrado en estos días[^:]+: ([^<]+)<", browser.get(url).text.replace("\xa0", " "))
            for url in bars if url.endswith(("date_from=2026-10-01&date_to=2026-10-31",
                                             "date_from=2026-11-01&date_to=2026-11-30"))]
    assert [one[1].strip() for one in said if one] == ["$344,00", "-$44,00"]
    assert "Cobrado en estos días" not in browser.get("/payments?state=recorded&q=x&date=this_month").text


def test_each_way_of_paying_opens_its_payments(login: Login, customer: Customer, own_numbers: None) -> None:
    """Also a gateway's, whose name accounting does not know."""
    issue(customer, "1000")
    payments.record_payment(PaymentData(customer.id, [Medium(Decimal(300), "mercadopago")]))
    pay(customer, "50")
    db.session.commit()
    browser = login(SEE, PAYMENTS)
    page = browser.get("/").text.split('chart-by-method"', 1)[1].split("</table>")[0]
    links = [html.unescape(one) for one in re.findall(r'<th scope="row"><a href="([^"]+)">', page)]
    listed = [browser.get(one).text for one in links]
    assert ["300,00" in one and ">$50,00" not in one for one in listed] == [True, False]


def test_what_is_not_paid_stands_under_its_age_and_leads_to_it(login: Login, customer: Customer,
                                                               own_numbers: None) -> None:
    for total, days in (("11", -7), ("22", 1), ("33", 30), ("44", 31), ("55", 61), ("66", 91)):
        issue(customer, total, issue_date=DAY - dt.timedelta(days=200), due_date=DAY - dt.timedelta(days=days))
    db.session.commit()
    browser = login(SEE)
    page = browser.get("/").text.replace("\xa0", " ")
    shares = re.findall(r'</a><strong>\$([\d.,]+)</strong>', page)
    assert shares == ["11,00", "55,00", "44,00", "55,00", "66,00"]
    listed = browser.get(link(page, "1 a 30 días")).text
    assert "22,00" in listed and "33,00" in listed and "44,00" not in listed and "11,00" not in listed
    assert "66,00" in browser.get(link(page, "más de 90 días")).text


def test_another_currency_has_its_own_chart(login: Login, customer: Customer, own_numbers: None) -> None:
    issue(customer, "100")
    issue(customer, "7", currency="USD", exchange_rate=1000)
    db.session.commit()
    page = login(SEE, PAYMENTS).get("/").text
    assert page.count("chart-money-ARS-title") and page.count("chart-money-USD-title")
    assert "107,00" not in page and "7.100,00" not in page


def test_who_may_not_see_payments_sees_no_chart_of_them(login: Login, customer: Customer, own_numbers: None) -> None:
    issue(customer, "100")
    db.session.commit()
    assert "chart-money" not in login(SEE).get("/").text


def test_much_costs_home_as_many_statements_as_little(login: Login, customer: Customer, own_numbers: None) -> None:
    counts = []
    browser = login(SEE, PAYMENTS)
    for many in (1, 1, 6):
        for number in range(many):
            issue(customer, str(100 + number))
            pay(customer, "10")
        db.session.commit()
        with statements() as seen:
            browser.get("/")
        counts.append(len(seen))
    assert counts[1] == counts[2]


def test_the_ageing_is_read_from_its_index_alone(company: Company, customer: Customer, own_numbers: None) -> None:
    """At 30,000 open documents of a million: 35 blocks instead of 27,000."""
    issue(customer, "100")
    wanted = figures._by_age(company, DAY).compile(db.engine, compile_kwargs={"literal_binds": True})
    connection = db.session.connection()
    if is_postgresql():  # which else reads so small a table whole: most documents are paid
        columns = [one.name for one in Invoice.__table__.columns if one.name not in ("id", "open_amount", "form_key")]
        names = ", ".join(columns)
        connection.exec_driver_sql(f"INSERT INTO accounting_invoice ({names}, open_amount) "
                                   f"SELECT {names}, 0 FROM accounting_invoice, generate_series(1, 5000)")
        connection.exec_driver_sql("ANALYZE accounting_invoice")
    explain, plan = ("EXPLAIN", "Index Only Scan using") if is_postgresql() else (
        "EXPLAIN QUERY PLAN", "USING COVERING INDEX")
    told = " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {wanted}"))
    assert f"{plan} ix_accounting_invoice_ageing" in told


def test_a_day_says_what_came_in_and_what_came_on_the_same_day_of_last_month(login: Login, customer: Customer,
                                                                             own_numbers: None) -> None:
    issue(customer, "5000", issue_date=dt.date(2026, 10, 1), due_date=DAY)
    for day, total in ((dt.date(2026, 10, 31), "31"), (dt.date(2026, 10, 2), "40"), (dt.date(2026, 11, 2), "25.50")):
        pay(customer, total, paid_on=day)
    payments.reverse_payment(pay(customer, "9", paid_on=DAY), "Rebotó")
    db.session.commit()
    browser = login(PAYMENTS)
    page = browser.get("/").text
    rows = {row[0]: row[1:] for row in table(page[page.index('id="chart-by-day-title"'):])}
    assert len(rows) == 30  # November has no 31st: that of October is not shown beside another day
    assert rows["02/11/2026"] == ["$25,50", "$40,00"] and rows["30/11/2026"] == ["$0,00", "$0,00"]
    bar = re.search(r'href="([^"]+)" tabindex="-1" aria-label="02/11/2026', page)
    assert bar and "25,50" in browser.get(html.unescape(bar[1])).text


def test_each_payment_method_has_its_share_and_leads_to_its_payments(login: Login, customer: Customer,
                                                                     own_numbers: None) -> None:
    from modules.accounting.models import PaymentMedium

    issue(customer, "5000")
    for total, method in (("30", "cash"), ("100", "transfer"), ("70", "transfer"), ("50", "siro")):
        pay(customer, total).media[0].method = method
    payments.reverse_payment(pay(customer, "8"), "Rebotó")
    pay(customer, "900", paid_on=dt.date(2026, 10, 31))
    db.session.commit()
    assert db.session.query(PaymentMedium).count() == 6
    browser = login(PAYMENTS)
    page = browser.get("/").text.replace("\xa0", " ")
    shares = re.search(r'id="chart-by-method">(.*?)</table>', page, re.DOTALL)
    assert shares
    assert re.findall(r'class="num">([^<]+)<', shares[1]) == ["$170,00 · 68 %", "$50,00 · 20 %", "$30,00 · 12 %"]
    listed = browser.get(link(shares[1], "Transferencia[^<]*")).text
    assert "100,00" in listed and "70,00" in listed and "30,00" not in listed and "900,00" not in listed
    assert "Siro" in shares[1]


def test_who_may_not_see_payments_sees_no_days_and_no_methods(login: Login, customer: Customer,
                                                              own_numbers: None) -> None:
    issue(customer, "100")
    pay(customer, "30")
    db.session.commit()
    page = login(SEE).get("/").text
    assert "chart-by-day" not in page and "chart-by-method" not in page
