"""Faults on purpose: the common ones as a client sees them, and ARCA's own."""

from __future__ import annotations

import http.client
import time
from typing import Any

import pytest

from core.simulators import Running
from tests.modules.einvoice_ar.foreign import WSFE, Foreign, document, headers_of, request_for

pytestmark = pytest.mark.once


def count(simulator: Running) -> int:
    return int(simulator.state("arca")["documents_total"])


@pytest.mark.parametrize(("fault", "registered"), [("refuse_connection", 0), ("timeout_before", 0), ("lost_answer", 1)])
def test_the_connection_ends_without_an_answer(logged_in: Foreign, simulator: Running, fault: str,
                                               registered: int) -> None:
    simulator.post("arca", "faults", {"fault": fault, "rate": 1, "count": 1, "seconds": 0.01})
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        logged_in.solicit(document(1))
    assert count(simulator) == registered
    assert logged_in.last() == registered  # the count is used up


def test_a_500_is_a_page_or_a_fault_and_nothing_was_done(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "error_500", "rate": 1})
    kinds = set()
    for index in range(8):
        answer = logged_in.solicit(document(1, DocNro=int("2" * (7 + index % 2))))
        assert answer.status == 500
        kinds.add(answer.headers["Content-Type"].split(";")[0])
    assert kinds == {"text/html", "text/xml"} and count(simulator) == 0


def test_garbage_comes_after_the_work(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "garbage", "rate": 1, "seed": 1})
    seen = set()
    for number in range(1, 9):
        answer = logged_in.solicit(document(number))
        assert answer.status == 200
        seen.add("page" if answer.body.startswith(b"<html") else "cut")
        if not answer.body.startswith(b"<html"):
            assert not answer.body.endswith(b"</soap:Envelope>")
    assert seen == {"page", "cut"} and count(simulator) == 8


def test_slow(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "slow", "rate": 1, "seconds": 0.3})
    started = time.monotonic()
    assert logged_in.solicit(document(1)).text("Resultado") == "A"
    assert time.monotonic() - started >= 0.3


def test_a_fault_can_be_limited_to_an_operation_and_ended(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "error_500", "rate": 1, "only": "FECompConsultar"})
    assert logged_in.last() == 0
    assert logged_in.consult(1).status == 500
    simulator.post("arca", "faults", {"fault": "error_500", "rate": 0})
    assert logged_in.consult(1).codes() == [602]


def test_a_rate_with_a_seed_strikes_the_same_requests_again(logged_in: Foreign, simulator: Running) -> None:
    def run() -> list[int]:
        simulator.post("arca", "faults", {"fault": "error_500", "rate": 0.5, "seed": 7})
        return [logged_in.consult(1).status for _index in range(20)]

    first = run()
    assert first == run() and set(first) == {200, 500}


@pytest.mark.parametrize("body", [{"fault": "nada"}, {"fault": "slow", "rate": 2}, {"fault": "slow", "rate": "x"}])
def test_a_fault_that_does_not_exist_or_makes_no_sense(foreign: Foreign, body: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="error"):
        foreign.set_up("faults", **body)


# --- ARCA's own --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [501, 502])
@pytest.mark.parametrize("registered", [True, False])
def test_internal_errors_with_and_without_having_registered(logged_in: Foreign, simulator: Running, code: int,
                                                            registered: bool) -> None:
    simulator.post("arca", "faults", {"fault": f"internal_{code}", "rate": 1, "count": 1, "registered": registered})
    answer = logged_in.solicit(document(1))
    assert answer.codes() == [code] and answer.text("FeCabResp") is None
    assert logged_in.last() == int(registered)


def test_a_ticket_that_is_said_to_exist(foreign: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "ticket_retention", "rate": 1, "count": 1})
    answer = foreign.login(foreign.signed(request_for()))
    assert answer.text("faultcode") == "ns1:coe.alreadyAuthenticated"
    assert foreign.login(foreign.signed(request_for())).status == 200


