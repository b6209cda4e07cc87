"""The chart of notices on the home page: what was delivered over each channel, and what was not."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from core import charts, clock, lists
from core.charts import Part
from core.db import db
from core.i18n import _
from core.lists.filters import midnight
from core.models import Company
from core.scope import current_company_id
from core.templating import number
from modules.notifications.lists import OUTBOX
from modules.notifications.models import TO_CUSTOMERS, Message
from modules.notifications.ports import channels
from modules.notifications.queries import GROUPS
from modules.notifications.states import GROUP_WORDS

DAYS = 7
TONES = {"sent": "ok", "waiting": "info", "returned": "warn", "no_address": "mute", "problem": "bad"}


def delivered(company: Company) -> Markup:
    """What became of the notices of the last seven days: a bar per channel that had any."""
    first = clock.today(company) - dt.timedelta(days=DAYS - 1)
    counted = _counted(first)
    if not counted:
        return Markup("")
    bars = Markup("").join(_channel(code, counts, first, alone=len(counted) == 1)
                           for code, counts in sorted(counted.items()))
    return charts.card(_("Notices of the last %(days)s days", days=DAYS), bars)


def _channel(code: str, counts: dict[str, int], first: dt.date, *, alone: bool) -> Markup:
    channel = channels.find(code)
    title = str(channel.title if channel else code)
    parts = [Part(GROUP_WORDS[group], counts[group], lists.url_of(
        OUTBOX, group=group, channel=code, queued_from=first.isoformat()), tone)
        for group, tone in TONES.items() if counts[group] or group == "sent"]
    head = Markup("") if alone else Markup("<h3>{}</h3>").format(title)
    return head + charts.stacked(f"notices-{code}", title, parts, show=number)


def _counted(first: dt.date) -> dict[str, dict[str, int]]:
    """{channel: {group: notices}} since that day, tests apart; one statement, out of one index."""
    rows: Any = db.session.execute(sa.select(Message.channel, Message.state, sa.func.count()).where(
        sa.text(TO_CUSTOMERS), Message.company_id == current_company_id(), Message.created_at >= midnight(first),
    ).group_by(Message.channel, Message.state))
    group_of = {state: group for group, states in GROUPS.items() for state in states}
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for channel, state, count in rows:
        found[channel][group_of[state]] += count
    return found
