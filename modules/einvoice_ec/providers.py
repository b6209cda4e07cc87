"""What this module plugs into the ports of others."""

from core import companies, outside, slots
from core import deeds as known_deeds
from core.i18n import lazy
from modules.accounting.ports import layouts, note_rules
from modules.accounting.totals import RULES
from modules.contracts.ports import billing_checks
from modules.einvoice.ports import cancellers, enablers, exports, issuers, papers, previewers
from modules.einvoice_ec import desk, seed
from modules.einvoice_ec.amounts import EC
from modules.einvoice_ec.archivos import EcuadorianPapers
from modules.einvoice_ec.ats import Ats
from modules.einvoice_ec.billing import EcuadorianBillingCheck
from modules.einvoice_ec.cancelling import EcuadorianCanceller
from modules.einvoice_ec.deeds import WORDS as DEEDS
from modules.einvoice_ec.enabling import EcuadorianEnabler
from modules.einvoice_ec.issuer import EcuadorianIssuer
from modules.einvoice_ec.layout import EcuadorianLayout
from modules.einvoice_ec.notas import EcuadorianNoteRule
from modules.einvoice_ec.previewer import previewer

RULES["EC"] = EC
issuers.register("EC", EcuadorianIssuer())
companies.condition_followers.register("einvoice_ec", seed.follow_change)
papers.register("EC", EcuadorianPapers())
cancellers.register("EC", EcuadorianCanceller())
enablers.register("EC", EcuadorianEnabler())
exports.register("EC", (Ats(),))
layouts.register("EC", EcuadorianLayout())
note_rules.register("EC", EcuadorianNoteRule())
billing_checks.register("EC", EcuadorianBillingCheck())
outside.services.register("sri", desk.standing)
slots.add("home.todo", "einvoice_ec.certificates", lazy("Certificates"), desk.certificates,
          permission="einvoice.enable", order=30)
previewers.register("EC", previewer)
known_deeds.add(DEEDS)