def test_a_ticket_that_is_lost_locks_out_for_the_window(foreign: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "ticket_lost", "rate": 1, "count": 1})
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        foreign.login(foreign.signed(request_for()))
    assert foreign.login(foreign.signed(request_for())).text("faultcode") == "ns1:coe.alreadyAuthenticated"


def test_general_lost_answers_spare_the_login(foreign: Foreign, simulator: Running) -> None:
    """Otherwise every rehearsal with faults would stand still for the window."""
    simulator.post("arca", "faults", {"fault": "lost_answer", "rate": 1})
    foreign.enter()


def test_a_ticket_that_ends_midway_is_replaced_at_once(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "ticket_expires_midway", "rate": 1, "count": 1})
    for _again in range(2):
        answer = logged_in.solicit(document(1))
        assert answer.codes() == [600] and "No validaron las fechas" in (answer.text("Msg") or "")
    logged_in.enter()
    assert logged_in.solicit(document(1)).text("Resultado") == "A"


def test_another_program_takes_the_number(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "foreign_document", "rate": 1, "count": 1})
    assert logged_in.solicit(document(1)).codes() == [10016]
    found = logged_in.consult(1)
    assert (found.text("ImpTotal"), found.text("DocNro")) == ("1234.56", "20304050")


def test_the_database_is_down(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "dbserver_down", "rate": 1})
    assert logged_in.call("FEDummy").text("DbServer") == "DOWN"
    assert logged_in.solicit(document(1)).codes() == [501]
    assert logged_in.call("FECompTotXRequest").codes() == [501]
    assert count(simulator) == 0


def test_a_notice(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "event_notice", "rate": 1})
    answer = logged_in.solicit(document(1))
    assert answer.codes("Evt") == [39] and answer.text("Resultado") == "A"


def test_observations_on_what_is_approved(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "observe", "rate": 1, "codes": [10234, 10236]})
    answer = logged_in.solicit(document(1))
    assert answer.codes("Obs") == [10234, 10236] and answer.text("Resultado") == "A"
    assert logged_in.consult(1).codes("Obs") == [10234, 10236]


def test_the_third_of_a_batch_is_refused_and_the_rest_with_it(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "cascade", "rate": 1, "count": 1})
    answer = logged_in.solicit(*(document(number) for number in range(1, 6)))
    assert answer.texts("Resultado") == ["P", "A", "A", "R", "R", "R"]
    assert answer.codes("Obs") == [10015]


def test_the_limit_changes(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "limit_changes", "rate": 1, "count": 1})
    assert logged_in.solicit(*(document(number) for number in range(1, 12))).codes() == [10003]
    assert logged_in.call("FECompTotXRequest").text("RegXReq") == "10"


def test_bytes_that_are_not_utf8(logged_in: Foreign, simulator: Running) -> None:
    simulator.post("arca", "faults", {"fault": "latin1", "rate": 1})
    answer = logged_in.solicit(document(1))
    assert b"Comunicaci\xf3n" in answer.body
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


# --- the server --------------------------------------------------------------------------------------------


def test_a_connection_stays_open_and_answers_quickly(simulator: Running) -> None:
    """HTTP/1.1 with one write per answer and Nagle off: no 40 ms of waiting for the other side's ACK."""
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    body = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>')
    seconds = []
    for _index in range(30):
        started = time.perf_counter()
        connection.request("POST", WSFE, body, headers_of("FEDummy"))
        response = connection.getresponse()
        response.read()
        seconds.append(time.perf_counter() - started)
        assert response.version == 11 and response.getheader("Connection") is None
        if not seconds[1:]:
            first = connection.sock
        assert connection.sock is first
    connection.close()
    assert sorted(seconds)[15] < 0.03


def test_chunked_and_zipped_requests(logged_in: Foreign, simulator: Running) -> None:
    import gzip

    body = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>'
    zipped = logged_in.post(WSFE, gzip.compress(body), headers_of("FEDummy") | {"Content-Encoding": "gzip"})
    assert zipped.text("AppServer") == "OK"
    connection = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    connection.request("POST", WSFE, iter([body[:20], body[20:]]), headers_of("FEDummy"), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
