"""Whether notices of a channel reach customers: in rehearsal they do not, and one guarded step changes that."""

from __future__ import annotations

import sqlalchemy as sa
from flask import current_app, url_for

from core import audit, clock, mail, outside
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.outside import Standing
from core.scope import current_company
from modules.notifications.models import ChannelState, MailAccount

EMAIL, PERMISSION = "email", "notifications.edit_mail_account"
HERE, REAL_PORTS = ("localhost", "127.0.0.1", "::1"), (25, 465, 587)


def state(channel: str = EMAIL) -> ChannelState | None:
    """What is known of the channel; nothing where it was never tested nor switched."""
    return db.session.scalar(sa.select(ChannelState).where(ChannelState.channel == channel))


def is_live(channel: str = EMAIL) -> bool:
    """Whether notices of the channel reach customers."""
    found = state(channel)
    return found is not None and found.live_since is not None


def is_catcher(account: mail.MailAccount) -> bool:
    """Whether a mail server only catches what is sent to it: on this machine, at a port that no real one has."""
    return account.host in HERE and account.port not in REAL_PORTS


def note_test(channel: str = EMAIL) -> None:
    """A test left: the settings work."""
    _made(channel).tested_at = clock.now()


def go_live(typed: str, channel: str = EMAIL) -> None:
    """From now on notices go to customers. Refused without the company's tax number, and before a test has left."""
    outside.confirm(typed)
    if has_own_server() and not is_tested(channel):
        raise DomainError(_("To send notices to customers you must first send yourself a test that leaves."))
    _made(channel).live_since = clock.now()
    audit.record("notifications.go_live", current_company(), {"channel": channel, "environment": "production"})


def rehearse(channel: str = EMAIL) -> None:
    """Back into rehearsal: what is sent from now on becomes files again."""
    _made(channel).live_since = None
    audit.record("notifications.rehearse", current_company(), {"channel": channel, "environment": "rehearsal"})


def is_tested(channel: str = EMAIL) -> bool:
    """Whether a test left with the present settings."""
    found = state(channel)
    return found is not None and found.tested_at is not None


def forget_test(channel: str = EMAIL) -> None:
    """The settings are others now."""
    if (found := state(channel)) is not None:
        found.tested_at = None


def has_own_server() -> bool:
    """Whether the company has a mail server of its own in use."""
    return bool(db.session.scalar(sa.select(own_server(current_company()))))


def own_server(company: Company) -> sa.Exists:
    """Whether a company has a mail server of its own in use, as an expression."""
    return sa.exists().where(MailAccount.active, MailAccount.company_id == company.id)


def tested(company: Company) -> sa.Exists:
    """Whether a test letter left with the present settings of a company, as an expression."""
    return sa.exists().where(ChannelState.company_id == company.id, ChannelState.channel == EMAIL,
                             ChannelState.tested_at.is_not(None))


def has_common_server() -> bool:
    """Whether the installation has a mail server for all companies."""
    return bool(current_app.extensions["abona"].smtp_url)


def has_server() -> bool:
    """Whether there is any server that letters could leave through."""
    return has_common_server() or has_own_server()


def standing() -> Standing:
    """Mail among the outside services of the company."""
    live = is_live()
    if live and not has_server():
        text = _("No mail server is set: notices are kept as files.")
    elif live:
        text = _("Notices leave by mail and reach your customers.")
    else:
        text = _("Notices are written as they would be sent and kept as files; you read them in the outbox. No "
                 "customer gets one.")
    return Standing(_("Mail to customers"), live, text, url_for("notifications.mail_account", _anchor="rehearsal"),
                    PERMISSION)


def _made(channel: str) -> ChannelState:
    found = state(channel) or ChannelState(channel=channel)
    db.session.add(found)
    return found
