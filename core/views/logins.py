"""Where people are logged in, as a list: whoever manages people ends what should not be."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from core import clock, lists, people, scope
from core.db import db
from core.i18n import lazy, ngettext
from core.lists import Action, Column, Dates, Empty, List, Text
from core.models import Membership, User, UserSession
from core.security import sessions
from core.templating import device
from core.views import bp


def _living() -> sa.Select:
    """Logins in use, of people of the company in scope; an administrator sees those of all."""
    moment = clock.now()
    wanted = sa.select(UserSession).where(UserSession.revoked_at.is_(None), UserSession.expires_at > moment,
                                          UserSession.last_seen_at > moment - sessions.IDLE)
    if not lists.viewer_sees_all():
        wanted = wanted.where(UserSession.user_id.in_(
            sa.select(Membership.user_id).where(Membership.company_id == scope.company_id_or_none())))
    return wanted


def _log_out(session_id: int, _values: dict[str, Any]) -> None:
    row, me = db.session.get_one(UserSession, session_id), lists.viewer()
    if me is not None:
        people.revoke_session(row.user, row.id, by=me)


def _person(line: lists.Line) -> Any:
    user = line.row.user
    return Markup('<a href="{}">{}</a>').format(url_for("core.person", user_id=user.id), user)


LOGINS = lists.register(List(
    "core.logins", lazy("Logins"), UserSession, "core.manage_users",
    select=_living,
    related=lambda statement: statement.join(User, User.id == UserSession.user_id),
    columns=(
        Column("who", lazy("Who"), sa.func.coalesce(sa.func.nullif(User.name, ""), User.email), show=_person,
               lead=True),
        Column("device", lazy("Device"), UserSession.agent, text=device),
        Column("address", lazy("Address"), UserSession.address),
        Column("since", lazy("Since"), UserSession.created_at),
        Column("seen", lazy("Last seen"), UserSession.last_seen_at),
    ),
    filters=(Text("q", lazy("Who"), (User.name, User.email, UserSession.address)),
             Dates("since", lazy("Since"), UserSession.created_at)),
    actions=(Action("log_out", lazy("Log out"), "core.manage_users", each=_log_out, icon="logout"),),
    count=lambda count: ngettext("%(num)s login", "%(num)s logins", count),
    empty=Empty(lazy("Nobody is logged in"), lazy("Each device on which somebody works stands here."), "key")))


@lists.at(bp, "/people/logins", LOGINS, endpoint="logins")
def list_logins(shown: lists.Shown) -> Any:
    """Where people are logged in, the latest first."""
    return shown.render("core/logins.html")
