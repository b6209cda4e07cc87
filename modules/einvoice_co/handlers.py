"""What this module plugs into the ports of others; providers/ holds the two ways to the DIAN."""

from modules.accounting import totals
from modules.einvoice.ports import previewers
from modules.einvoice_co.amounts import CO
from modules.einvoice_co.previewer import previewer

totals.RULES["CO"] = CO
previewers.register("CO", previewer)
