"""Mail: what a message holds, and what becomes of each answer of the server."""

from __future__ import annotations

import email
import socket
import threading
from collections.abc import Callable, Iterator
from email import policy
from pathlib import Path

import pytest
from flask import Flask

from core import mail
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.mail import Attachment, MailAccount

pytestmark = pytest.mark.once


class Server:
    """A small SMTP server that answers by a script; `answers` maps a verb to its reply, None hangs up."""

    def __init__(self, **answers: str | None) -> None:
        self.answers = {
            "EHLO": "250 ok",
            "MAIL": "250 ok",
            "RCPT": "250 ok",
            "DATA": "354 go",
            "QUIT": "221 bye",
            "RSET": "250 ok",
            "BODY": "250 2.0.0 queued as X1",
            **answers,
        }
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self._socket.accept()
            except OSError:
                return
            with client, client.makefile("rwb") as wire:
                self._talk(wire)

    def _talk(self, wire: object) -> None:
        stream = wire  # type: ignore[assignment]
        self._say(stream, "220 hello")
        while line := stream.readline():  # type: ignore[attr-defined]
            verb = line.split()[0].decode().upper() if line.split() else ""
            if not self._say(stream, self.answers.get(verb, "500 what")):
                return
            if verb == "DATA" and (self.answers["DATA"] or "").startswith("354"):
                body = b""
                while (part := stream.readline()) != b".\r\n":  # type: ignore[attr-defined]
                    body += part
                self.received.append(body)
                if not self._say(stream, self.answers["BODY"]):
                    return
            if verb == "QUIT":
                return

    @staticmethod
    def _say(stream: object, text: str | None) -> bool:
        if text is None:
            return False
        stream.write(text.encode() + b"\r\n")  # type: ignore[attr-defined]
        stream.flush()  # type: ignore[attr-defined]
        return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Callable[..., MailAccount]]:
    made: list[Server] = []

    def start(**answers: str | None) -> MailAccount:
        one = Server(**answers)
        made.append(one)
        start.last = one  # type: ignore[attr-defined]
        return MailAccount("127.0.0.1", one.port, "none", timeout=5)

    yield start
    for one in made:
        one.close()


def message(app: Flask) -> mail.EmailMessage:
    return mail.build_message(
        ("José Ñandú", "jose@example.com"),
        "Factura de señal — noviembre",
        "Hola, José:\nson $ 1.",
        "<p>Hola</p>",
        sender=("RCW Internet", "cobros@rcw.example"),
        reply_to="oficina@rcw.example",
        headers={"List-Unsubscribe": "<mailto:baja@rcw.example>"},
        attachments=[Attachment("Factura Nº 7 señal.pdf", b"%PDF-1.4", "application/pdf")],
    )


def test_a_message_arrives_with_date_id_accents_and_attachment(app: Flask, server: Callable[..., MailAccount]) -> None:
    assert mail.deliver(message(app), server()) == "250 2.0.0 queued as X1"
    got = email.message_from_bytes(server.last.received[0], policy=policy.default)  # type: ignore[attr-defined]
    assert got["Subject"] == "Factura de señal — noviembre"
    assert got["Date"] and got["Message-ID"].endswith("@rcw.example>")
    assert "José Ñandú" in str(got["To"]) and got["Reply-To"] == "oficina@rcw.example"
    assert got["List-Unsubscribe"] == "<mailto:baja@rcw.example>"
    attached = next(got.iter_attachments())
    assert attached.get_filename() == "Factura Nº 7 señal.pdf" and attached.get_content() == b"%PDF-1.4"


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"RCPT": "550 5.1.1 no such user"}, Rejected),
        ({"RCPT": "450 4.2.1 try later"}, Unavailable),
        ({"MAIL": "452 full"}, Unavailable),
        ({"DATA": "554 no"}, Rejected),
        ({"BODY": "554 5.7.1 spam"}, Rejected),
        ({"BODY": "451 4.3.0 greylisted"}, Unavailable),
        ({"BODY": None}, Unknown),
        ({"DATA": None}, Unavailable),
        ({"RCPT": None}, Unavailable),
        ({"MAIL": None}, Unavailable),
    ],
)
def test_each_answer_has_its_outcome(
    app: Flask, server: Callable[..., MailAccount], answers: dict[str, str | None], outcome: type[Exception]
) -> None:
    with pytest.raises(outcome):
        mail.deliver(message(app), server(**answers))


