"""What this module plugs into the ports of others; providers/ holds the two ways to the DIAN."""

from core import deeds as known_deeds
from core import outside, slots
from core.i18n import lazy
from modules.accounting import totals
from modules.accounting.ports import layouts
from modules.contracts.ports import billing_checks, place_taxes
from modules.einvoice.ports import enablers, issuers, previewers
from modules.einvoice_co import desk
from modules.einvoice_co.amounts import CO
from modules.einvoice_co.billing import ColombianBillingCheck
from modules.einvoice_co.deeds import WORDS as DEEDS
from modules.einvoice_co.enabling import ColombianEnabler
from modules.einvoice_co.estratos import EstratoRule
from modules.einvoice_co.issuer import ColombianIssuer
from modules.einvoice_co.layout import ColombianLayout
from modules.einvoice_co.previewer import previewer

totals.RULES["CO"] = CO
issuers.register("CO", ColombianIssuer())
enablers.register("CO", ColombianEnabler())
layouts.register("CO", ColombianLayout())
billing_checks.register("CO", ColombianBillingCheck())
place_taxes.register("CO", EstratoRule())
outside.services.register("dian", desk.standing)
slots.add("home.todo", "einvoice_co.endings", lazy("DIAN"), desk.running_out, permission="einvoice.enable", order=30)
previewers.register("CO", previewer)
known_deeds.add(DEEDS)
