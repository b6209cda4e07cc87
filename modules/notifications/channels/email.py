"""E-mail: the company's SMTP server, the installation's, or the file outbox where there is neither or in rehearsal."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import parseaddr
from pathlib import Path

import sqlalchemy as sa
from flask import current_app, render_template

from core import mail
from core.db import db
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.i18n import _, lazy, use_locale
from core.scope import current_company
from modules.crm.models import Email
from modules.crm.reach import split_emails
from modules.notifications import rehearsing, texts
from modules.notifications.models import MailAccount
from modules.notifications.ports import Letter, Sender

# "5.1.1 unknown user", "5.2.1 mailbox disabled": the address; other codes of class 5 are about us or about the text
_ADDRESS_STATUS = re.compile(r"\b5\.(1\.[0-36]|2\.1)\b")
_ANY_STATUS = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")


class EmailChannel:
    """The e-mail channel."""

    title = lazy("E-mail")
    has_subject = True

    def addresses(self, customer_ids: Sequence[int]) -> dict[int, str]:
        """The main address of each customer, one for invoices before others; never that of a contact."""
        rows = db.session.execute(
            sa.select(Email.customer_id, Email.address)
            .where(Email.customer_id.in_(list(customer_ids)), Email.active, Email.contact_id.is_(None))
            .order_by(Email.billing, Email.position.desc(), Email.id.desc()))
        return {row.customer_id: row.address for row in rows}

    def check(self, address: str) -> str:
        good, _bad = split_emails(address.strip())
        if len(good) != 1:
            raise DomainError(_("To send you must write one e-mail address, like name@example.com."), field="address")
        return good[0]

    def correct(self, customer_id: int, old: str, new: str) -> None:
        """The wrong address stays at the customer, switched off, so that it is still found."""
        rows = {row.address: row for row in db.session.scalars(
            sa.select(Email).where(Email.customer_id == customer_id, Email.address.in_([old, new])))}
        if old != new and old in rows:
            rows[old].active = False
        if new in rows:
            rows[new].active = rows[new].billing = True
        else:
            position = rows[old].position if old in rows else 0
            db.session.add(Email(customer_id=customer_id, address=new, position=position))
        db.session.flush()

    def sender(self) -> Sender:
        own = db.session.scalar(sa.select(MailAccount).where(MailAccount.active))
        company = current_company()
        settings = current_app.extensions["abona"]
        if own is not None and _may_leave(account_of(own)):
            return SmtpSender(account_of(own), (own.sender_name or str(company), own.sender_address), own.reply_to,
                              own.per_minute)
        fallback = (str(company), company.email or settings.mail_from)
        account = mail.account_from_url(settings.smtp_url) if own is None else None
        if account is not None and _may_leave(account):
            # the installation's server sends in its own name; answers go to the company
            return SmtpSender(account, (str(company), parseaddr(settings.mail_from)[1]), company.email, 0)
        return FileSender(settings.outbox, fallback)

    def is_bad_address(self, refusal: Rejected) -> bool:
        """By the enhanced status where there is one, else by the code; only where the receiver was refused."""
        if refusal.details != "receiver":
            return False
        if _ANY_STATUS.search(refusal.message):
            return bool(_ADDRESS_STATUS.search(refusal.message))
        return refusal.code in {"550", "551", "553"}


def _may_leave(account: mail.MailAccount) -> bool:
    """In rehearsal letters become files, unless the server is one that only catches them."""
    return rehearsing.is_live() or rehearsing.is_catcher(account)


def account_of(row: MailAccount) -> mail.MailAccount:
    """The server of a stored account, its password opened."""
    return mail.MailAccount(row.host, row.port, row.security, row.user, row.password or "")


class SmtpSender:
    """One connection that sends many letters, and is made again when it broke."""

    repeatable = False

    def __init__(self, account: mail.MailAccount, sender: tuple[str, str], reply_to: str, per_minute: int) -> None:
        self.account, self.sender, self.reply_to, self.per_minute = account, sender, reply_to, per_minute
        self._connection: mail.Connection | None = None

    def open(self) -> None:
        if self._connection is None:
            self._connection = mail.Connection(self.account).__enter__()

    def send(self, letter: Letter) -> tuple[str, str]:
        message = build(letter, self.sender, self.reply_to)
        self.open()
        assert self._connection is not None
        try:
            return self._connection.send(message), str(message["Message-ID"])
        except (Unavailable, Unknown):
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.__exit__(None, None, None)
            self._connection = None


class FileSender:
    """Letters as files; the name holds the message's id, so that writing twice is writing once."""

    repeatable = True
    per_minute = 0

    def __init__(self, folder: Path, sender: tuple[str, str]) -> None:
        self.folder, self.sender = folder, sender

    def open(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(str(error)) from None

    def send(self, letter: Letter) -> tuple[str, str]:
        message = build(letter, self.sender, "")
        again = f"-{letter.sending}" if letter.sending > 1 else ""
        path = self.folder / f"notice-{letter.message_id:010d}{again}.eml"
        waiting = path.with_suffix(".part")
        try:
            with waiting.open("wb") as file:
                file.write(message.as_bytes(policy=WIRE))
                file.flush()
                os.fsync(file.fileno())
            waiting.rename(path)
        except OSError as error:
            waiting.unlink(missing_ok=True)
            raise Unavailable(_("The outbox folder %(folder)s refused the file (%(reason)s).", folder=self.folder,
                                reason=error.strerror or str(error))) from None
        return path.name, str(message["Message-ID"])

    def close(self) -> None: ...


def build(letter: Letter, sender: tuple[str, str], reply_to: str) -> EmailMessage:
    """The message: text and HTML, attachments, and an id that stays the same when a try is repeated.

    When a person has it sent again the id is another, else mail programs would hide it as a copy.
    """
    headers = {"Auto-Submitted": "auto-generated"}
    if letter.unsubscribe_url:
        headers |= {"List-Unsubscribe": f"<{letter.unsubscribe_url}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    with use_locale(letter.language):
        html = render_template("notifications/mail.html", letter=letter, body=texts.as_html(letter.body, letter.color))
        text = letter.body
        if letter.unsubscribe_url:
            text += "\n\n" + _("To stop receiving these messages: %(url)s", url=letter.unsubscribe_url)
    message = mail.build_message((letter.name, letter.address), letter.subject or letter.company, text, html,
                                 sender=sender, reply_to=reply_to or None, headers=headers,
                                 attachments=letter.attachments)
    domain = sender[1].rpartition("@")[2] or "localhost"
    again = f"-{letter.sending}" if letter.sending > 1 else ""
    message.replace_header("Message-ID", f"<notice-{letter.message_id}{again}@{domain}>")
    return message
