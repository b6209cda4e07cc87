"""Queueing notices for many customers at once, sending again, correcting addresses, editing texts."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from core import audit, clock, jobs
from core.db import allocate_ids, db, insert_new, lock
from core.errors import DomainError
from core.i18n import _
from core.models import Company, User
from core.scope import current_company
from modules.crm.models import Customer
from modules.notifications import texts
from modules.notifications.errors import CannotSendAgain, TextChanged, TooManyTests
from modules.notifications.models import Attempt, Message, Suppression, Template
from modules.notifications.ports import Kind, Letter, channels, kinds

BATCH = 100
SEND = "modules.notifications.jobs.send_batch"
OPEN = ("queued", "sending")
TEST, TESTS_PER_HOUR = "notifications.test_text", 10


@dataclass(frozen=True)
class Notice:
    """One notice to be queued. `subject_key` says what it is about; `context` holds texts, already formatted."""

    customer_id: int
    kind: str
    subject_key: str
    context: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[int] = ()


def notify(customer: Customer | int, kind: str, subject_key: str, context: Mapping[str, str] | None = None,
           attachments: Sequence[int] = (), channel: str = "email") -> int:
    """Queue one notice; 1, or 0 where it was queued before or the kind is switched off."""
    customer_id = customer if isinstance(customer, int) else customer.id
    return notify_many([Notice(customer_id, kind, subject_key, context or {}, attachments)], channel)


def notify_many(notices: Iterable[Notice], channel: str = "email") -> int:
    """Queue notices of the company in scope with a few statements; how many were new.

    A notice about the same thing is queued once per channel, whatever calls how often. Who has no address, or does not
    want to be written to, gets a row that says so.
    """
    wanted = list(notices)
    if not wanted:
        return 0
    db.session.flush()
    desk = _Desk(channel, wanted)
    rows = [row for notice in wanted if (row := desk.row(notice)) is not None]
    ids = allocate_ids(Message.__table__, len(rows))
    for row, message_id in zip(rows, ids, strict=True):
        row["id"] = message_id
    new = insert_new(Message.__table__, rows, unique=("customer_id", "kind", "subject_key", "channel"))
    enqueue_sending(channel, [row["id"] for row in rows if row["state"] == "queued"])
    return new


def enqueue_sending(channel: str, message_ids: Sequence[int]) -> None:
    """One job per batch of messages; ids of messages that do not wait are skipped by it."""
    for start in range(0, len(message_ids), BATCH):
        jobs.enqueue(SEND, channel=channel, message_ids=list(message_ids[start:start + BATCH]))


class _Desk:
    """What composing a set of notices needs, read with one select each."""

    def __init__(self, channel: str, notices: Sequence[Notice]) -> None:
        self.channel, self.company, self.moment = channel, current_company(), clock.now()
        customer_ids = sorted({notice.customer_id for notice in notices})
        self.customers = {row.id: row for row in db.session.execute(
            sa.select(Customer.id, Customer.code, Customer.name, Customer.language)
            .where(Customer.id.in_(customer_ids)))}
        self.addresses = channels.get(channel).addresses(customer_ids)
        codes = {notice.kind for notice in notices}
        self.own, self.off = own_templates(channel, codes), switched_off(channel, codes)
        self.blocked = suppressed(channel, set(self.addresses.values()))

    def row(self, notice: Notice) -> dict[str, Any] | None:
        """The row of one message; None where the company switched the kind off."""
        kind, customer = kinds.get(notice.kind), self.customers[notice.customer_id]
        if notice.kind in self.off:
            return None
        language = customer.language or self.company.locale
        own = find_template(self.own, notice.kind, language)
        address = self.addresses.get(notice.customer_id, "")
        context = {**texts.common(self.company, customer.name, customer.code), **notice.context}
        subject, body = compose(kind, own, language, context)
        state, answer = self._state(kind, address)
        return {"company_id": self.company.id, "customer_id": customer.id, "kind": notice.kind,
                "subject_key": notice.subject_key, "channel": self.channel, "address": address, "language": language,
                "template_id": own.id if own else None, "subject": subject, "body": body,
                "attachments": list(notice.attachments), "state": state, "answer": answer, "external_id": "",
                "attempts": 0, "sendings": 1, "created_at": self.moment, "next_at": self.moment, "sent_at": None}

    def _state(self, kind: Kind, address: str) -> tuple[str, str]:
        if not address:
            return "no_address", ""
        reasons = self.blocked.get(address, {})
        if "bounced" in reasons:
            return "suppressed", reasons["bounced"]
        if "unsubscribed" in reasons and not kind.transactional:
            return "suppressed", ""
        return "queued", ""


def compose(kind: Kind, own: Template | None, language: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """(subject, body) from the company's template; from the default where that one fails at run time."""
    if own is not None:
        try:
            return texts.one_line(texts.render(own.subject, context)), texts.render(own.body, context)
        except texts.BadTemplate:
            pass  # it was checked when saved; a context that it cannot bear must not stop the notice
    subject, body = texts.for_language(kind.subject, language), texts.for_language(kind.body, language)
    return texts.one_line(texts.render(subject, context)), texts.render(body, context)


