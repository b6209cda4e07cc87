"""What this module plugs into the ports of others."""

from modules.accounting.totals import RULES
from modules.einvoice.ports import previewers
from modules.einvoice_mx.amounts import RULE
from modules.einvoice_mx.previewer import previewer

previewers.register("MX", previewer)
RULES["MX"] = RULE
