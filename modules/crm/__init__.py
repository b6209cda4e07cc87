"""Customers: who they are, where they live, how to reach them, and their tax identity in ten countries."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Customers"),
    permissions=(
        ("crm.view_customers", _("See customers")),
        ("crm.edit_customers", _("Create and change customers")),
        ("crm.deactivate_customers", _("Deactivate and reactivate customers")),
        ("crm.edit_settings", _("Change zones and tags")),
    ),
    menu=(MenuItem(_("Customers"), "crm.customers", "crm.view_customers", group="customers", order=10),),
)
