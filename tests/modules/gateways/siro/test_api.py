"""SIRO's API against its simulator: sessions, debt files, lists, the payment button, and what may go wrong."""

from __future__ import annotations

import datetime as dt
import io
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from core import clock
from core.errors import Rejected, Unavailable, Unknown
from core.simulators import Running
from modules.gateways import jsonform, ports
from modules.gateways.access import Access
from modules.gateways.ports import Delivered
from modules.gateways.providers.siro.client import Siro
from modules.gateways.providers.siro.provider import PROVIDER
from modules.gateways.shapes import Attempt, Opened, Reading
from tests.modules.gateways.files import built, debt
from tests.modules.gateways.siro.conftest import MONDAY, access_to

CPE = "0010000015150058293"
DEBT = debt("1000001", ("2026-11-20", "18150.00"), ("2026-11-30", "18694.50"), invoice="77", concept="Internet")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def send(access: Access, *debts: dict[str, Any]) -> Delivered:
    delivery = ports.deliveries.get("siro")
    file = built("siro", access.settings, debts or [DEBT], "2026-11-16")
    return delivery.state(access, delivery.send(access, io.BytesIO(file), "x"))


def opened(access: Access, reference: str = "A-1", hours: int = 24) -> Opened:
    attempt = Attempt(reference, "key", clock.now() + hours * HOUR)
    return ports.checkouts.get("siro").open(access, jsonform.debt_of(DEBT), attempt)


def pay_on_page(page: str, means: str = "debit") -> str:
    """The payer presses a button; where the browser is sent to, or the text that stays."""
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_args: Any, **_more: Any) -> None:
            return None

    request = urllib.request.Request(page, urllib.parse.urlencode({"means": means}).encode())
    try:
        return urllib.request.build_opener(Stay).open(request, timeout=10).read().decode()
    except urllib.error.HTTPError as error:
        return str(error.headers["Location"])


def lists(access: Access, moment: dt.datetime, cursor: str = "") -> tuple[list[Reading], str]:
    """Everything that a round of polling finds."""
    found: list[Reading] = []
    with clock.freeze(moment):
        more = True
        while more:
            some, cursor, more = ports.polls.get("siro").since(access, cursor)
            found += some
    return found, cursor


# --- sessions ------------------------------------------------------------------------------------------------


def test_a_session_is_kept_and_renewed(siro: Running, access: Access) -> None:
    for _time in range(3):
        assert Siro(access).listing(MONDAY.date()) == []
    siro.fault("siro", "expired_token", count=1)
    assert Siro(access).listing(MONDAY.date()) == []
    assert siro.state("siro")["calls"]["POST /auth/Sesion"] == 2


def test_who_is_not_known_is_told_so(siro: Running) -> None:
    with pytest.raises(Rejected, match="Usuario o contraseña incorrectos"):
        Siro(access_to(siro, password="wrong")).listing(MONDAY.date())


def test_the_test_of_an_account_reads_its_list(siro: Running, access: Access) -> None:
    assert PROVIDER.test is not None and "5150058293" in PROVIDER.test(access)
    with pytest.raises(Rejected, match="no pertenece"):
        PROVIDER.test(access_to(siro, convenio="5150000000"))


def test_hosts_of_testing_and_production() -> None:
    plain = Access("siro", {"usuario": "u"}, "testing")
    assert Siro(plain)._address("session") == "https://apisesionh.bancoroela.com.ar"
    assert Siro(Access("siro", {}, "production"))._address("button") == "https://siropagos.bancoroela.com.ar"


@pytest.mark.parametrize(("fault", "outcome"), [
    ("refuse_connection", (Unknown, Unavailable)), ("error_500", (Unknown,)), ("lost_answer", (Unknown,)),
    ("garbage", (Unknown,)), ("timeout_before", (Unknown,))])
def test_a_file_that_may_have_come_is_not_said_to_have_failed(siro: Running, access: Access, fault: str,
                                                              outcome: tuple) -> None:
    Siro(access).listing(MONDAY.date())
    siro.fault("siro", fault, count=1, seconds=0)
    with pytest.raises(outcome):
        send(access)
    if fault in ("lost_answer", "garbage"):  # the second time every record is refused, and nothing is doubled
        again = send(access)
        assert (again.state, again.refused) == ("refused", 1)
        assert len(siro.state("siro")["debts"]) == 1


@pytest.mark.parametrize("fault", ["refuse_connection", "error_500", "lost_answer", "garbage"])
def test_reading_may_be_tried_again(siro: Running, access: Access, fault: str) -> None:
    Siro(access).listing(MONDAY.date())
    siro.fault("siro", fault, count=1)
    with pytest.raises(Unavailable):
        Siro(access).listing(MONDAY.date())
    assert Siro(access).listing(MONDAY.date()) == []


