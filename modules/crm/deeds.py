"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "crm.add_address": lazy("Address added"),
    "crm.add_contact": lazy("Contact added"),
    "crm.change_address": lazy("Address changed"),
    "crm.create_customer": lazy("Customer added"),
    "crm.create_customers": lazy("Customers added"),
    "crm.deactivate_customer": lazy("Customer deactivated"),
    "crm.reactivate_customer": lazy("Customer reactivated"),
    "crm.remove_address": lazy("Address removed"),
    "crm.remove_contact": lazy("Contact removed"),
    "crm.update_contact": lazy("Contact changed"),
    "crm.update_customer": lazy("Customer changed"),
}
