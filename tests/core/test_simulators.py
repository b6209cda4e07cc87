"""The frame of simulators: paths, faults and their limits, the commands, and the server's own robustness."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from core.config import ROOT
from core.simulators import Box, Faults, Running, Simulator, Site, available, get, parse_fault
from core.simulators.discovery import UnknownSimulator
from core.simulators.faults import COMMON, BadFault
from core.simulators.serving import Server
from tests.installation import ABONA, eventually, free_port

pytestmark = pytest.mark.once


class Echo:
    """Counts what reached it and says it back."""

    def __init__(self, box: Box) -> None:
        self.box, self.seen = box, 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        if request.path == "/broken":
            raise RuntimeError("a mistake")
        self.seen += 1
        return Response(f"{request.method} {request.path} {request.get_data(as_text=True)}")(environ, start_response)

    def state(self, query: Any) -> dict[str, Any]:
        return {"seen": self.seen, "query": dict(query)}

    def reset(self) -> None:
        self.seen = 0


ECHO = Simulator(name="echo", title="Echo", create_app=Echo, faults={"own": "Its own fault"})


@pytest.fixture
def server() -> Iterator[Running]:
    import threading

    made = Server("127.0.0.1", 0, Site([ECHO]))
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield Running(made)
    made.stop()
    thread.join()


def ask(server: Running, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(f"{server.url}{path}", data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_each_simulator_stands_below_its_name(server: Running) -> None:
    assert ask(server, "/echo/a/b", "POST", b"hola") == (200, "POST /a/b hola")
    status, text = ask(server, "/otro/x")
    assert status == 404 and json.loads(text) == {"simulators": {"echo": "Echo"}}
    assert ask(server, "/")[0] == 200


def test_state_reset_and_faults(server: Running) -> None:
    ask(server, "/echo/a")
    state = json.loads(ask(server, "/echo/_sim/state?after=3")[1])
    assert state == {"seen": 1, "query": {"after": "3"}, "faults": []}
    status, text = ask(server, "/echo/_sim/faults", "POST", {"fault": "own", "rate": 0.5, "seed": 3, "more": "x"})
    assert status == 200
    answer = json.loads(text)
    assert answer["faults"][0] | {"struck": 0} == {"fault": "own", "rate": 0.5, "count": None, "seed": 3,
                                                  "seconds": None, "only": "", "more": "x", "struck": 0}
    assert set(answer["known"]) == {*COMMON, "own"}
    assert json.loads(ask(server, "/echo/_sim/faults")[1])["faults"]
    ask(server, "/echo/_sim/reset", "POST", {})
    state = json.loads(ask(server, "/echo/_sim/state")[1])
    assert (state["seen"], state["faults"]) == (0, [])


@pytest.mark.parametrize(("body", "words"), [
    (b"{", "JSON"), (b"[1]", "object"), ({"fault": "nope"}, "nope"), ({"fault": "slow", "rate": 1.5}, "between"),
    ({"fault": "slow", "count": "x"}, "numbers")])
def test_a_fault_that_makes_no_sense_is_refused(server: Running, body: Any, words: str) -> None:
    status, text = ask(server, "/echo/_sim/faults", "POST", body)
    assert status == 400 and words in json.loads(text)["error"]


def test_an_empty_body_ends_all_faults(server: Running) -> None:
    server.fault("echo", "slow", rate=1)
    assert json.loads(ask(server, "/echo/_sim/faults", "POST", {})[1])["faults"] == []


def test_setting_up_is_never_struck_by_a_fault(server: Running) -> None:
    server.fault("echo", "refuse_connection", rate=1)
    assert ask(server, "/echo/_sim/state")[0] == 200
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        ask(server, "/echo/a")


def test_refuse_resets_and_a_lost_answer_ends(server: Running) -> None:
    for fault, expected in (("refuse_connection", ConnectionResetError),
                            ("lost_answer", http.client.RemoteDisconnected)):
        server.fault("echo", fault, rate=1, count=1)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("GET", "/echo/a")
        with pytest.raises(expected):
            connection.getresponse()
        connection.close()
    assert server.state("echo")["seen"] == 1


def test_a_mistake_of_a_simulator_is_a_500_and_the_server_goes_on(server: Running, capsys: Any) -> None:
    assert ask(server, "/echo/broken")[0] == 500
    assert "a mistake" in capsys.readouterr().err
    assert ask(server, "/echo/a")[0] == 200


@pytest.mark.parametrize("raw", [b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/9.9\r\n\r\n", b"POST /echo/a HTTP/1.1\r\n"
                                 b"Content-Length: x\r\n\r\n", b"POST /echo/a HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                                 b"POST /echo/a HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf"])
def test_what_is_no_request_hurts_nobody(server: Running, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)
    assert ask(server, "/echo/a")[0] == 200


def test_a_fault_counts_down_and_keeps_to_its_requests() -> None:
    faults = Faults(["own"])
    faults.set({"fault": "own", "rate": 1, "count": 2, "only": "x"})
    assert faults.strikes("own", lambda only: False) is None
    assert [bool(faults.strikes("own", lambda only: only == "x")) for _index in range(3)] == [True, True, False]
    assert not faults


@pytest.mark.parametrize(("text", "expected"), [
    ("arca:lost_answer=0.2", ("arca", {"fault": "lost_answer", "rate": 0.2})),
    ("arca:slow", ("arca", {"fault": "slow", "rate": 1.0}))])
def test_faults_of_the_command_line(text: str, expected: Any) -> None:
    assert parse_fault(text) == expected


@pytest.mark.parametrize("text", ["arca", "arca:", ":slow=1", "arca:slow=much"])
def test_faults_of_the_command_line_written_wrongly(text: str) -> None:
    with pytest.raises(BadFault, match="NAME:FAULT=RATE"):
        parse_fault(text)


def test_all_simulators_on_disk_are_found_and_fit() -> None:
    found = available()
    assert "arca" in found
    assert all(name == one.name and callable(one.create_app) and str(one.title) for name, one in found.items())
    with pytest.raises(UnknownSimulator, match=r"nada.*arca"):
        get(["nada"])


# --- the commands ------------------------------------------------------------------------------------------


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(ABONA), "simulators", *words], capture_output=True, text=True, cwd=ROOT, timeout=60)


@pytest.mark.slow
def test_list_shows_every_fault() -> None:
    found = json.loads(run("list", "--json").stdout)["simulators"]
    arca = next(one for one in found if one["name"] == "arca")
    assert arca["path"] == "/arca/" and {*COMMON, "cascade", "ticket_lost"} <= set(arca["faults"])
    assert "lost_answer" in run("list").stdout


@pytest.mark.slow
@pytest.mark.parametrize(("words", "said"), [
    (("serve", "nada"), "nada"), (("serve", "arca", "--fault", "arca:nope=1"), "nope"),
    (("serve", "arca", "--fault", "arca"), "arca:lost_answer=0.2")])
def test_serve_refuses_what_makes_no_sense(words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_serve_says_that_its_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "arca", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2 and re.search(r"127\.0\.0\.1:\d+", done.stderr)


@pytest.mark.slow
def test_what_was_started_ends_with_who_started_it() -> None:
    """A demonstration that is killed leaves nobody behind who keeps the port."""
    port = free_port()
    served = [sys.executable, "-m", "core.simulators", "serve", "arca", "--port", str(port), "--with-parent"]
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import os, subprocess; subprocess.run({served} + [str(os.getpid())])"], cwd=ROOT,
        stderr=subprocess.DEVNULL)
    eventually(lambda: listens(port), 60)
    parent.kill()
    parent.wait(10)
    eventually(lambda: not listens(port), 30)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_serve_keeps_its_state_in_a_folder_that_only_one_may_use(tmp_path: Path) -> None:
    port = free_port()
    words = [sys.executable, "-m", "core.simulators", "serve", "arca", "--state", str(tmp_path), "--fault",
             "arca:slow=1"]

    def start(at: int) -> subprocess.Popen[str]:
        return subprocess.Popen([*words, "--port", str(at)], cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def state() -> Any:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/arca/_sim/state", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    first = start(port)
    try:
        assert [fault["fault"] for fault in eventually(state)["faults"]] == ["slow"]
        body = json.dumps({"reg_x_req": 77}).encode()
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/arca/_sim/config", body), timeout=5)
        second = start(free_port())
        assert second.wait(30) != 0
        assert str(tmp_path) in second.stderr.read()
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    third = start(port)
    try:
        assert eventually(state)["config"]["reg_x_req"] == 77
        third.send_signal(signal.SIGTERM)
        assert third.wait(10) == 0
    finally:
        third.kill()
        third.wait()


def test_every_simulator_knows_again_what_it_kept_of_its_settings() -> None:
    """It starts anew with them: the demonstration goes on after a restart."""
    from core.simulators.discovery import available
    from core.simulators.settings import Settings

    assert available()
    kinds = [one for one in Settings.__subclasses__() if not one.__module__.startswith("tests.")]
    assert len(kinds) > 8
    for kind in kinds:
        assert kind.restored(kind().as_json()) == kind(), kind.__module__