# --- debt files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["full", "link"])
def test_a_file_is_taken_whole(siro: Running, form: str) -> None:
    access = access_to(siro, formato=form)
    found = send(access, DEBT, debt("2", ("2026-11-20", "1.00"), ("2026-11-21", "1.00"), ("2026-12-01", "2.00")))
    assert found == Delivered("taken", 2, 0)
    debts = sorted(siro.state("siro")["debts"], key=lambda one: one["cpe"], reverse=True)
    assert [one["dues"] for one in debts] == [
        [["2026-11-20", 1815000], ["2026-11-30", 1869450]], [["2026-11-20", 100], ["2026-11-21", 100],
                                                             ["2026-12-01", 200]]]
    assert siro.state("siro")["bases"][0]["totals"][0] == 1815100


def test_a_file_waits_for_the_bank(siro: Running, access: Access) -> None:
    siro.post("siro", "config", {"processing_seconds": 3600})
    assert send(access) == Delivered("waiting", 0, 0)
    with clock.freeze(MONDAY + 2 * HOUR):
        assert ports.deliveries.get("siro").state(access, "1") == Delivered("taken", 1, 0)


@pytest.mark.parametrize(("fault", "found"), [("base_partial_error", ("taken", 1, 1)),
                                              ("duplicate_base", ("refused", 0, 2))])
def test_records_that_the_bank_refuses(siro: Running, access: Access, fault: str, found: tuple) -> None:
    siro.fault("siro", fault)
    answer = send(access, DEBT, {**DEBT, "customer": "2"})
    assert (answer.state, answer.taken, answer.refused) == found
    assert len(answer.errors) == found[2] and answer.errors[0].startswith("Registro 2")


def test_the_next_key_is_taken_where_the_first_was_used(siro: Running, access: Access) -> None:
    send(access)
    refused = send(access)
    assert refused.state == "refused" and "ya fue informado" in refused.errors[0]
    keys = [named for _key, named in zip(range(2), ports.debt_files.get("siro").keys(
        access, jsonform.debt_of(DEBT)), strict=False)]
    second = keys[1][1]
    assert send(access, {**DEBT, "extra": dict(second.extra)}).state == "taken"


@pytest.mark.parametrize(("spoil", "words"), [
    (lambda text: text.replace(b"0000001" + b"0" * 7, b"0000002" + b"0" * 7), "cantidad"),
    (lambda text: text.replace(b"0000000001815000", b"0000000001815001"), "total"),
    (lambda text: text[:-50], "pie"), (lambda text: text.replace(b"5150058293", b"5150058294"), "no pertenece"),
    (lambda text: text.replace(b"01126", b"0112A"), "36 a 40"),
    (lambda text: text.replace(b"00001869450", b"00001800000"), "decrecientes"),
    (lambda text: text.replace(b"20261116" + b"1", b"20261116" + b"0"), "encabezado"),
])
def test_the_simulator_refuses_what_siro_refuses(siro: Running, access: Access, spoil: Callable, words: str) -> None:
    file = spoil(built("siro", access.settings, [DEBT], "2026-11-16"))
    delivery = ports.deliveries.get("siro")
    found = delivery.state(access, delivery.send(access, io.BytesIO(file), "x"))
    assert found.state == "refused" and words in found.errors[0]


# --- payments of the base and of slips ------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["extended", "unified"])
def test_a_debt_is_paid_and_comes_with_the_list_of_the_next_day(siro: Running, access: Access, form: str) -> None:
    siro.post("siro", "account", {"usuario": "UsuarioTestSiro", "rendicion": form})
    send(access)
    tuesday = MONDAY + DAY
    with clock.freeze(tuesday):
        siro.post("siro", "pay", {"cpe": CPE, "channel": "PC"})
    assert lists(access, tuesday)[0] == []
    found, cursor = lists(access, tuesday + DAY)
    assert [(one.status, str(one.amount), one.reference.customer, one.reference.invoice, one.channel)
            for one in found] == [("approved", "18150.00", "001000001", "00000000000007701126", "PC")]
    assert (found[0].paid_at, found[0].credited_at) == (dt.date(2026, 11, 17), dt.date(2026, 11, 20))
    assert lists(access, tuesday + DAY + 2 * HOUR, cursor)[0] == []


@pytest.mark.parametrize(("hours", "channel", "taken"), [
    (0, "LK", False), (0, "PC", False), (14, "PC", True), (4, "FSF", False), (5, "FSF", True), (0, "BPD", True)])
