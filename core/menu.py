"""The side menu: made from the manifests of the enabled modules, for what the user may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request, url_for

from core import modules, scope
from core.i18n import lazy
from core.modules import MenuItem
from core.security import can

# (title, icon) of the groups, in their order; modules may name others, which come after these
GROUPS: dict[str, tuple[Any, str]] = {
    "customers": (lazy("Customers"), "customers"),
    "contracts": (lazy("Contracts"), "contracts"),
    "billing": (lazy("Billing"), "billing"),
    "money": (lazy("Money in"), "money"),
    "documents": (lazy("Documents"), "documents"),
    "notices": (lazy("Notices"), "notices"),
    "arrears": (lazy("Arrears"), "arrears"),
    "network": (lazy("Network"), "network"),
    "reports": (lazy("Reports"), "reports"),
    "data": (lazy("Data"), "data"),
    "settings": (lazy("Settings"), "settings"),
    "system": (lazy("System"), "system"),
}
CORE_ITEMS = (
    MenuItem(lazy("All settings"), "core.settings", "", group="settings", order=5),
    MenuItem(lazy("Set-up"), "core.setup", "core.edit_company", group="settings", order=6,
             about=lazy("From nothing to the first invoice, step by step; which services are in rehearsal.")),
    MenuItem(lazy("Company"), "core.company", "core.edit_company", group="settings", order=10,
             about=lazy("Name, address and contact, as documents print them.")),
    MenuItem(lazy("Master data"), "admin.index", "", group="settings", order=90,
             about=lazy("What the screens choose from, and tables to look into.")),
    MenuItem(lazy("Health"), "core.health", "core.view_system", group="system", order=10,
             about=lazy("What is not well, whom it hurts, and what to do.")),
    MenuItem(lazy("People and roles"), "core.people", "core.manage_users", group="system", order=20,
             about=lazy("Who may log in, and what each may do in this company.")),
    MenuItem(lazy("Roles"), "core.roles", "core.manage_roles", group="system", order=25,
             about=lazy("What each role may do, and what it sees.")),
    MenuItem(lazy("Jobs"), "core.jobs", "core.view_jobs", group="system", order=30,
             about=lazy("Work in the background: what waits, what failed and why.")),
    MenuItem(lazy("Who did what"), "core.audit", "core.view_audit", group="system", order=40,
             about=lazy("The record of every change, with a proof that it is whole.")),
    MenuItem(lazy("Modules"), "core.modules", "core.view_system", group="system", order=50,
             about=lazy("What this installation can do; switching parts of it off and on.")),
)
# what can be used before there is a company
WITHOUT_COMPANY = ("core.setup", "core.health", "core.jobs", "core.audit", "core.modules")
# on the page of settings: these groups of the menu
SETTINGS = ("settings", "system")


@dataclass
class Entry:
    """A line of the menu as the layout draws it; `key` is the letter after g."""

    label: str
    url: str
    current: bool
    key: str = ""


@dataclass
class Group:
    key: str
    title: str
    icon: str
    entries: list[Entry] = field(default_factory=list)


def build() -> list[Group]:
    """The groups and lines that the current user may use in the company in scope."""
    groups: dict[str, Group] = {}
    for item in sorted(_visible(), key=lambda item: (item.order, str(item.label))):
        groups.setdefault(item.group, _group(item.group)).entries.append(_entry(item))
    order = {key: place for place, key in enumerate(GROUPS)}
    # groups that only modules know come before the settings
    middle = order["settings"] - 0.5
    found = sorted(groups.values(), key=lambda group: (order.get(group.key, middle), group.key))
    _mark_current([entry for group in found for entry in group.entries])
    _give_keys(found)
    return found


def settings() -> list[tuple[Any, list[MenuItem]]]:
    """(title, lines) of the groups that are settings, for the page that gathers them."""
    found = [item for item in _visible() if item.endpoint not in {"core.settings", "admin.index"}]
    return [(GROUPS[key][0], sorted((item for item in found if item.group == key),
                                    key=lambda item: (item.order, str(item.label)))) for key in SETTINGS]


def _visible() -> list[MenuItem]:
    manifests, country = modules.available(), scope.country_or_none()
    items = [item for name in current_app.extensions["abona_modules"]
             if manifests[name].country in (None, country) for item in manifests[name].menu]
    found = [item for item in [*items, *CORE_ITEMS]
             if item.endpoint in current_app.view_functions and _may_use(item)
             and (country or item.endpoint in WITHOUT_COMPANY)]
    # the page that gathers settings is for who has any
    gathers = any(item.group == "settings" and item.endpoint != "core.settings" for item in found)
    return [item for item in found if item.endpoint != "core.settings" or gathers]


def _may_use(item: MenuItem) -> bool:
    if item.endpoint == "admin.index":
        from core.admin import any_changeable

        return any_changeable()
    return not item.permission or can(item.permission)


def _group(key: str) -> Group:
    title, icon = GROUPS.get(key, (key.replace("_", " ").capitalize(), "data"))
    return Group(key, str(title), icon)


def _entry(item: MenuItem) -> Entry:
    return Entry(str(item.label), url_for(item.endpoint), False)


def _mark_current(entries: list[Entry]) -> None:
    """The line whose address is the longest beginning of this page's."""
    path = request.path
    fitting = [entry for entry in entries if path == entry.url or path.startswith(entry.url.rstrip("/") + "/")]
    for entry in sorted(fitting, key=lambda entry: -len(entry.url))[:1]:
        entry.current = True


def _give_keys(groups: list[Group]) -> None:
    """A letter for each line: its first free one, of what the reader sees."""
    taken = {"h"}
    for entry in (entry for group in groups for entry in group.entries):
        free = next((c for c in entry.label.lower() if c.isascii() and c.isalpha() and c not in taken), "")
        entry.key = free
        taken.add(free)
