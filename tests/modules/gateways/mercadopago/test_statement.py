"""Settlement and release reports: whatever columns, signs and separators an account chose; what is not whole."""

from __future__ import annotations

import datetime as dt
import io
import json
import random
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.exact_json import read
from modules.gateways.access import Access
from modules.gateways.cli import cli
from modules.gateways.errors import BadFile
from modules.gateways.ports import Settled
from modules.gateways.providers.mercadopago.checkout import MercadoPagoCheckout
from modules.gateways.providers.mercadopago.payments_in import MercadoPagoPayments
from modules.gateways.providers.mercadopago.statement import MercadoPagoStatement
from modules.gateways.shapes import Control, Problem
from tests.modules.gateways.mercadopago.conftest import Site

pytestmark = pytest.mark.once
ACCESS = Access("mercadopago", {}, country="AR", currency="ARS", zone="America/Argentina/Buenos_Aires")
HEAD = ("EXTERNAL_REFERENCE,SOURCE_ID,SITE,TRANSACTION_TYPE,TRANSACTION_AMOUNT,TRANSACTION_CURRENCY,TRANSACTION_DATE,"
        "FEE_AMOUNT,TAXES_AMOUNT,SETTLEMENT_NET_AMOUNT,SETTLEMENT_CURRENCY,SETTLEMENT_DATE,MONEY_RELEASE_DATE")
DATE = "2026-11-09T23:30:00.000-04:00"
PAID = (f"ab-1,91234567890123,MLA,SETTLEMENT,12100.00,ARS,{DATE},-730.59,-302.50,11066.91,ARS,{DATE},"
        "2026-11-19T00:00:00.000-04:00")
BACK = f"ab-1,91234567890123,MLA,REFUND,-100.00,ARS,{DATE},6.04,2.50,-91.46,ARS,{DATE},"
OUT = f",555,MLA,PAYOUT,-5000.00,ARS,{DATE},0.00,0.00,-5000.00,ARS,{DATE},"
RELEASE = ("DATE,SOURCE_ID,EXTERNAL_REFERENCE,RECORD_TYPE,DESCRIPTION,NET_CREDIT_AMOUNT,NET_DEBIT_AMOUNT,GROSS_AMOUNT,"
           "MP_FEE_AMOUNT,TAXES_AMOUNT,TRANSACTION_APPROVAL_DATE")
DAY = "2026-11-19T10:00:00Z"
RELEASES = [
    RELEASE, f"{DAY},,,initial_available_balance,,1000.00,0.00,,,,",
    f"{DAY},91234567890123,ab-1,release,payment,11066.91,0.00,12100.00,-730.59,-302.50,2026-11-09T10:00:00.000-04:00",
    f"{DAY},91234567890124,ab-2,release,refund,0.00,91.46,-100.00,6.04,2.50,",
    f"{DAY},555,,release,reserve_for_payout,0.00,5000.00,0.00,,,",
    f"{DAY},555,,release,reserve_for_payout,5000.00,0.00,0.00,,,",
    f"{DAY},556,,release,payout,0.00,5000.00,-5000.00,,,",
    f"{DAY},,,total,,5975.45,0.00,,,,", f"{DAY},,,available_balance,,6975.45,0.00,,,,",
]


def rows(*lines: str, access: Access = ACCESS, end: str = "\n", encoding: str = "utf-8") -> list[Any]:
    return list(MercadoPagoStatement().read(io.BytesIO((end.join(lines) + end).encode(encoding)), access))


