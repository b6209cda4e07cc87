"""What this module plugs into the ports of others."""

from modules.accounting.totals import RULES
from modules.einvoice.ports import previewers
from modules.einvoice_ec.amounts import EC
from modules.einvoice_ec.previewer import previewer

RULES["EC"] = EC
previewers.register("EC", previewer)
