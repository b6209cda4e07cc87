"""Contingency: what the provider has and the DIAN has not validated (codes 201 to 208, Siigo's drafts; reference 1.1).

The providers transmit by themselves when the DIAN is back, within 48 hours. That they do is watched here.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import _, ngettext
from modules.einvoice import services as documents
from modules.einvoice.models import Document

# told after a day; in red while there is still half a day to have it transmitted
TOLD, URGENT, LIMIT = dt.timedelta(hours=24), dt.timedelta(hours=36), dt.timedelta(hours=48)


def waiting() -> tuple[int, dt.datetime | None]:
    """(how many documents in scope were sent more than a day ago and are not decided, since when the first waits)."""
    count, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(Document.sent_at)).where(
            Document.country == "CO", Document.state.in_(documents.IN_FLIGHT),
            Document.sent_at < clock.now() - TOLD)).one()
    return count, oldest


def notice() -> tuple[str, bool] | None:
    """What the office is told, and whether it is urgent; None where nothing waits."""
    count, oldest = waiting()
    if not count or oldest is None:
        return None
    passed = clock.now() - oldest
    text = ngettext("The DIAN has not validated %(num)s document for more than a day",
                    "The DIAN has not validated %(num)s documents for more than a day", count)
    if passed >= LIMIT:
        return _("%(text)s, and the 48 hours of a contingency have passed: ask the provider's support at once.",
                 text=text), True
    left = int((LIMIT - passed).total_seconds()) // 3600
    return _("%(text)s: the provider must transmit them within 48 hours, of which %(left)s are left. Look for them in "
             "its portal.", text=text, left=left), passed >= URGENT
