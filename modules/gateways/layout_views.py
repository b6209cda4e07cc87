"""Layouts of files on screen: corrected as data, tried on a sample, and only then saved."""

from __future__ import annotations

import json
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock
from core.db import find
from core.errors import DomainError, NotFound
from core.i18n import _
from core.security import require
from modules.gateways import accounts, layout_trial, layouts, ports
from modules.gateways.access import Setting
from modules.gateways.blueprint import bp
from modules.gateways.layout_shapes import Layout
from modules.gateways.models import Account

# a sample is a page of a file, not a year of it
LARGEST_SAMPLE = 2 * 2**20


def settings_of(provider: str) -> list[Setting]:
    """The settings of a provider that are layouts of files."""
    return [one for one in ports.providers.get(provider).settings if one.kind == "json"]


def presets(provider: str, direction: str) -> dict[str, Any]:
    """What one can begin with: the provider's own layouts, or those of all; name -> (title, what gives the JSON)."""
    own = {key: one for key, one in ports.providers.items() if key == provider or provider == "generic_file"}
    found = {f"{key}.{name}": (title, make) for key, one in own.items()
             for name, (title, make) in one.extra.get("layouts", {}).items()}
    return {key: (title, make) for key, (title, make) in found.items() if make()["direction"] == direction}


@bp.route("/gateways/layouts/<int:account_id>/<name>", methods=["GET", "POST"])
@require("gateways.edit_accounts")
def layout_page(account_id: int, name: str) -> Any:
    """A layout as text, what it says of each line, and what it reads or writes."""
    row = find(Account, account_id)
    setting = next((one for one in settings_of(row.provider) if one.name == name), None)
    if setting is None:
        raise NotFound(_("This account has no such layout."))
    direction = "out" if name.endswith("_out") else "in"
    known = presets(row.provider, direction)
    text = request.form.get("layout", "") if request.method == "POST" else _begin(row, name, known)
    trial, error = None, ""
    if request.method == "POST":
        if request.form.get("action") == "save":
            try:
                accounts.apply_settings(row, {name: text})
                flash(_("Saved."), "ok")
                return redirect(url_for("gateways.layout_page", account_id=row.id, name=name))
            except DomainError as refusal:
                error = str(refusal)
        else:
            trial = _tried(row, direction, text)
    understood = _understood(text)
    return render_template(
        "gateways/layout.html", row=row, setting=setting, text=text, direction=direction, presets=known, trial=trial,
        error=error or (layouts.trouble(text) if text.strip() and understood is None and trial is None else ""),
        layout=understood, lines=_lines(understood) if understood else [], account=accounts.access(row)), (
        422 if error else 200)


def _begin(row: Account, name: str, known: dict[str, Any]) -> str:
    """The preset that was chosen, else what is saved."""
    chosen = known.get(request.args.get("preset", ""))
    if chosen is not None:
        return json.dumps(chosen[1](), ensure_ascii=False, indent=1)
    saved = row.settings.get(name) or ""
    return saved if isinstance(saved, str) else json.dumps(saved, ensure_ascii=False, indent=1)


def _tried(row: Account, direction: str, text: str) -> layout_trial.Trial:
    """What the layout makes of the sample that was brought or typed; of debts of nobody where it writes."""
    access = accounts.access(row)
    if direction == "out":
        return layout_trial.write(text, layout_trial.with_values(access), clock.today())
    upload, typed = request.files.get("sample"), request.form.get("sample_text", "")
    sample = upload.stream.read(LARGEST_SAMPLE + 1) if upload is not None and upload.filename else typed.encode(
        _encoding(text), "replace")
    if not sample.strip():
        return layout_trial.Trial(error=_("To try the layout bring a sample file, or paste some lines of one."))
    if len(sample) > LARGEST_SAMPLE:
        return layout_trial.Trial(error=_("A sample has at most %(most)s MB: cut the file after some lines.",
                                          most=LARGEST_SAMPLE >> 20))
    return layout_trial.read(text, sample, layout_trial.with_values(access))


def _encoding(text: str) -> str:
    found = _understood(text)
    return found.encoding if found is not None else "utf-8"


def _understood(text: str) -> Layout | None:
    try:
        return layouts.load(text) if text.strip() else None
    except DomainError:
        return None


def _lines(layout: Layout) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """Each kind of line, and its fields: (name, where, kind, what it means or is filled with)."""
    return [(f"{code} {kind.name}".strip(), [
        (name, place, sort, _meaning(layout, code, name)) for name, place, sort in _fields(kind)])
        for code, kind in layout.kinds.items()]


def _fields(kind: Any) -> list[tuple[str, str, str]]:
    if kind.record is None:
        return [(name, str(number), "") for number, name in enumerate(kind.fields, 1)]
    return [(one.name, one.place, one.kind) for one in kind.record.fields]


def _meaning(layout: Layout, code: str, name: str) -> str:
    """What the field is to us."""
    source = layout.fill.get(code, {}).get(name)
    if source is not None:
        return f"= {source.constant}" if source.constant is not None else source.name
    named = [key for key, places in layout.fields.items() for one in places if (one.record, one.field) == (code, name)]
    named += [key for key, one in layout.spoken.items() if (one.place.record, one.place.field) == (code, name)]
    return ", ".join(named)