def test_since_when_a_channel_knows_a_debt(siro: Running, access: Access, hours: int, channel: str,
                                           taken: bool) -> None:
    send(access)
    with clock.freeze(MONDAY + hours * HOUR):
        if taken:
            assert siro.post("siro", "pay", {"cpe": CPE, "channel": channel})["payments"]
        else:
            with pytest.raises(urllib.error.HTTPError):
                siro.post("siro", "pay", {"cpe": CPE, "channel": channel})


@pytest.mark.parametrize(("day", "amount"), [(20, 1815000), (21, 1869450), (30, 1869450)])
def test_a_slip_is_paid_at_the_amount_of_its_day(siro: Running, access: Access, day: int, amount: int) -> None:
    slip = ports.coupons.get("siro").coupon(access, jsonform.debt_of(DEBT))
    with clock.freeze(MONDAY.replace(day=day)):
        made = siro.post("siro", "slip", {"barcode": slip.barcode, "channel": "PF"})["payments"][0]
    found, _cursor = lists(access, MONDAY.replace(month=12, day=2), "2026-11-19/2026-11-19/2026-11-01T00:00:00-03:00")
    assert made["amount"] == amount and [int(one.amount * 100) for one in found] == [amount]
    assert found[0].reference.barcode == slip.barcode and found[0].reference.invoice == ""


@pytest.mark.parametrize(("change", "words"), [
    (lambda code: code[:-1] + str((int(code[-1]) + 1) % 10), "verificador"), (lambda code: code[1:], "desconocido")])
def test_a_counter_refuses_wrong_slips(siro: Running, access: Access, change: Callable, words: str) -> None:
    slip = ports.coupons.get("siro").coupon(access, jsonform.debt_of(DEBT))
    with pytest.raises(urllib.error.HTTPError) as error:
        siro.post("siro", "slip", {"barcode": change(slip.barcode), "channel": "PF"})
    assert words in error.value.read().decode()


def test_a_slip_is_refused_after_its_last_day(siro: Running, access: Access) -> None:
    slip = ports.coupons.get("siro").coupon(access, jsonform.debt_of(DEBT))
    with clock.freeze(MONDAY.replace(month=12, day=1)), pytest.raises(urllib.error.HTTPError):
        siro.post("siro", "slip", {"barcode": slip.barcode, "channel": "PF"})


@pytest.mark.parametrize(("fault", "channel", "found"), [
    ("rejected_card", "VS", [("rejected", "VSR")]), ("paid_twice", "BPD", [("approved", "BPD")] * 2),
    ("reversal_next_day", "DD+", [("approved", "DD+"), ("reversed", "DD-")]),
    ("late_rendition", "BPD", [("approved", "BPD")])])
def test_what_happens_to_payments(siro: Running, access: Access, fault: str, channel: str, found: list) -> None:
    send(access)
    siro.fault("siro", fault)
    siro.post("siro", "pay", {"cpe": CPE, "channel": channel})
    readings, _cursor = lists(access, MONDAY + 5 * DAY)
    assert [(one.status, one.channel) for one in readings] == found
    assert len({one.external_id for one in readings}) == len(found)


def test_another_amount_and_another_code(siro: Running, access: Access) -> None:
    siro.fault("siro", "wrong_amount", count=1, centavos=-500)
    siro.post("siro", "pay", {"cpe": CPE, "channel": "RSF", "amount": 10000})
    siro.fault("siro", "unknown_cpe", count=1)
    siro.post("siro", "pay", {"cpe": CPE, "channel": "RSF", "amount": 10000})
    readings, _cursor = lists(access, MONDAY + 2 * DAY)
    assert [(str(one.amount), one.reference.customer) for one in readings] == [
        ("95.00", "001000001"), ("100.00", "501000001")]


# --- polling of lists -----------------------------------------------------------------------------------------


def test_a_list_that_is_not_there_yet_is_asked_for_again_after_a_pause(siro: Running, access: Access) -> None:
    def asked() -> int:
        return int(siro.state("siro")["calls"].get("POST /siro/Listados/Proceso", 0))

    cursor = lists(access, MONDAY)[1]
    first = asked()
    for minutes in (1, 30, 50):
        cursor = lists(access, MONDAY + dt.timedelta(minutes=minutes), cursor)[1]
    assert asked() == first  # the number of calls is limited
    send(access)
    siro.post("siro", "pay", {"cpe": CPE, "channel": "BPD"})
    found, cursor = lists(access, MONDAY + DAY, cursor)
    assert len(found) == 1
    before = asked()
    assert lists(access, MONDAY + DAY + 5 * HOUR, cursor)[0] in ([], found) and asked() - before <= 4


