"""What the network tells the story of a service: what was sent, and what the router answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core.db import db
from core.i18n import _
from core.models import User
from modules.arrears.ports import TimelineEvent
from modules.networking import queries
from modules.networking.models import Change, Router

MOST = 100


class OnRouters:
    """Lines for the timeline of a contract."""

    def events(self, contract: Any) -> Sequence[TimelineEvent]:
        """The newest hundred, with one select."""
        rows = db.session.execute(
            sa.select(Change, Router.name, User).join(Router, Router.id == Change.router_id)
            .outerjoin(User, User.id == Change.user_id)
            .where(Change.contract_id == contract.id, Change.action.in_(("cut", "restore", "speed")))
            .order_by(Change.id.desc()).limit(MOST))
        return [_event(change, router, user) for change, router, user in rows]


def _event(change: Change, router: str, user: User | None) -> TimelineEvent:
    said = {"cut": _("The cut was sent to router %(router)s", router=router),
            "restore": _("The restore was sent to router %(router)s", router=router),
            "speed": _("The speed of the plan was sent to router %(router)s", router=router)}[change.action]
    answer = {"done": _("it answered: done"), "refused": _("it refused: %(reason)s", reason=change.answer),
              "unknown": _("no answer came; it is asked again"), "sending": _("it has not answered yet")}[change.state]
    tone = {"done": "bad" if change.action == "cut" else "ok", "refused": "bad", "unknown": "warn"}.get(change.state,
                                                                                                     "info")
    return TimelineEvent(change.answered_at or change.at, str(user) if user else "", f"{said}: {answer}",
                         url_for("networking.router", router_id=change.router_id), tone)


class ByNode:
    """Cut-offs go ahead node by node."""

    def of(self, contract_ids: Sequence[int]) -> Mapping[int, str]:
        return queries.nodes_of(contract_ids)