def test_a_line_that_begins_with_a_point_arrives_whole(app: Flask, server: Callable[..., MailAccount]) -> None:
    mail.deliver(mail.build_message("a@example.com", "s", "first\n.\n.hidden\nlast"), server())
    assert b"first\r\n..\r\n..hidden\r\nlast" in server.last.received[0]  # type: ignore[attr-defined]


def test_a_refusal_keeps_the_code_and_the_words_of_the_server(app: Flask, server: Callable[..., MailAccount]) -> None:
    with pytest.raises(Rejected) as error:
        mail.deliver(message(app), server(RCPT="550 5.1.1 no such user"))
    assert error.value.code == "550" and "no such user" in str(error.value)


def test_several_messages_go_over_one_connection_also_after_a_refusal(
    app: Flask, server: Callable[..., MailAccount]
) -> None:
    account = server()
    with mail.Connection(account) as connection:
        connection.send(message(app))
        server.last.answers["RCPT"] = "550 no"  # type: ignore[attr-defined]
        with pytest.raises(Rejected):
            connection.send(message(app))
        server.last.answers["RCPT"] = "250 ok"  # type: ignore[attr-defined]
        connection.send(message(app))
    assert len(server.last.received) == 2  # type: ignore[attr-defined]


def test_a_server_that_is_not_there_is_unavailable_and_named(app: Flask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1"):
        mail.deliver(message(app), MailAccount("127.0.0.1", port, "none", timeout=2))


def test_a_server_without_tls_is_refused_when_tls_is_asked_for(app: Flask, server: Callable[..., MailAccount]) -> None:
    account = server()
    with pytest.raises(Rejected):
        mail.deliver(message(app), MailAccount(account.host, account.port, "starttls", timeout=5))


def test_without_a_server_the_message_becomes_a_file_that_can_be_read(app: Flask, instance: Path) -> None:
    name = mail.deliver(message(app))
    got = email.message_from_bytes((instance / "outbox" / name).read_bytes(), policy=policy.default)
    assert got["Subject"] == "Factura de señal — noviembre"
    assert not list((instance / "outbox").glob("*.part"))


@pytest.mark.parametrize("address", ["", "ana", "ana@", "a@b.com, c@d.com", "a b@c.com", "<x>@y.com"])
def test_an_address_that_is_none_is_refused_in_words(app: Flask, address: str) -> None:
    with pytest.raises(DomainError):
        mail.build_message(address, "s", "t")


def test_a_line_break_in_the_subject_cannot_add_headers(app: Flask) -> None:
    with pytest.raises(ValueError):
        mail.build_message("a@example.com", "x\nBcc: everybody@example.com", "t")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://ana:p%40ss@mail.example", ("mail.example", 587, "starttls", "ana", "p@ss")),
        ("smtps://mail.example", ("mail.example", 465, "tls", "", "")),
        ("smtp+plain://127.0.0.1:2525", ("127.0.0.1", 2525, "none", "", "")),
    ],
)
def test_the_server_is_written_as_an_address(url: str, expected: tuple[str, int, str, str, str]) -> None:
    found = mail.account_from_url(url)
    assert found is not None
    assert (found.host, found.port, found.security, found.user, found.password) == expected


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://"])
def test_an_address_that_is_no_server_is_refused_in_words(url: str) -> None:
    with pytest.raises(DomainError):
        mail.account_from_url(url)


def test_the_password_of_an_account_is_not_in_its_text() -> None:
    assert "hush" not in repr(MailAccount("h", 1, user="u", password="hush"))
