"""Calls to the outside against a server that misbehaves: which outcome each gives, and what the log may hold."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import structlog
from flask import Flask

from core import http, logs
from core.errors import Rejected, Unavailable, Unknown
from core.http import Client
from tests.installation import free_port

pytestmark = pytest.mark.once
Serve = Callable[..., Client]


class Handler(socketserver.StreamRequestHandler):
    """Reads one request and answers by the server's script: bytes, or a function of the socket."""

    def handle(self) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            part = self.request.recv(65536)
            if not part:
                return
            request += part
        head, _blank, body = request.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n")
                       if line.lower().startswith(b"content-length")), 0)
        while len(body) < length:
            body += self.request.recv(65536)
        self.server.seen.append((head.decode(), body))  # type: ignore[attr-defined]
        answer = self.server.answer  # type: ignore[attr-defined]
        self.request.sendall(answer) if isinstance(answer, bytes) else answer(self.request)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(answer)`: a client of a server that always answers so; `client.seen` is in `serve.seen`."""
    servers = []

    def start(answer: Any, **options: Any) -> Client:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.answer, server.seen = answer, start.seen  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return Client("Banco", f"http://127.0.0.1:{server.server_address[1]}", **options)

    start.seen = []  # type: ignore[attr-defined]
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close",
             *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def cut_off(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    connection.shutdown(socket.SHUT_RDWR)


def say_nothing(_connection: socket.socket) -> None:
    time.sleep(1)


def test_an_answer_comes_back_with_what_was_sent(serve: Serve) -> None:
    client = serve(reply(201, '{"id": 7, "name": "Ñandú"}'.encode()), headers={"Authorization": "Bearer t"})
    answer = client.post("/pay", json={"amount": "12.30"}, params={"a": "1"}, headers={"X-Idempotency-Key": "k"})
    assert (answer.status, answer.json()) == (201, {"id": 7, "name": "Ñandú"})
    head, body = serve.seen[0]  # type: ignore[attr-defined]
    assert head.startswith("POST /pay?a=1 HTTP/1.1") and json.loads(body) == {"amount": "12.30"}
    assert "Bearer t" in head and "X-Idempotency-Key: k" in head


@pytest.mark.parametrize("answer, reads, writes", [
    (hang_up, Unavailable, Unknown), (cut_off, Unavailable, Unknown), (say_nothing, Unavailable, Unknown),
    (reply(500), Unavailable, Unknown), (reply(502), Unavailable, Unknown), (reply(504), Unavailable, Unknown),
    (reply(503), Unavailable, Unavailable), (reply(429), Unavailable, Unavailable),
    (reply(400, b"no"), Rejected, Rejected), (reply(404), Rejected, Rejected), (reply(302), Rejected, Rejected),
    (b"this is not HTTP\r\n\r\n", Unavailable, Unknown)])
def test_what_was_sent_and_not_answered_is_unknown_unless_it_may_be_repeated(
        serve: Serve, answer: Any, reads: type[Exception], writes: type[Exception]) -> None:
    client = serve(answer, read_seconds=0.3)
    for call, expected in ((lambda: client.get("/x"), reads), (lambda: client.post("/x", data=b"1"), writes),
                           (lambda: client.post("/x", data=b"1", repeatable=True), reads)):
        with pytest.raises(expected) as caught:
            call()
        assert "Banco" in str(caught.value)
    assert len(serve.seen) == 3  # type: ignore[attr-defined]  # nothing was retried by itself


def test_a_service_that_is_not_there_is_unavailable_also_for_what_must_not_be_repeated() -> None:
    for address in (f"http://127.0.0.1:{free_port()}", "http://nowhere.invalid"):
        with pytest.raises(Unavailable):
            Client("Banco", address).post("/pay", json={})


def test_a_false_certificate_means_that_nothing_was_sent(tmp_path: Any) -> None:
    import ssl

    from tests.core.certificates import self_signed

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        def accept() -> None:
            connection, _address = server.accept()
            with pytest.raises((ssl.SSLError, OSError)):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        with pytest.raises(Unavailable):
            Client("Banco", f"https://localhost:{server.getsockname()[1]}").post("/pay", json={})
        thread.join(5)


def test_a_refusal_carries_the_code_and_the_words_of_the_service(serve: Serve) -> None:
    def explain(answer: http.Answer) -> tuple[str, str]:
        return answer.json()["code"], answer.json()["message"]

    client = serve(reply(422, b'{"code": "E12", "message": "monto invalido", "token": "hush"}'), explain=explain)
    with pytest.raises(Rejected) as caught:
        client.post("/pay", json={})
    assert caught.value.code == "E12" and "monto invalido" in str(caught.value)
    assert caught.value.details == {"code": "E12", "message": "monto invalido", "token": logs.HIDDEN}


def test_the_time_that_the_service_names_is_kept(serve: Serve) -> None:
    with pytest.raises(Unavailable) as caught:
        serve(reply(429, Retry_After="120")).get("/x")
    assert caught.value.retry_after == 120


def test_an_answer_that_is_no_json_is_not_taken_for_one(serve: Serve) -> None:
    client = serve(reply(200, b"<html>maintenance</html>"))
    with pytest.raises(Unknown):
        client.post("/pay", json={}).json()
    with pytest.raises(Unavailable):
        client.get("/pay").json()


def test_an_endless_answer_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _number in range(200):
            connection.sendall(b"x" * 1000)
            time.sleep(0.01)

    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    started = time.monotonic()
    with pytest.raises(Unknown):
        serve(drip).post("/x", data=b"1")
    assert time.monotonic() - started < 1.5


def test_an_answer_that_is_too_large_is_not_read(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)
    with pytest.raises(Unavailable):
        serve(reply(200, b"x" * 300_000)).get("/x")


def test_the_log_tells_the_call_without_its_secrets(serve: Serve) -> None:
    client = serve(reply(200, b'{"access_token": "hush-4", "ok": true}'), headers={"Authorization": "Bearer hush-1"})
    with structlog.testing.capture_logs() as seen:
        client.post("/pay", params={"token": "hush-2", "page": "3"}, json={"card": {"cvv": "hush-3"}, "name": "Ana"})
    assert "hush" not in str(seen)
    call = next(one for one in seen if one["event"] == "outside_call")
    assert (call["service"], call["status"], call["method"]) == ("Banco", "200", "POST")
    assert "page=3" in call["url"] and "token=********" in call["url"]
    assert next(one for one in seen if one["event"] == "outside_bodies")["sent"]["name"] == "Ana"


def test_a_failure_is_logged_too_and_its_text_holds_no_address() -> None:
    with structlog.testing.capture_logs() as seen, pytest.raises(Unavailable) as caught:
        Client("Banco", f"http://127.0.0.1:{free_port()}").get("/x", params={"token": "hush"})
    assert "hush" not in str(seen) + str(caught.value) and caught.value.__cause__ is None
    assert next(one for one in seen if one["event"] == "outside_call")["status"] == "none"


def test_threads_and_forked_workers_do_not_share_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, others = http.session(), []
    assert http.session() is mine
    thread = threading.Thread(target=lambda: others.append(http.session()))
    thread.start()
    thread.join()
    monkeypatch.setattr("core.http.os.getpid", lambda: -1)
    assert others[0] is not mine and http.session() is not mine


def test_the_proxy_is_used_but_never_for_this_machine(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    settings = dataclasses.replace(app.extensions["abona"], http_proxy="http://proxy:3128")
    monkeypatch.setitem(app.extensions, "abona", settings)
    assert http.proxies_for("https://wsaa.afip.gov.ar/x") == {"http": "http://proxy:3128", "https": "http://proxy:3128"}
    assert http.proxies_for("http://127.0.0.1:9100/arca") == {"http": "", "https": ""}
    monkeypatch.setitem(app.extensions, "abona", dataclasses.replace(settings, http_proxy=""))
    assert http.proxies_for("https://wsaa.afip.gov.ar/x") == {}


def test_a_broken_connection_is_not_taken_for_one_that_was_never_made() -> None:
    assert not http.never_sent(requests.ConnectionError("Connection aborted", ConnectionResetError(104, "reset")))
    assert not http.never_sent(requests.ReadTimeout())
    assert http.never_sent(requests.ConnectTimeout())
