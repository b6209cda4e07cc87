"""Plans, contracts and the monthly billing run."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Contracts and billing"),
    depends=("accounting",),
    permissions=(
        ("contracts.view_contracts", _("See contracts")),
        ("contracts.edit_contracts", _("Create and change contracts")),
        ("contracts.suspend_contracts", _("Suspend and restore service")),
        ("contracts.end_contracts", _("End contracts")),
        ("contracts.edit_plans", _("Change plans and billing profiles")),
        ("contracts.view_billing", _("See the billing desk")),
        ("contracts.run_billing", _("Bill a month")),
        ("contracts.approve_drafts", _("Approve invoices before they are issued")),
        ("contracts.revise_prices", _("Raise or lower prices")),
    ),
    menu=(
        MenuItem(_("Contracts"), "contracts.contracts", "contracts.view_contracts", group="contracts", order=20),
        MenuItem(_("Plans"), "contracts.plans", "contracts.view_contracts", group="contracts", order=30),
        MenuItem(_("Bill a month"), "contracts.desk", "contracts.view_billing", group="billing", order=10),
        MenuItem(_("Drafts to approve"), "contracts.drafts", "contracts.approve_drafts", group="billing", order=30),
        MenuItem(_("Price revisions"), "contracts.revisions", "contracts.revise_prices", group="billing", order=60),
    ),
)
