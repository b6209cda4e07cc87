"""Master data of customers: zones and tags."""

from __future__ import annotations

from typing import Any

from core.admin import ModelView
from core.i18n import lazy
from modules.crm.models import Tag, Zone


class ZoneAdmin(ModelView):
    """Zones; one that customers are in is made inactive rather than deleted."""

    permission = "crm.edit_settings"
    column_list = ("name", "notes", "active")
    column_searchable_list = ("name",)
    column_filters = ("active",)
    column_labels = {"name": lazy("Name"), "notes": lazy("Notes"), "active": lazy("In use")}
    form_columns = ("name", "notes", "active")
    can_delete = False


class TagAdmin(ModelView):
    """Tags; deleting one takes it off its customers."""

    permission = "crm.edit_settings"
    column_list = ("name",)
    column_searchable_list = ("name",)
    column_labels = {"name": lazy("Name")}
    form_columns = ("name",)


def views() -> list[Any]:
    """For the frame to add."""
    return [ZoneAdmin(Zone, name=lazy("Zones"), category=lazy("Customers")),
            TagAdmin(Tag, name=lazy("Tags"), category=lazy("Customers"))]
