"""Mail: building messages, and handing them to an SMTP server or to the file outbox.

Where no server is set, a message becomes an .eml file in the instance's outbox, so that nothing is lost and
everything can be read on screen.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import formataddr, formatdate, getaddresses, make_msgid, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import current_app

from core import clock
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.i18n import _

PORTS = {"none": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True)
class MailAccount:
    """A server to send through. `security` is none, starttls or tls; `timeout` in seconds."""

    host: str
    port: int
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    data: bytes
    media_type: str = "application/pdf"


def account_from_url(url: str) -> MailAccount | None:
    """smtp://user:password@host:port (STARTTLS), smtps:// (TLS), smtp+plain:// (neither); None for an empty one."""
    if not url:
        return None
    parts = urlsplit(url)
    security = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "none"}.get(parts.scheme)
    if security is None or not parts.hostname:
        raise DomainError(_("To send mail you must write ABONA_SMTP_URL as smtp://user:password@host:port "
                            "(or smtps://, or smtp+plain:// for a server without encryption)."), code="bad_smtp_url")
    return MailAccount(parts.hostname, parts.port or PORTS[security], security, unquote(parts.username or ""),
                       unquote(parts.password or ""))


def build_message(to: str | tuple[str, str], subject: str, text: str, html: str | None = None, *,
                  sender: str | tuple[str, str] | None = None, reply_to: str | None = None,
                  headers: Mapping[str, str] | None = None,
                  attachments: Iterable[Attachment] = ()) -> EmailMessage:
    """A message with Date and Message-ID. Addresses are "a@b.c" or (name, address).

    A line break in a header is refused with ValueError.
    """
    message = EmailMessage()
    message["From"] = _address(sender or current_app.extensions["abona"].mail_from)
    message["To"] = _address(to)
    message["Subject"] = subject
    message["Date"] = formatdate(clock.now().timestamp(), localtime=False)
    message["Message-ID"] = make_msgid(domain=_domain(str(message["From"])))
    if reply_to:
        message["Reply-To"] = _address(reply_to)
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for one in attachments:
        main, _slash, sub = one.media_type.partition("/")
        message.add_attachment(one.data, maintype=main, subtype=sub or "octet-stream", filename=one.name)
    return message


def is_address(text: str) -> bool:
    """Whether this can be an address at all."""
    return bool(re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", text))


def _address(value: str | tuple[str, str]) -> Address | str:
    found = [value] if isinstance(value, tuple) else getaddresses([value])
    name, address = found[0] if len(found) == 1 else ("", "")
    if not is_address(address):
        raise DomainError(_("To write to %(address)s you must correct the address.",
                            address=value if isinstance(value, str) else address), code="bad_address")
    if not address.isascii():
        return formataddr((name, address))
    return Address(display_name=name, addr_spec=address)


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def deliver(message: EmailMessage, account: MailAccount | None = None) -> str:
    """Send now; what the server answered. Without a server the message becomes a file and its name is the answer.

    Unavailable: nothing was sent, try again (no connection, 4xx). Rejected: the server refused it for good (5xx).
    Unknown: the connection broke after the text was handed over; it may have arrived.
    """
    account = account or account_from_url(current_app.extensions["abona"].smtp_url)
    if account is None:
        return str(_to_file(message).name)
    with Connection(account) as connection:
        return connection.send(message)


class Connection:
    """A connection that sends several messages; a context manager."""

    def __init__(self, account: MailAccount) -> None:
        self.account = account
        self._smtp: Any = None

    def __enter__(self) -> Connection:
        try:
            self._smtp = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise Rejected(_answer(error), code=str(error.smtp_code)) from None
        except smtplib.SMTPNotSupportedError as error:
            raise Rejected(str(error), code="not_supported") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(_("The mail server %(host)s does not answer (%(reason)s).",
                                host=self.account.host, reason=_answer(error))) from None
        return self

    def __exit__(self, *_details: object) -> None:
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()

    def _connect(self) -> Any:
        one = self.account
        context = ssl.create_default_context()
        if one.security == "tls":
            smtp: Any = smtplib.SMTP_SSL(one.host, one.port, timeout=one.timeout, context=context)
        else:
            smtp = smtplib.SMTP(one.host, one.port, timeout=one.timeout)
        try:
            if one.security == "starttls":
                smtp.starttls(context=context)
            if one.user:
                smtp.login(one.user, one.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def send(self, message: EmailMessage) -> str:
        """Hand one message over; the server's answer ("250 2.0.0 Ok: queued as …")."""
        sender = parseaddr(str(message["From"]))[1]
        receivers = [parseaddr(str(message["To"]))[1]]
        try:
            return self._talk(sender, receivers, message.as_bytes(policy=WIRE))
        except smtplib.SMTPResponseException as error:
            self._refuse(error)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise Unavailable(_("The connection to the mail server broke (%(reason)s).",
                                reason=_answer(error))) from None
        raise AssertionError("unreachable")

    def _talk(self, sender: str, receivers: list[str], content: bytes) -> str:
        """MAIL, RCPT, DATA by hand: `sendmail` hides the answer, and when the connection broke."""
        smtp = self._smtp
        smtp.ehlo_or_helo_if_needed()
        steps = [(smtplib.SMTPResponseException, smtp.mail(sender)),
                 *((_ReceiverRefused, smtp.rcpt(one)) for one in receivers)]
        for refusal, (code, reply) in steps:
            if code not in {250, 251}:
                smtp.rset()
                raise refusal(code, reply)
        code, reply = smtp.docmd("DATA")
        if code != 354:
            raise smtplib.SMTPResponseException(code, reply)
        try:
            smtp.send(re.sub(rb"(?m)^\.", b"..", content).removesuffix(b"\r\n") + b"\r\n.\r\n")
            code, reply = smtp.getreply()
        except OSError as error:  # smtplib's own errors are among them
            raise Unknown(_("The connection to the mail server broke before it confirmed (%(reason)s): the message may "
                            "have arrived.", reason=_answer(error))) from None
        if code != 250:
            raise smtplib.SMTPResponseException(code, reply)
        return f"{code} {_text(reply)}"

    def _refuse(self, error: smtplib.SMTPResponseException) -> None:
        answer = _answer(error)
        if 400 <= error.smtp_code < 500 or error.smtp_code < 0:
            raise Unavailable(answer) from None
        step = "receiver" if isinstance(error, _ReceiverRefused) else ""
        raise Rejected(answer, code=str(error.smtp_code), details=step) from None


class _ReceiverRefused(smtplib.SMTPResponseException):
    """The server refused the receiver, not the sender and not the text."""


def _answer(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(reply: Any) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)


def _to_file(message: EmailMessage) -> Path:
    """Write the message to the outbox under a name that sorts by time; complete or not at all."""
    folder: Path = current_app.extensions["abona"].outbox
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{clock.now():%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:10]}.eml"
    waiting = path.with_suffix(".part")
    with waiting.open("wb") as file:
        file.write(message.as_bytes(policy=WIRE))
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(path)
    return path


def send_system_mail(to: str, subject: str, text: str) -> str:
    """A message of the installation itself (password, alarm); the server's answer or the file's name."""
    return deliver(build_message(to, subject, text))


PROBE_SECONDS = 8


def probe() -> str | None:
    """What keeps mail from leaving; None where all is well or where the file outbox is in use."""
    try:
        account = account_from_url(current_app.extensions["abona"].smtp_url)
        if account is not None:
            with Connection(replace(account, timeout=min(account.timeout, PROBE_SECONDS))):
                pass
    except (DomainError, Rejected, Unavailable) as error:
        return str(error)
    return None
