"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "contracts.add_items": lazy("Extras added"),
    "contracts.add_charges": lazy("Charges added"),
    "contracts.add_discounts": lazy("Discounts added"),
    "contracts.settle_days": lazy("Days without charge settled"),
    "contracts.create_contracts": lazy("Contracts made"),
    "contracts.create_plan": lazy("Plan made"),
    "contracts.update_plan": lazy("Plan changed by hand"),
    "contracts.set_plan_price": lazy("Price of a plan set"),
    "contracts.remove_plan_price": lazy("Price of a plan removed"),
    "contracts.start_billing": lazy("Billing begun"),
    "contracts.approve_drafts": lazy("Drafts approved"),
    "contracts.undo_drafts": lazy("Drafts undone"),
    "contracts.draft_revision": lazy("Price revision prepared"),
    "contracts.announce_revision": lazy("Price revision announced"),
    "contracts.apply_revision": lazy("Price revision applied"),
    "contracts.undo_revision": lazy("Price revision undone"),
}