def test_a_list_that_came_late_is_found(siro: Running, access: Access) -> None:
    send(access)
    siro.post("siro", "pay", {"cpe": CPE, "channel": "BPD"})
    early = (MONDAY + DAY).replace(hour=8)
    found, cursor = lists(access, early)
    assert found == []
    found, cursor = lists(access, MONDAY + DAY, cursor)
    assert [one.channel for one in found] == ["BPD"]


# --- payment button -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("means", "state", "channel"), [("debit", "approved", "BPD"), ("credit", "approved", "BPC"),
                                                         ("refused", "rejected", "BPR")])
def test_the_button_from_page_to_rendition(siro: Running, access: Access, means: str, state: str,
                                           channel: str) -> None:
    page = opened(access)
    poll = ports.polls.get("siro")
    assert [one.status for one in poll.read(access, reference="A-1", opened=page)] == ["pending"]
    back = urllib.parse.urlsplit(pay_on_page(page.url, means))
    result = urllib.parse.parse_qs(back.query)["IdResultado"][0]
    one = poll.read(access, reference="A-1", opened=page)[0]
    assert (one.status, str(one.amount), one.reference.attempt, one.paid_at) == (
        state, "18150.00", "A-1", dt.date(2026, 11, 16))
    page_of = "ref:A-1" if state == "approved" else ""
    one = poll.read(access, payment_id=result, opened=page)[0]
    assert (one.known_as, one.shared) == ((result,), page_of)
    told, _cursor = lists(access, MONDAY + DAY)
    assert [(line.status, line.channel, line.reference.attempt, line.known_as, line.shared) for line in told] == [
        (state, channel, "A-1", (result,), page_of)]


def test_who_closes_the_window_has_paid_all_the_same(siro: Running, access: Access) -> None:
    page = opened(access)
    siro.fault("siro", "closed_window")
    assert "cerrar esta ventana" in pay_on_page(page.url)
    assert ports.polls.get("siro").read(access, reference="A-1", opened=page)[0].status == "approved"


@pytest.mark.parametrize(("data", "reference"), [
    ({"cpe": CPE, "amount": "18150.01"}, "A-1"), ({"cpe": "9" + CPE[1:], "amount": "18150.00"}, "A-1")])
def test_a_payment_that_is_not_what_was_sent_is_no_payment(siro: Running, access: Access, data: dict,
                                                          reference: str) -> None:
    page = opened(access)
    pay_on_page(page.url)
    changed = Opened(page.provider_ref, page.url, data=data)
    assert ports.polls.get("siro").read(access, reference=reference, opened=changed)[0].status == "mismatch"


def test_an_intent_ends_on_its_day(siro: Running, access: Access) -> None:
    page = opened(access, hours=1)
    with clock.freeze(MONDAY + 2 * HOUR):
        pay_on_page(page.url)
        assert ports.polls.get("siro").read(access, reference="A-1", opened=page)[0].status == "expired"


def test_only_our_reference_is_read(siro: Running, access: Access) -> None:
    opened(access, "A-1")
    opened(access, "A-2")
    found = ports.polls.get("siro").read(access, reference="A-2")
    assert [one.reference.attempt for one in found] == ["A-2"]
    assert ports.polls.get("siro").read(access, reference="A-3") == []


def test_opening_may_be_tried_again(siro: Running, access: Access) -> None:
    Siro(access).listing(MONDAY.date())
    siro.fault("siro", "lost_answer", count=1)
    with pytest.raises(Unavailable):
        opened(access)
    assert opened(access).url


@pytest.mark.parametrize(("change", "words"), [
    ({"currency": "USD"}, "USD"), ({"customer": "1234567890"}, "9"), ({"due": []}, "one to")])
def test_debts_for_which_no_page_opens(siro: Running, access: Access, change: dict, words: str) -> None:
    from dataclasses import replace
    change = {**change, "due": ()} if "due" in change else change
    one = replace(jsonform.debt_of(DEBT), **change)
    assert words in ports.checkouts.get("siro").problem(access, one, "link")


def test_the_simulator_refuses_wrong_intents(siro: Running, access: Access) -> None:
    from modules.gateways.providers.siro.checkout import request
    attempt = Attempt("A-1", "key", MONDAY + HOUR)
    good = request(access, jsonform.debt_of(DEBT), attempt)
    for change, words in (({"nro_comprobante": "1"}, "20 dígitos"), ({"Concepto": "¿?"}, "40 letras"),
                          ({"Detalle": []}, "suma"), ({"URL_OK": ""}, "URL_OK"), ({"Importe": 0}, "importe"),
                          ({"FechaExpiracion": "2026-11-08T00:00:00"}, "pasó"),
                          ({"nro_cliente_empresa": CPE[:-1] + "4"}, "cliente empresa")):
        with pytest.raises(Rejected, match=words):
            Siro(access).open_payment({**good, **change})
