"""A mail server that can be told to refuse, and customers to write to."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from core.db import db
from core.models import Company
from modules.crm.models import Customer, Email
from modules.notifications.models import MailAccount
from modules.notifications.ports import kind, kinds


class Handler:
    """Collects messages; `rcpt` and `data` are the answers to give instead of taking them, one after the other."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.rcpt: dict[str, str] = {}
        self.data: list[str] = []
        self.sessions: set[Any] = set()
        self.encrypted: list[bool] = []
        self.users: list[Any] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.data.pop(0) if self.data else ""
        if answer.startswith(("4", "5")):
            return answer
        self.sessions.add(session)
        self.encrypted.append(session.ssl is not None)
        self.users.append(session.auth_data)
        self.received.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        if answer == "drop":
            server.transport.abort()
        return "250 2.0.0 Ok: queued as 4711"


def _auth(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == b"secret"
    return AuthResult(success=good, handled=False, auth_data=data.login if good else None)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for "localhost", as file and as a server context."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    moment = dt.datetime.now(dt.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(moment - dt.timedelta(days=1))
            .not_valid_after(moment + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256()))
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()) + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return path, context


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def smtp(handler: Handler, certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Callable[..., int]]:
    """`smtp()` starts a server and gives its port; `smtp(tls=True, auth=True)` demands STARTTLS and a login."""
    running: list[Controller] = []

    def start(tls: bool = False, auth: bool = False) -> int:
        options: dict[str, Any] = {"tls_context": certificate[1], "require_starttls": True} if tls else {}
        if auth:
            options |= {"auth_required": True, "authenticator": _auth, "auth_require_tls": tls}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        if auth and not tls:  # aiosmtpd warns about what this test is for
            warnings.simplefilter("ignore", UserWarning)
        controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def account(company: Company) -> Callable[..., MailAccount]:
    """`account(port)`: the company's own server on this machine."""

    def make(port: int, **values: Any) -> MailAccount:
        row = MailAccount(host="localhost", port=port, **{"security": "none", "sender_address": "cobros@rcw.example",
                                                          **values})
        db.session.add(row)
        db.session.commit()
        return row

    return make


@pytest.fixture
def make_customer(company: Company) -> Callable[..., Customer]:
    """`make_customer("ana@example.com")`: a customer with this address; without an address, none."""

    def make(address: str = "", name: str = "María Ñandú", language: str = "") -> Customer:
        count = db.session.query(Customer).count()
        customer = Customer(code=f"T{count + 1:04}", name=name, language=language)
        db.session.add(customer)
        db.session.flush()
        if address:
            db.session.add(Email(customer_id=customer.id, address=address))
        db.session.commit()
        return customer

    return make


@pytest.fixture(scope="module", autouse=True)
def _kinds() -> Iterator[None]:
    """Two kinds of these tests' own: a bill that must arrive, and news that need not."""
    made = [
        kind("test.bill", "Bill", {"amount": "How much", "url": "Where to pay"}, sample={"amount": "$ 100"},
             subject={"es": "Su factura: {{ amount }}", "en": "Your invoice: {{ amount }}"},
             body={"es": "Hola {{ customer_name }}:\n\nDebe {{ amount }}.\n\n{{ url }}",
                   "en": "Hello {{ customer_name }}"}),
        kind("test.news", "News", {}, subject={"es": "Novedades"}, body={"es": "Nueva antena."}, transactional=False),
    ]
    yield
    for one in made:
        kinds._entries.pop(one.code, None)