def own_templates(channel: str, kind_codes: Iterable[str]) -> dict[tuple[str, str], Template]:
    """The newest revision of the company's templates by (kind, language)."""
    rows = db.session.scalars(
        sa.select(Template).where(Template.channel == channel, Template.kind.in_(sorted(set(kind_codes))))
        .order_by(Template.revision))
    newest = {(row.kind, row.language): row for row in rows}
    return {key: row for key, row in newest.items() if row.body}


def switched_off(channel: str, kind_codes: Iterable[str]) -> set[str]:
    """The kinds that the company does not want to be sent: what was kept last of a kind, in any language, decides."""
    rows = db.session.execute(
        sa.select(Template.kind, Template.enabled)
        .where(Template.channel == channel, Template.kind.in_(sorted(set(kind_codes)))).order_by(Template.id))
    newest = {row.kind: row.enabled for row in rows}
    return {code for code, enabled in newest.items() if not enabled}


def find_template(own: Mapping[tuple[str, str], Template], kind: str, language: str) -> Template | None:
    """The company's template in this language or its base language."""
    return own.get((kind, language)) or own.get((kind, language.split("_")[0]))


def suppressed(channel: str, addresses: Iterable[str]) -> dict[str, dict[str, str]]:
    """Per address: reason -> detail."""
    found: dict[str, dict[str, str]] = {}
    for row in db.session.execute(
            sa.select(Suppression.address, Suppression.reason, Suppression.detail)
            .where(Suppression.channel == channel, Suppression.address.in_(sorted(set(addresses))))):
        found.setdefault(row.address, {})[row.reason] = row.detail
    return found


# --- by hand -------------------------------------------------------------------------------------------


def send_again(message: Message) -> None:
    """Put a message back into the queue, at the wish of a person, to the customer's present address."""
    customer_id = _not_a_test(message)
    if message.state in OPEN:
        raise CannotSendAgain(_("Sending again is not possible because this notice is still waiting to be sent."))
    address = message.address
    if message.state in ("no_address", "bounced", "suppressed"):
        address = channels.get(message.channel).addresses([customer_id]).get(customer_id, "")
    if not address:
        raise CannotSendAgain(_("To send this notice you must first give the customer an address."), field="address")
    reasons, kind = suppressed(message.channel, {address}).get(address, {}), kinds.find(message.kind)
    if "bounced" in reasons:
        raise CannotSendAgain(_("To send this notice you must first correct the address %(address)s: it bounced.",
                                address=address), field="address")
    if "unsubscribed" in reasons and kind is not None and not kind.transactional:
        raise CannotSendAgain(_("Sending this is not possible because %(address)s asked for no more news.",
                                address=address), field="address")
    _queue(message, address)
    audit.record("notifications.send_again", message)


def correct_address(message: Message, new: str) -> None:
    """Correct the customer's address and send the message there."""
    customer_id = _not_a_test(message)
    channel = channels.get(message.channel)
    address = channel.check(new)
    old = message.address
    channel.correct(customer_id, old, address)
    release(message.channel, address)
    audit.record("notifications.correct_address", message, {"address": [old, address]})
    if message.state not in OPEN:
        _queue(message, address)


def _not_a_test(message: Message) -> int:
    """Whose notice it is; a test is nobody's."""
    if message.customer_id is None:
        raise CannotSendAgain(_("Sending this again is not possible because it was a test: send a new one from its "
                                "text."))
    return message.customer_id


def _queue(message: Message, address: str) -> None:
    """Begin anew; what was sent before stays in the log."""
    if message.state in ("sent", "unknown") and message.sent_at:
        db.session.add(Attempt(message_id=message.id, at=message.sent_at, address=message.address, state=message.state,
                               answer=message.answer))
        message.sendings += 1
    message.address, message.state, message.answer = address, "queued", ""
    message.attempts, message.next_at, message.sent_at = 0, clock.now(), None
    db.session.flush()
    enqueue_sending(message.channel, [message.id])


def release(channel: str, address: str) -> None:
    """Write to a bounced address again."""
    db.session.execute(sa.delete(Suppression).where(
        Suppression.channel == channel, Suppression.address == address, Suppression.reason == "bounced"))


