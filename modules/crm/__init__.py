"""Customers: who they are, where they live, how to reach them, and their tax identity in ten countries."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Customers"),
    about=_("Customers with their addresses, contacts, zones and tax identities."),
    permissions=(
        ("crm.view_customers", _("See customers"),
         _("Opens the list of customers and each customer with addresses, contacts and history.")),
        ("crm.edit_customers", _("Create and change customers"),
         _("Adds customers and changes their names, tax data, addresses and contacts, one or many at a time.")),
        ("crm.deactivate_customers", _("Deactivate and reactivate customers"),
         _("Takes customers out of use, and brings them back; nothing of theirs is deleted.")),
        ("crm.edit_settings", _("Change zones and tags"),
         _("Adds and changes the zones and tags by which customers are grouped.")),
    ),
    menu=(MenuItem(_("Customers"), "crm.customers", "crm.view_customers", group="customers", order=10),),
)
