"""What every template may use: formats, icons, files, and the frame around a staff page."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, url_for
from flask_login import current_user
from markupsafe import Markup, escape

from core import clock, jobs, modules, outside, scope
from core.help.reader import Reader, topic_url
from core.help.topics import Topic
from core.i18n import current_locale, format_amount, format_date, format_number
from core.models import Company, Role
from core.security import can, is_admin, my_companies, seeing


def init_app(app: Flask) -> None:
    """Filters and globals; globals reach imported macros too."""
    from core import menu, slots, web

    app.jinja_env.filters.update(amount=amount, date=format_date, moment=moment, number=number, rate=rate,
                                 duration=duration, job_name=job_name, device=device)
    app.jinja_env.globals.update(asset=asset, icon=icon, brand_mark=brand_mark, chevron=chevron, can=can, slots=slots,
                                 is_admin=is_admin,
                                 csp_nonce=web.csp_nonce, new_form_key=new_form_key, request_id=web.request_id)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["abona_menu"] = menu.build

    @app.context_processor
    def frame() -> dict[str, Any]:
        return {"frame": Frame(), "html_lang": current_locale().replace("_", "-")}


class Frame:
    """What the layout shows around a page; each part is read only where the page is drawn."""

    @cached_property
    def company(self) -> Company | None:
        return scope.current_company() if scope.company_id_or_none() else None

    @cached_property
    def companies(self) -> list[Company]:
        return my_companies()

    @property
    def rehearsal(self) -> bool:
        return self.company is not None and self.company.is_rehearsal

    @property
    def seen_role(self) -> Role | None:
        """The role that the reader looks through."""
        return seeing.role() if current_user.is_authenticated else None

    @cached_property
    def rehearsing(self) -> list[str]:
        """Services that are still in rehearsal although the company is not."""
        if self.company is None or self.company.is_rehearsal:
            return []
        return [str(one.title) for one in outside.standings() if not one.live]

    @cached_property
    def menu(self) -> list[Any]:
        return list(current_app.extensions["abona_menu"]()) if current_user.is_authenticated else []

    @cached_property
    def help_url(self) -> str:
        """The help about this page; where there is none, or the reader may not see it, the index."""
        return topic_url(self._topic) if self._topic else url_for("core.help")

    @property
    def help_is_here(self) -> bool:
        """Whether there is help about this page."""
        return self._topic is not None

    @cached_property
    def _topic(self) -> Topic | None:
        return Reader().here() if current_user.is_authenticated else None

    @cached_property
    def jobs(self) -> JobCount:
        return JobCount()


class JobCount:
    """How many jobs are open and how many failed for good, as the header says it: the failed ones first."""

    def __init__(self) -> None:
        from core.views.jobs import counts

        found = counts()
        self.open, self.failed = found["pending"] + found["running"], found["failed"]

    @property
    def text(self) -> str:
        return number(self.failed or self.open)


def amount(value: Decimal | None, currency: str | None = None) -> str:
    """Money in the reader's way; the company's currency where none is given."""
    if value is None:
        return ""
    return format_amount(value, currency or scope.current_company().currency)


def moment(value: dt.datetime | None) -> str:
    """dd/mm/yyyy hh:mm in the company's zone (UTC without a company)."""
    if value is None:
        return ""
    if not scope.company_id_or_none():
        return value.astimezone(dt.UTC).strftime("%d/%m/%Y %H:%M UTC")
    return clock.local(value).strftime("%d/%m/%Y %H:%M")


def number(value: int | float | Decimal | None) -> str:
    """A count with its thousands; at most two decimals."""
    return "" if value is None else format_number(value)


def rate(value: Decimal | None) -> str:
    """A rate of exchange with all of its decimals, six at most: a cent on each unit is money."""
    return "" if value is None else format_number(value, "#,##0.00####")


def duration(seconds: float | None) -> str:
    """Seconds in words short enough for a table: 40 s, 3 min, 2 h 05."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 5400:
        return f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d}"


def job_name(function: str) -> str:
    """What a job function is called; module and verb where its module is gone, or gave it no words."""
    known = jobs.functions.get(function)
    if known is not None and known.words:
        return str(known.words)
    parts = function.split(".")
    module = parts[1] if parts[0] == "modules" and len(parts) > 2 else parts[0]
    return f"{module} · {parts[-1].replace('_', ' ')}"


def device(agent: str) -> str:
    """Browser and system out of a User-Agent, in two words."""
    browsers = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
               ("Mac OS", "Mac"), ("Linux", "Linux"))
    found = [next((name for mark, name in kinds if mark in agent), "") for kinds in (browsers, systems)]
    return " · ".join(part for part in found if part) or agent[:40] or "?"


def new_form_key() -> str:
    """A key for the hidden field of a form: the same form sent twice carries the same one."""
    return uuid.uuid4().hex


def icon(name: str, label: str = "") -> Markup:
    """A sign from static/icons.svg; hidden from screen readers unless it has a label."""
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"/></svg>').format(meaning, asset("icons.svg"), name)


def chevron() -> Markup:
    """The sign of something that unfolds."""
    return Markup('<svg class="icon chevron" aria-hidden="true"><use href="{}#down"/></svg>').format(asset("icons.svg"))


def brand_mark() -> Markup:
    return Markup('<img class="brand-mark" src="{}" alt="">').format(asset("favicon.svg"))


def asset(name: str) -> str:
    """The address of a file in static/ (a module's: "crm/map.js"), with a mark of its content: browsers may keep it."""
    return url_for("static", filename=name, v=_version(_static_path(name)))


def _static_path(name: str) -> Path:
    path, owner = Path(current_app.static_folder or "") / name, name.split("/", 1)[0]
    if not path.exists() and "/" in name and owner in current_app.extensions["abona_modules"]:
        return modules.folder(owner) / "static" / name
    return path


def _version(path: Path) -> str:
    try:
        return _digest(str(path), path.stat().st_mtime_ns)
    except FileNotFoundError:
        return "0"


@lru_cache(maxsize=64)
def _digest(path: str, _changed: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]


def lines(text: str) -> Markup:
    """Text of several lines as HTML."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


__all__ = ["Frame", "JobCount", "amount", "asset", "duration", "icon", "init_app", "lines", "moment",
           "new_form_key", "number"]
