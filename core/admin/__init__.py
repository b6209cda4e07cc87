"""Flask-Admin for master data and inspection: bases of the modules' admin views.

    class ZoneAdmin(ModelView):
        permission = "crm.view_zones"        # to see; required
        edit_permission = "crm.edit_zones"   # to change; the same as `permission` where it is left out

    def views() -> list:
        return [ZoneAdmin(Zone, name=lazy("Zones"), category=lazy("Customers"))]

Business documents are read-only there (`ReadOnlyView`): verbs are views that call services.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from flask_admin import Admin, AdminIndexView, expose
from flask_admin.theme import Bootstrap4Theme
from flask_login import current_user
from werkzeug.exceptions import abort

from core import modules, scope
from core.admin.base import ModelView, ReadOnlyView, in_words

__all__ = ["ModelView", "ReadOnlyView", "any_changeable", "in_words", "init_app"]


class Index(AdminIndexView):
    """Everything that may be edited or inspected, by category."""

    def is_accessible(self) -> bool:
        return bool(current_user.is_authenticated)

    def inaccessible_callback(self, name: Any, **values: Any) -> Any:
        abort(401)

    @expose("/")
    def index(self) -> Any:
        return self.render("admin/index.html", categories=categories())


def init_app(app: Flask) -> None:
    """One Admin per app, with the views of each enabled module."""
    from core import web

    admin = Admin(app, name="Abona", url="/admin", index_view=Index(url="/admin"), csp_nonce_generator=web.csp_nonce,
                  theme=Bootstrap4Theme(base_template="admin/base.html"))
    manifests = modules.available()
    for name, part in modules.parts(app.extensions["abona_modules"], "admin"):
        for view in part.views():
            if isinstance(view, ModelView):
                view.country = view.country or manifests[name].country
            admin.add_view(view)
    app.extensions["abona_admin"] = admin


def _accessible() -> list[Any]:
    admin = current_app.extensions["abona_admin"]
    return [view for view in admin._views if isinstance(view, ModelView) and view.is_accessible()]


def any_changeable() -> bool:
    """Whether the menu should show master data: to who may change any; who may only look finds it in the settings."""
    return bool(scope.company_id_or_none()) and any(
        view.may_edit() and (view.can_create or view.can_edit or view.can_delete) for view in _accessible())


def categories() -> list[tuple[str, list[Any]]]:
    """Every view that the person may open, by category."""
    if not scope.company_id_or_none():
        return []
    found: dict[str, list[Any]] = {}
    for view in _accessible():
        found.setdefault(str(view.category or ""), []).append(view)
    return [(name, sorted(views, key=lambda view: str(view.name))) for name, views in found.items()]
