"""Money in: payment links, coupons, files and notices of gateways, one inbox, matching and reconciliation."""

from core.i18n import lazy as _
from core.modules import Manifest

MANIFEST = Manifest(
    title=_("Payment gateways"),
    about=_("Links, coupons, files and notices of who collects for the provider, and the inbox where money finds its "
            "invoice."),
    depends=("accounting",),
    permissions=(
        ("gateways.view_inbox", _("See payments that gateways report"),
         _("Opens what gateways reported, what waits for its owner, and files that came and went.")),
        ("gateways.match_payments", _("Say whose a payment is"),
         _("Gives payments without owner to a customer, or sets them aside with a reason.")),
        ("gateways.exchange_files", _("Import and make files of gateways"),
         _("Loads payment files, makes debt files, and takes a whole file back.")),
        ("gateways.edit_accounts", _("Set gateways up"),
         _("Adds accounts at gateways, enters their keys, tests them and takes them into production.")),
        ("gateways.refund_payments", _("Give payments back"),
         _("Returns money to the payer through the gateway that collected it.")),
    ),
)
