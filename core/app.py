"""The application factory: configuration, frame, modules, in a fixed order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, Response, send_from_directory
from jinja2 import ChoiceLoader, FileSystemLoader

from core import audit, config, environment_checks, housekeeping, i18n, logs, models, modules, schema, worker  # noqa: F401
from core import db as database
from core.config import ROOT, Settings
from core.errors import CannotRun
from core.i18n import _


class AbonaFlask(Flask):
    """Flask whose static files come from `static/` and from each module's `static/<module>/`."""

    def send_static_file(self, filename: str) -> Response:
        name = filename.split("/", 1)[0]
        if name not in self.extensions["abona_modules"] or (Path(str(self.static_folder)) / name).is_dir():
            return super().send_static_file(filename)
        return send_from_directory(modules.folder(name) / "static", filename,
                                   max_age=self.get_send_file_max_age(filename))


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """Build the app for these settings (the environment's by default). Needs no database to be built."""
    settings = settings or config.load(**overrides)
    if not settings.secret_key:
        raise CannotRun(_("To start you must first create the installation: abona init"))
    app = AbonaFlask("core", instance_path=str(settings.instance), static_folder=str(ROOT / "static"),
                template_folder=None)
    app.extensions["abona"] = settings
    app.config.update(SECRET_KEY=settings.secret_key, TESTING=settings.testing, MAX_CONTENT_LENGTH=64 * 2**20,
                      MAX_FORM_MEMORY_SIZE=8 * 2**20, SESSION_COOKIE_SAMESITE="Lax",
                      SESSION_COOKIE_SECURE=settings.secure_cookies, SESSION_COOKIE_NAME="abona")
    modules.extend(settings.modules_path)
    app.extensions["abona_modules"] = names = modules.enabled(settings.modules, settings.modules_off)
    if not settings.testing:
        logs.init(settings.log_level)
    for part in (database, i18n, schema, audit, worker):
        part.init_app(app)
    _load_modules(app, settings, names)
    _init_web(app)
    return app


def _load_modules(app: Flask, settings: Settings, names: list[str]) -> None:
    folders = [settings.instance / "templates", ROOT / "templates",
               *(modules.folder(name) / "templates" for name in reversed(names))]
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
