"""What this module plugs into the ports of others; providers/ holds the two ways to the DIAN."""

from modules.accounting import totals
from modules.accounting.ports import layouts
from modules.contracts.ports import billing_checks
from modules.einvoice.ports import issuers, previewers
from modules.einvoice_co.amounts import CO
from modules.einvoice_co.billing import ColombianBillingCheck
from modules.einvoice_co.issuer import ColombianIssuer
from modules.einvoice_co.layout import ColombianLayout
from modules.einvoice_co.previewer import previewer

totals.RULES["CO"] = CO
issuers.register("CO", ColombianIssuer())
layouts.register("CO", ColombianLayout())
billing_checks.register("CO", ColombianBillingCheck())
previewers.register("CO", previewer)