def test_a_settlement_report_is_read_by_its_headings() -> None:
    paid, back, out, control = rows(HEAD, PAID, BACK, OUT)
    assert (paid.external_id, paid.kind, paid.currency, paid.line) == ("91234567890123", "payment", "ARS", 2)
    assert [str(one) for one in (paid.gross, paid.fee, paid.withheld, paid.net)] == [
        "12100.00", "730.59", "302.50", "11066.91"]
    assert (paid.settled_on, paid.released_on) == (dt.date(2026, 11, 10), dt.date(2026, 11, 19)), "our zone"
    assert paid.reference.attempt == "ab-1"
    assert [str(one) for one in (back.gross, back.fee, back.withheld, back.net)] == [
        "-100.00", "-6.04", "-2.50", "-91.46"]
    assert (back.kind, out.kind, out.net) == ("refund", "payout", Decimal("-5000.00"))
    assert (control.count, control.total) == (3, Decimal("5975.45"))
    assert all(one.gross == one.fee + one.withheld + one.net for one in (paid, back, out))


@pytest.mark.parametrize("changed", [
    lambda text: text, lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace(",", ";"),
    lambda text: text.replace(",", ";").replace(".00", ",00").replace(".59", ",59"),
    lambda text: text.replace("12100.00", '"12100.00"').replace("SOURCE_ID", '"source_id"'),
    lambda text: text.replace("-730.59", "730.59").replace("-302.50", "302.50"),  # costs instead of movements
    lambda text: text.rstrip("\n"), lambda text: text + "\n\n",
    lambda text: text.replace("ab-1", '"ab-1, con coma\ny línea"'),
])
def test_the_same_report_in_the_forms_that_accounts_choose(changed: Callable[[str], str]) -> None:
    data = changed(f"{HEAD}\n{PAID}\n").encode()
    paid, control = list(MercadoPagoStatement().read(io.BytesIO(data), ACCESS))
    assert (str(paid.fee), str(paid.withheld), str(paid.net), control.count) == ("730.59", "302.50", "11066.91", 1)


def test_points_and_commas_of_both_kinds() -> None:
    line = PAID.replace(",", ";").replace("12100.00", "12.100,00").replace("11066.91", "11.066,91")
    assert rows(HEAD.replace(",", ";"), line)[0].gross == Decimal("12100.00")


def test_fees_in_columns_of_their_own_count_where_only_with_them_the_row_adds_up() -> None:
    head = f"{HEAD},FINANCING_FEE_AMOUNT"
    whole = rows(head, f"{PAID},-700.00")[0]
    assert whole.fee == Decimal("730.59"), "the main fee holds it already"
    apart = rows(head, f"{PAID.replace('-730.59', '-30.59')},-700.00")[0]
    assert apart.fee == Decimal("730.59")


@pytest.mark.parametrize(("line", "code"), [
    (PAID.replace("11066.91", "11066.90"), "sum"), (PAID.replace("-730.59", "-730.58"), "sum"),
    (PAID.replace("SETTLEMENT", "SOMETHING"), "unknown_kind"), (PAID.replace("SETTLEMENT", ""), "unknown_kind"),
])
def test_a_row_that_does_not_add_up_or_is_of_no_kind_is_a_problem_of_its_own(line: str, code: str) -> None:
    found = rows(HEAD, line, OUT)
    assert isinstance(found[0], Problem) and (found[0].line, found[0].code) == (2, code)
    assert isinstance(found[1], Settled) and isinstance(found[2], Control)


@pytest.mark.parametrize(("lines", "words", "line"), [
    ([""], "columns", 1), (["hello"], "SOURCE_ID", 1), ([HEAD.replace("FEE_AMOUNT", "X"), PAID], "FEE_AMOUNT", 1),
    ([f"{HEAD},SITE", f"{PAID},MLA"], "twice", 1),
    ([HEAD, PAID[:60]], "columns", 2), ([HEAD, f"{PAID},"], "13", 2),
    ([HEAD, PAID.replace("12100.00", "12a00")], "TRANSACTION_AMOUNT", 2),
    ([HEAD, PAID.replace("12100.00", "1.005")], "TRANSACTION_AMOUNT", 2),
    ([HEAD, PAID.replace("12100.00", "NaN")], "TRANSACTION_AMOUNT", 2),
    ([HEAD, PAID.replace("2026-11-19T00:00:00.000-04:00", "2026-13-19")], "MONEY_RELEASE_DATE", 2),
    ([HEAD, PAID.replace("MLA", "MLM")], "MLM", 2), ([HEAD, PAID, PAID.replace("ab-1", '"ab-1')], "quotation", 3),
])
def test_what_is_not_whole_or_not_ours_is_refused_with_its_line(lines: list[str], words: str, line: int) -> None:
    with pytest.raises(BadFile, match=words) as refused:
        rows(*lines)
    assert refused.value.line == line


