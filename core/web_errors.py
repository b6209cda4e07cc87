"""Errors as sentences: what happened, that nothing was lost, and the one next step; JSON for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from core import logs
from core.db import db
from core.errors import CannotRun, DomainError, NotAllowed, NotFound, OutsideError
from core.i18n import _
from core.scope import NoCompany
from core.security import access

log = logs.get(__name__)


@dataclass(frozen=True)
class ErrorPage:
    """What an error page says; `step` is the label and the address of the way out."""

    status: int
    title: str
    text: str
    step: tuple[str, str]
    code: str = ""


def init_app(app: Flask) -> None:
    """Every error becomes a page in words."""
    app.register_error_handler(DomainError, domain_error)
    app.register_error_handler(OutsideError, outside_error)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(NoCompany, no_company)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected)


# --- refusals -------------------------------------------------------------------------------------------


def domain_error(error: DomainError) -> Any:
    """A refusal in words: back to the page it came from with the message; 409 with its code for programs."""
    db.session.rollback()
    if isinstance(error, CannotRun):
        return _answer(ErrorPage(503, _("Abona is not ready"), str(error), _home(), error.code))
    if access.wants_json():
        return _json(_status(error), error.code, str(error), error.field)
    if request.method not in {"GET", "HEAD"} and (back := access.came_from()):
        flash(str(error), "bad")
        return redirect(back, 303)
    title = {404: _("Not found"), 403: _("Not allowed")}.get(_status(error), _("Not possible"))
    return _answer(ErrorPage(_status(error), title, str(error), _back(), error.code))


def _status(error: DomainError) -> int:
    return 404 if isinstance(error, NotFound) else 403 if isinstance(error, NotAllowed) else 409


def outside_error(error: OutsideError) -> Any:
    """An outside service refused, or could not be reached."""
    db.session.rollback()
    text = _("%(what)s Nothing is lost; try again in a while.", what=str(error))
    if request.method not in {"GET", "HEAD"} and not access.wants_json() and (back := access.came_from()):
        flash(text, "bad")
        return redirect(back, 303)
    return _answer(ErrorPage(502, _("An outside service did not answer"), text, _back(), "outside"))


def csrf_error(error: CSRFError) -> Any:
    """The hidden token is missing, old, or of another company: see access._bind_forms; or another site sent it."""
    db.session.rollback()
    return _answer(ErrorPage(400, _("This form cannot be accepted"), _(
        "To send this form you must open its page again: it was open too long, another company was chosen meanwhile, "
        "or it did not come from Abona. Nothing was changed."), _back(), "csrf"))


def no_company(_error: NoCompany) -> Any:
    """A page of a company, and a person who belongs to none."""
    db.session.rollback()
    return _answer(ErrorPage(409, _("No company yet"), _(
        "To see this page you must belong to a company: an administrator gives you a role in one."), _home(),
        "no_company"))


# --- HTTP -------------------------------------------------------------------------------------------------


def http_error(error: HTTPException) -> Any:
    """404 and its kin, in words."""
    status = error.code or 500
    if status < 400:
        return error
    if status == 401 and not access.wants_json() and not request.headers.get("X-Part"):
        return access.to_login()
    return _answer(_page(status, error), headers=_kept_headers(error))


def _kept_headers(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}


def _page(status: int, error: HTTPException) -> ErrorPage:
    texts = {
        400: (_("This request cannot be read"), _("Something in the address or in the form is not as it should be. "
                                                  "Nothing was changed.")),
        401: (_("You must log in"), _("To go on you must log in.")),
        403: (_("Not allowed"), _forbidden()),
        404: (_("Not found"), _("There is nothing at this address: it was mistyped, it was removed, or it belongs to "
                                "another company.")),
        405: (_("Not this way"), _("This address is the end of a form; it cannot be opened by itself.")),
        413: (_("Too large"), _("To upload this you must make it smaller: it is larger than the server accepts.")),
        429: (_("Too many tries"), _("To go on you must wait a few minutes: there were too many requests from here.")),
    }
    title, text = texts.get(status, (_("Not possible"), str(error.description or error.name)))
    return ErrorPage(status, title, text, _back() if status != 401 else (_("Log in"), url_for("core.login")))


def _forbidden() -> str:
    from flask import current_app

    from core import modules

    wanted = g.get("missing_permission")
    title = modules.permissions(current_app.extensions["abona_modules"]).get(wanted, wanted) if wanted else None
    if title:
        return _("To do this you must have the permission “%(permission)s”. Whoever manages people can give it to you.",
                 permission=str(title))
    return _("To do this you must have a permission that you do not have. Whoever manages people can give it to you.")


# --- what nobody expected -----------------------------------------------------------------------------------


def unexpected(error: Exception) -> Any:
    """A fault of ours: nothing was saved, and the number finds it in the log."""
    original = error.original_exception if isinstance(error, InternalServerError) else error
    try:
        db.session.rollback()
    except SQLAlchemyError:
        log.warning("rollback_failed")
    log.error("request_failed", path=request.path, method=request.method, exc_info=original or error)
    return _answer(_fault(original), plain=True)


def _fault(error: BaseException | None) -> ErrorPage:
    if isinstance(error, IntegrityError):
        return ErrorPage(409, _("Not possible"), _(
            "This is not possible because it would contradict other data (it exists already, or something depends on "
            "it). Nothing was changed."), _back(), "conflict")
    if isinstance(error, OperationalError):
        return ErrorPage(503, _("The database does not answer"), _(
            "The database is busy or cannot be reached. Nothing was changed; try again in a minute."), _back(),
            "database")
    return ErrorPage(500, _("This did not work"), _(
        "Something failed inside Abona. Nothing was changed. If it happens again, tell support the number below."),
        _back(), "fault")


# --- the answer -----------------------------------------------------------------------------------------------


def _back() -> tuple[str, str]:
    back = access.came_from()
    return (_("Back"), back) if back and urlsplit(back).path != request.path else _home()


def _home() -> tuple[str, str]:
    return _("Home"), url_for("core.home")


def _answer(page: ErrorPage, headers: dict[str, str] | None = None, plain: bool = False) -> Any:
    from core.web import request_id

    if access.wants_json():
        return _json(page.status, page.code or str(page.status), page.text)
    inside = not plain and page.status < 500 and bool(current_user) and current_user.is_authenticated
    html = render_template("errors/error.html", page=page, number=request_id(),
                           base="layout.html" if inside else "plain.html")
    return Response(html, page.status, headers, mimetype="text/html")


def _json(status: int, code: str, message: str, field: str | None = None) -> AnyResponse:
    from core.web import request_id

    body: dict[str, Any] = {"error": {"code": code, "message": message, "request_id": request_id()}}
    if field:
        body["error"]["field"] = field
    answer = jsonify(body)
    answer.status_code = status
    return answer
