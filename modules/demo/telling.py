"""Stories of the demonstration: each is told once. One that stopped is told on, and does nothing a second time."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core import audit, logs
from core.db import db
from core.errors import DomainError, OutsideError, Unknown
from core.i18n import _
from core.models import AuditRecord
from core.scope import current_company_id
from modules.demo.takings import Desk, Story
from modules.gateways.models import Account

log = logs.get(__name__)
BEGUN, STOPPED = "demo.take", "demo.stopped"


def tell(desk: Desk, stories: Sequence[tuple[str, Story]], part: str) -> list[str]:
    """Let these happen at the company's accounts, each once per `part`; the providers whose story was told. Commits."""
    told = []
    for provider, story in stories:
        account = db.session.scalar(sa.select(Account).where(Account.provider == provider, Account.active))
        label = f"{part}: {provider}"
        last = _last(label)
        if account is None or (last is not None and last.action != STOPPED):
            continue
        desk.acts = list(last.changes["acts"]) if last is not None else []
        # at its beginning: of a story that was killed nobody knows what was done last, and it is not told on
        audit.record(BEGUN, label)
        db.session.commit()
        if _happens(desk, account, story, label):
            told.append(provider)
    return told


def _last(label: str) -> AuditRecord | None:
    """The last that is known of a story: that it began, or where it stopped."""
    found: AuditRecord | None = db.session.scalar(sa.select(AuditRecord).where(
        AuditRecord.company_id == current_company_id(), AuditRecord.action.in_((BEGUN, STOPPED)),
        AuditRecord.label == label).order_by(AuditRecord.id.desc()).limit(1))
    return found


def _happens(desk: Desk, account: Account, story: Story, label: str) -> bool:
    """Whether it was told to its end; where something outside goes wrong, the others go on. Commits."""
    name = account.name
    desk.begin()
    try:
        story(desk, account)
        db.session.commit()
        return True
    except Unknown as trouble:
        _stop(desk, name, label, str(trouble), again=False)
    except (OutsideError, DomainError) as trouble:
        _stop(desk, name, label, str(trouble))
    except LookupError as trouble:  # it did not find there what should have come of what it did before
        log.error("story_broken", account=account.id, exc_info=trouble)
        _stop(desk, name, label, _("what it looked for is not there"))
    return False


def _stop(desk: Desk, name: str, label: str, reason: str, again: bool = True) -> None:
    """Keep how far it came, where it can be told on."""
    db.session.rollback()
    if again:
        audit.record(STOPPED, label, {"acts": desk.acts}, reason)
        db.session.commit()
        words = _("%(company)s: what was to be paid through %(account)s stopped half-way (%(reason)s). The rest goes "
                  "on; the same command goes on with this too.", company=desk.company.code, account=name, reason=reason)
    else:
        words = _("%(company)s: what was to be paid through %(account)s stopped half-way (%(reason)s). The rest goes "
                  "on; this does not, since nobody knows whether it was done.", company=desk.company.code, account=name,
                  reason=reason)
    desk.say(words)
