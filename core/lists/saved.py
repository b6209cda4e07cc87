"""Saved views: filters, order and columns of a list under a name, for one person or for the company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, scope
from core.db import db, find
from core.errors import DomainError, NotAllowed
from core.i18n import _
from core.lists.declaration import List
from core.lists.models import SavedView
from core.lists.who import viewer_may, words_of

SHARE = "core.share_views"
MOST = 100
# what a view does not remember: where one was in the list
LEFT_OUT = frozenset({"after", "before", "totals", "page", "view", "of"})


def views_of(shown: List) -> list[SavedView]:
    """The person's own views of a list and those shared in the company, in order of name; one statement."""
    if scope.company_id_or_none() is None:
        return []
    wanted = sa.select(SavedView).where(
        SavedView.list_key == shown.key, sa.or_(SavedView.shared, SavedView.user_id == scope.current_user_id()))
    return sorted(db.session.scalars(wanted), key=lambda view: (view.name.casefold(), view.id))


def default_among(views: Sequence[SavedView]) -> SavedView | None:
    """The view that the list opens with: one's own default before the company's."""
    chosen = [view for view in views if view.is_default]
    return min(chosen, key=lambda view: view.shared, default=None)


def save(shown: List, name: str, args: Mapping[str, Sequence[str]], *, shared: bool = False,
         is_default: bool = False) -> SavedView:
    """Keep a view under a name; one's own view of this name is replaced. DomainError, NotAllowed."""
    name = " ".join(name.split())[:80]
    if not name:
        raise DomainError(_("To keep a view you must give it a name."), field="name")
    if shared:
        _may_share()
    view = _own(shown, name)
    if view is None:
        if len(views_of(shown)) >= MOST:
            raise DomainError(_("To keep another view you must first delete one: there are %(count)s.", count=MOST))
        view = SavedView(user_id=scope.current_user_id(), list_key=shown.key, name=name)
        db.session.add(view)
    elif view.shared and not shared:
        _may_share()
    view.query = {key: list(values) for key, values in args.items() if key not in LEFT_OUT}
    view.shared, view.is_default = shared, False
    db.session.flush()
    if is_default:
        make_default(view, True)
    if shared:
        audit.record("core.share_view", view, {"list": shown.key})
    return view


def _own(shown: List, name: str) -> SavedView | None:
    return db.session.scalar(sa.select(SavedView).where(
        SavedView.list_key == shown.key, SavedView.name == name, SavedView.user_id == scope.current_user_id()))


def find_view(shown: List, view_id: int) -> SavedView:
    """One's own view, or a shared one that one may change; NotAllowed, NotFound."""
    view: SavedView = find(SavedView, view_id)
    if view.list_key != shown.key or (not view.shared and view.user_id != scope.current_user_id()):
        raise NotAllowed(_("This view belongs to somebody else."))
    if view.shared:
        _may_share()
    return view


def make_default(view: SavedView, wanted: bool) -> None:
    """Open the list with this view: for its owner, or for everybody where it is shared."""
    if wanted:
        others = sa.update(SavedView).where(
            SavedView.list_key == view.list_key, SavedView.shared.is_(view.shared), SavedView.id != view.id,
            SavedView.is_default)
        if not view.shared:
            others = others.where(SavedView.user_id == view.user_id)
        db.session.execute(others.values(is_default=False), execution_options={"synchronize_session": "fetch"})
    view.is_default = wanted
    db.session.flush()
    if view.shared:
        audit.record("core.default_view", view, {"list": view.list_key, "default": wanted})


def delete(view: SavedView) -> None:
    """Forget a view."""
    if view.shared:
        audit.record("core.delete_view", view, {"list": view.list_key})
    db.session.delete(view)


def _may_share() -> None:
    if not viewer_may(SHARE):
        raise NotAllowed(_("To share a view with the company you must be allowed to (%(permission)s).",
                           permission=words_of(SHARE)))


def summary(view: SavedView) -> dict[str, Any]:
    """What an address is compared with, to tell whether it still is this view."""
    return {name: sorted(values) for name, values in view.query.items()}
