"""Plans, contracts and the monthly billing run."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Contracts and billing"),
    about=_("Plans, contracts and the billing of a month."),
    depends=("accounting",),
    permissions=(
        ("contracts.view_contracts", _("See contracts"),
         _("Opens contracts and plans with their prices and history.")),
        ("contracts.edit_contracts", _("Create and change contracts"),
         _("Makes contracts, and changes plan, price, discounts and charges of one.")),
        ("contracts.suspend_contracts", _("Suspend and restore service"),
         _("Cuts the service of a contract and restores it.")),
        ("contracts.end_contracts", _("End contracts"),
         _("Ends or cancels contracts, and keeps those that were going to end.")),
        ("contracts.edit_plans", _("Change plans and billing profiles"),
         _("Changes plans, their prices, the days of billing and due dates, and exchange rates.")),
        ("contracts.view_billing", _("See the billing desk"),
         _("Opens the billing desk: previews, runs, and what cannot be billed.")),
        ("contracts.run_billing", _("Bill a month"),
         _("Issues the invoices of a month, and goes on with a run that stopped.")),
        ("contracts.approve_drafts", _("Approve invoices before they are issued"),
         _("Issues or discards the drafts that wait for a second look.")),
        ("contracts.revise_prices", _("Raise or lower prices"),
         _("Prepares, announces, applies and undoes a change of prices of many contracts.")),
    ),
    menu=(
        MenuItem(_("Contracts"), "contracts.contracts", "contracts.view_contracts", group="contracts", order=20),
        MenuItem(_("Equipment"), "contracts.equipment_list", "contracts.view_contracts", group="contracts", order=25),
        MenuItem(_("Plans"), "contracts.plans", "contracts.view_contracts", group="contracts", order=30),
        MenuItem(_("Bill a month"), "contracts.desk", "contracts.view_billing", group="billing", order=10),
        MenuItem(_("Drafts to approve"), "contracts.drafts", "contracts.approve_drafts", group="billing", order=30),
        MenuItem(_("Price revisions"), "contracts.revisions", "contracts.revise_prices", group="billing", order=60),
    ),
)
