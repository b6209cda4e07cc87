"""Plugs Asobancaria's files in."""

from __future__ import annotations

from core.i18n import lazy as _
from modules.gateways import ports
from modules.gateways.access import Access, Setting
from modules.gateways.layout_files import LayoutDebts, LayoutPayments
from modules.gateways.providers.asobancaria import mapping
from modules.gateways.shapes import Made

REFERENCE_FROM = Setting("reference_from", _("What the payer gives as reference"), "choice", default="customer",
                         choices={"customer": _("The customer's code"), "invoice": _("The invoice's number")})
SETTINGS = (
    Setting("nit", _("NIT of the company, with its check digit"), check=mapping.bad_nit,
            help=_("Files of another NIT are refused.")),
    Setting("bank", _("Code of the bank, three digits"), help=_("As it stands in the first line of its files.")),
    Setting("account", _("Account that the money goes to"),
            help=_("Zeros and blanks in front do not matter. A file for another account is refused.")),
    Setting("service", _("Service code (GLN, 13 digits)"), required=False),
    REFERENCE_FROM,
)
# the agreement that the simulator has of itself
REHEARSAL = {"nit": "9001234568", "bank": "040", "account": "400000012345", "service": "7709998000001"}
GUIDE = (
    _("Ask the bank for the agreement of collection (convenio de recaudo), its service code, and how files are "
      "exchanged."),
    _("Ask which of Asobancaria's layouts it writes: 2001 or 1998."),
    _("Try a real file of the bank before you rely on it."),
)


def debts_name(access: Access, made: Made) -> str:
    """Our own way of naming: banks agree names with each company."""
    return f"facturacion_{access.get('nit', 'nit')}_{made.date:%Y%m%d}_{made.number}.txt"


ports.providers.register("asobancaria_2001", ports.Provider(
    "asobancaria_2001", _("Banks' files, Asobancaria 2001"), ("CO",), SETTINGS, GUIDE, ("COP",), "bank",
    extra={"rehearsal": {"CO": REHEARSAL}, "layouts": {
        "payments": (_("Payments, Asobancaria 2001"), lambda: mapping.as_data(mapping.COLLECTION_2001)),
        "payments_1998": (_("Payments, Asobancaria 1998"), lambda: mapping.as_data(mapping.COLLECTION_1998)),
        "debts": (_("Debts, Asobancaria 2001"), lambda: mapping.as_data(mapping.DEBTS_2001))}}))
ports.payment_files.register("asobancaria_2001",
                             LayoutPayments(lambda access: mapping.layout(mapping.COLLECTION_2001)))
# the layout of debts is recalled, not read from a file: see the README
ports.debt_files.register("asobancaria_2001",
                          LayoutDebts(lambda access: mapping.layout(mapping.DEBTS_2001), debts_name))

ports.providers.register("asobancaria_1998", ports.Provider(
    "asobancaria_1998", _("Banks' files, Asobancaria 1998"), ("CO",), SETTINGS, GUIDE, ("COP",), "bank",
    confirmed=False))
ports.payment_files.register("asobancaria_1998",
                             LayoutPayments(lambda access: mapping.layout(mapping.COLLECTION_1998)))
