"""Money in: payment links, coupons, files and notices of gateways, one inbox, matching and reconciliation."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

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
        ("gateways.give_back", _("Give money back through a gateway"),
         _("Has a gateway return a payment, or a part of it, to whoever paid.")),
        ("gateways.exchange_files", _("Import and make files of gateways"),
         _("Loads payment files, makes debt files, and takes a whole file back.")),
        ("gateways.hand_out_links", _("Hand out payment links"),
         _("Sees the ways in which an invoice or a customer can pay, and copies the links.")),
        ("gateways.edit_ways", _("Change a customer's ways to pay"),
         _("Revokes payment links, opens tickets, and says which gateways a customer is offered.")),
        ("gateways.edit_accounts", _("Set gateways up"),
         _("Adds accounts at gateways, enters their keys, tests them and takes them into production.")),
    ),
    menu=(
        MenuItem(_("Payments of gateways"), "gateways.transactions", "gateways.view_inbox", group="money", order=60),
        MenuItem(_("Files of gateways"), "gateways.files", "gateways.exchange_files", group="money", order=70),
        MenuItem(_("Reconciliation"), "gateways.reconcile", "gateways.view_inbox", group="money", order=80),
        MenuItem(_("Bank movements"), "gateways.bank_list", "gateways.view_inbox", group="money", order=90),
        MenuItem(_("Gateways"), "gateways.account_list", "gateways.edit_accounts", group="settings", order=70,
                 about=_("Who collects for you: pages, coupons, files and collection networks, with their keys.")),
    ),
)