def test_an_empty_file_and_one_of_other_signs_are_refused() -> None:
    for data in (b"", b"\xff\xfe\x00", HEAD.encode() + b"\n" + PAID.encode().replace(b"ab-1", b"\xff"),
                 HEAD.encode() + b"\n" + PAID.encode().replace(b"ab-1", b"\0"), b"x" * 300_000):
        with pytest.raises(BadFile):
            list(MercadoPagoStatement().read(io.BytesIO(data), ACCESS))


def test_a_release_report_proves_itself_by_its_balances() -> None:
    found = rows(*RELEASES)
    assert [(one.kind, str(one.net)) for one in found[:-1]] == [
        ("payment", "11066.91"), ("refund", "-91.46"), ("payout", "-5000.00")]
    assert (found[0].settled_on, found[0].released_on) == (dt.date(2026, 11, 9), dt.date(2026, 11, 19))
    assert found[-1].count == 3 and found[-1].total == Decimal("5975.45")


@pytest.mark.parametrize("missing", range(1, len(RELEASES)))
def test_a_release_report_that_lacks_a_row_is_refused(missing: int) -> None:
    lines = [line for number, line in enumerate(RELEASES) if number != missing]
    if missing in (1, 7):  # without the opening balance nothing can be proved; the line of the total only repeats
        assert isinstance(rows(*lines)[-1], Control)
        return
    with pytest.raises(BadFile):
        rows(*lines)


def test_two_reports_in_one_file_are_refused() -> None:
    with pytest.raises(BadFile, match="several files"):
        rows(*RELEASES, RELEASES[2])


