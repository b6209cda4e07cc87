"""The application factory: configuration, frame, modules, in a fixed order."""

from __future__ import annotations

from typing import Any

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader

from core import audit, config, i18n, logs, models, modules, schema, worker  # noqa: F401
from core import db as database
from core.config import ROOT, Settings
from core.errors import CannotRun
from core.i18n import _


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """Build the app for these settings (the environment's by default). Needs no database to be built."""
    settings = settings or config.load(**overrides)
    if not settings.secret_key:
        raise CannotRun(_("To start you must first create the installation: abona init"))
    app = Flask("core", instance_path=str(settings.instance), static_folder=str(ROOT / "static"),
                template_folder=None)
    app.extensions["abona"] = settings
    app.config.update(SECRET_KEY=settings.secret_key, TESTING=settings.testing, MAX_CONTENT_LENGTH=64 * 2**20,
                      MAX_FORM_MEMORY_SIZE=8 * 2**20, SESSION_COOKIE_SAMESITE="Lax",
                      SESSION_COOKIE_SECURE=settings.secure_cookies, SESSION_COOKIE_NAME="abona")
    if not settings.testing:
        logs.init(settings.log_level)
    for part in (database, i18n, schema, audit, worker):
        part.init_app(app)
    _load_modules(app, settings)
    _init_web(app)
    return app


def _load_modules(app: Flask, settings: Settings) -> None:
    names = modules.resolve(settings.modules or modules.available())
    app.extensions["abona_modules"] = names
    folders = [settings.instance / "templates", ROOT / "templates",
               *(ROOT / "modules" / name / "templates" for name in reversed(names))]
    app.jinja_loader = ChoiceLoader([FileSystemLoader([str(folder) for folder in folders])])  # type: ignore[assignment]
    modules.import_parts(names)


def _init_web(app: Flask) -> None:
    """Web last: views need the models, and the menu needs the manifests."""
    from core import web

    web.init_app(app)
    for _name, views in modules.parts(app.extensions["abona_modules"], "views"):
        app.register_blueprint(views.bp)
    for _name, api in modules.parts(app.extensions["abona_modules"], "api"):
        app.register_blueprint(api.api)
    web.init_admin(app)