def suppress(channel: str, address: str, reason: str, detail: str = "") -> int:
    """Do not write to this address any more; 1, or 0 where that was known."""
    row = {"company_id": current_company().id, "channel": channel, "address": address, "reason": reason,
           "detail": detail[:1000], "created_at": clock.now()}
    return insert_new(Suppression.__table__, [row], unique=("company_id", "channel", "address", "reason"))


def save_template(kind_code: str, language: str, channel: str, subject: str, body: str, enabled: bool = True,
                  base: int | None = None) -> Template:
    """Keep the company's own text as the next revision; messages already sent keep theirs.

    `base` is the revision that the person began with (0: none); TextChanged where it is not the newest any more.
    """
    kind = kinds.get(kind_code)
    subject, body = subject.strip(), body.replace("\r\n", "\n").strip()
    texts.check(kind, subject, body)
    if channels.get(channel).has_subject and not subject:
        raise texts.BadTemplate(_("To keep this text you must write a subject."), field="subject")
    return _next_revision(Template(kind=kind_code, language=language, channel=channel, subject=subject[:300], body=body,
                                   enabled=enabled), base)


def restore_standard(kind_code: str, language: str, channel: str) -> Template:
    """Use the product's text again: a revision without text. A kind that is switched off stays so."""
    enabled = kind_code not in switched_off(channel, [kind_code])
    return _next_revision(Template(kind=kinds.get(kind_code).code, language=language, channel=channel, subject="",
                                   body="", enabled=enabled), None)


def revisions(kind_code: str, language: str, channel: str, limit: int = 20) -> list[Template]:
    """What was kept of a text, the newest first."""
    return list(db.session.scalars(
        sa.select(Template).where(Template.kind == kind_code, Template.language == language,
                                  Template.channel == channel)
        .order_by(Template.revision.desc()).limit(limit)))


def _next_revision(made: Template, base: int | None) -> Template:
    """The newest revision where it says the same, else a new one."""
    db.session.scalar(lock(sa.select(Company.id).where(Company.id == current_company().id)))
    newest = next(iter(revisions(made.kind, made.language, made.channel, 1)), None)
    off = made.kind in switched_off(made.channel, [made.kind])
    if newest and (newest.subject, newest.body, not off) == (made.subject, made.body, made.enabled):
        return newest
    number = newest.revision if newest else 0
    if base not in (None, number):
        raise TextChanged(_(
            "Keeping this is not possible yet because revision %(number)s was kept meanwhile. What you changed is "
            "still here: keep it again to put it in its place.", number=number))
    made.revision = number + 1
    db.session.add(made)
    db.session.flush()
    audit.record("notifications.edit_template", made, {
        "kind": made.kind, "language": made.language, "channel": made.channel, "revision": made.revision,
        "standard": not made.body, "enabled": made.enabled})
    return made


def begin_test(person: User, kind: Kind, channel: str, address: str) -> str:
    """The address of a test in its normal form; on record, and refused where there were too many within an hour."""
    try:
        to = channels.get(channel).check(address)
    except DomainError as error:
        raise DomainError(error.message, field="test_address") from error
    if audit.count_since(TEST, person, clock.now() - dt.timedelta(hours=1)) >= TESTS_PER_HOUR:
        raise TooManyTests(_("Sending a test is not possible now because you sent %(count)s within an hour. What you "
                             "wrote is still here.", count=TESTS_PER_HOUR), field="test_address")
    audit.record(TEST, person, {"kind": kind.code, "channel": channel, "address": to})
    return to


def note_test(person: User, kind: Kind, channel: str, letter: Letter) -> Letter:
    """Keep a test in the outbox before it is handed over; the letter with the number of its row.

    Until `sending.hand_over_test` says better, nobody knows whether it left.
    """
    row = Message(test_by_id=person.id, kind=kind.code, subject_key=f"test:{uuid.uuid4().hex}", channel=channel,
                  address=letter.address, language=letter.language, subject=letter.subject[:300], body=letter.body,
                  state="unknown", answer=lost_words(), attempts=1, sent_at=clock.now())
    db.session.add(row)
    db.session.flush()
    return replace(letter, message_id=row.id)


def lost_words() -> str:
    """Why nobody knows what became of a notice."""
    return _("The program stopped while this notice was being handed over: it may have arrived.")


def sample_context(kind: Kind, company: Company) -> dict[str, str]:
    """Made-up values for a look at a template."""
    placeholders = {name: kind.sample.get(name, f"[{name}]") for name in kind.placeholders}
    return {**texts.common(company, "María Ñandú", "C-00042"), **placeholders}