def test_whatever_is_cut_off_or_changed_never_crashes_and_no_wrong_row_adds_up() -> None:
    chance = random.Random(11)
    for lines in ([HEAD, PAID, BACK, OUT], RELEASES):
        whole = ("\n".join(lines) + "\n").encode()
        cases = [whole[:length] for length in range(0, len(whole), 3)]
        for _round in range(400):
            data = bytearray(whole)
            for _change in range(chance.randrange(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            cases.append(bytes(data))
        for data in cases:
            try:
                for one in MercadoPagoStatement().read(io.BytesIO(data), ACCESS):
                    assert not isinstance(one, Settled) or one.gross == one.fee + one.withheld + one.net
            except BadFile as refused:
                assert refused.line is not None and str(refused)


def test_the_payments_of_a_report_and_a_count_of_the_rest() -> None:
    file = io.BytesIO("\n".join((HEAD, PAID, BACK, OUT, PAID.replace("11066.91", "1.00"))).encode())
    paid, problem, control = list(MercadoPagoPayments().read(file, ACCESS))
    assert (paid.external_id, paid.status, paid.amount, paid.currency, paid.line) == (
        "91234567890123", "approved", Decimal("12100.00"), "ARS", 2)
    assert (paid.fee, paid.withheld, paid.reference.attempt) == (Decimal("730.59"), Decimal("302.50"), "ab-1")
    assert (paid.paid_at, paid.credited_at) == (dt.date(2026, 11, 10), dt.date(2026, 11, 19))
    assert (problem.line, problem.code) == (5, "sum")
    assert (control.count, control.total, control.facts["refund"], control.facts["payout"]) == (
        1, Decimal("12100.00"), "1", "1")


@pytest.mark.parametrize(("find", "instead"), [("91234567890123", ""), ("91234567890123", "x"),
                                               ("12100.00", "-12100.00")])
def test_a_payment_without_number_or_amount_is_a_problem(find: str, instead: str) -> None:
    line = PAID.replace(find, instead)
    if instead.startswith("-"):
        line = line.replace("11066.91", "-13133.09")
    found = list(MercadoPagoPayments().read(io.BytesIO(f"{HEAD}\n{line}\n".encode()), ACCESS))
    assert isinstance(found[0], Problem) and found[0].code == "number" and found[1].count == 0


def test_the_command_reads_a_report(tmp_path: Path) -> None:
    file = tmp_path / "settlement.csv"
    file.write_text(f"{HEAD}\n{PAID}\n{BACK}\n")
    done = CliRunner().invoke(cli, ["parse", "mercadopago", str(file), "--json"], standalone_mode=False)
    shown = json.loads(done.stdout)
    assert done.return_value == 0 and shown["control"]["count"] == 1 and shown["problems"] == []
    assert (shown["payments"][0]["amount"], shown["payments"][0]["fee"], shown["payments"][0]["withheld"]) == (
        "12100.00", "730.59", "302.50")
    file.write_text(f"{HEAD}\n{PAID[:50]}\n")
    done = CliRunner().invoke(cli, ["parse", "mercadopago", str(file), "--json"], standalone_mode=False)
    assert done.return_value == 2 and json.loads(done.stdout)["payments"] == []


class Slowly(io.RawIOBase):
    """A file of many rows that is made as it is read, and remembers how far."""

    def __init__(self, count: int) -> None:
        self.left, self.given = count, 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.given += 1
        if self.given == 1:
            return HEAD.encode() + b"\n"
        self.left -= 1
        return PAID.encode() + b"\n" if self.left >= 0 else b""


def test_rows_are_given_while_the_file_is_read() -> None:
    file = Slowly(1_000_000)
    reader = MercadoPagoStatement().read(file, ACCESS)  # type: ignore[arg-type]
    for _row in range(3):
        next(reader)
    assert file.given < 20


@pytest.mark.parametrize("kind", ["settlement", "release"])
@pytest.mark.parametrize("setting", [{}, {"separator": ";", "decimal": ",", "bom": True}])
def test_the_service_s_own_reports_are_read(site: Site, account: Callable[..., Access], debt: Callable[..., Any],
                                            attempt: Callable[..., Any], kind: str, setting: dict[str, Any]) -> None:
    access = account()
    link = MercadoPagoCheckout().open(access, debt(), attempt())
    numbers = [site.post("pay", preference_id=link.provider_ref)["id"] for _time in range(3)]
    site.post("refund", payment_id=numbers[0], amount=100)
    site.post("refund", payment_id=numbers[1])
    site.post("chargeback", payment_id=numbers[2])
    site.post("payout", user_id=int(access.settings["access_token"].rpartition("-")[2]), amount=1000)

    def ask(method: str, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{site.address}/v1/account/{kind}_report{path}", body, {
            "Authorization": f"Bearer {access.settings['access_token']}"}, method=method)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())

    ask("PUT", "/config", str(setting).replace("'", '"').replace("True", "true").encode())
    ask("POST", "", b'{"begin_date": "2026-11-01T00:00:00Z", "end_date": "2026-12-31T00:00:00Z"}')
    name = read(ask("GET", "/list"))[-1]["file_name"]
    found = list(MercadoPagoStatement().read(io.BytesIO(ask("GET", f"/{name}")), access))
    assert not [one for one in found if isinstance(one, Problem)]
    kinds = sorted(one.kind for one in found if isinstance(one, Settled))
    assert kinds == ["chargeback", "payment", "payment", "payment", "payout", "refund", "refund"]
    assert found[-1].count == 7
