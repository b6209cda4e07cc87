"""What PagoMisCuentas is, and what an account at it needs."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways.access import Setting
from modules.gateways.ports import Provider


def _four_digits(value: Any) -> str:
    return "" if re.fullmatch("[0-9]{4}", str(value)) else _("The company's number has four digits.")


def _four_signs(value: Any) -> str:
    return "" if re.fullmatch("[0-9A-Z]{4}", str(value)) else _("The sigla has four capital letters or digits.")


PROVIDER = Provider(
    "pagomiscuentas", lazy("PagoMisCuentas"), ("AR",), (
        Setting("empresa", lazy("Company's number"), help=lazy("Four digits, in the first line of every file."),
                check=_four_digits),
        Setting("sigla", lazy("Sigla of the company"), help=lazy("Four letters, in the names of the files."),
                check=_four_signs),
        Setting("resend", lazy("Debts that were sent before"), "choice", default="new_only", choices={
            "new_only": lazy("Only new and changed ones go into a file"),
            "all": lazy("Every file holds all that is open")},
            help=lazy("Ask the network whether a new file replaces the debts of the one before it.")),
    ), (
        lazy("Sign the contract of PagoMisCuentas with Prisma: it gives number and sigla of the company."),
        lazy("Agree which code the subscriber types as reference (Nro. Referencia): it cannot change later."),
        lazy("Files that are sent before 14:30 of a banking day can be paid from the next one on."),
        lazy("The money is credited 48 working hours after the payment; the file of collections comes with it."),
    ), ("ARS",), "PagoMisCuentas", counter=lambda access, debt: (
        debt.customer, _("In your home banking or cash machine choose PagoMisCuentas, then our name; this is your "
                         "reference.")), extra={"rehearsal": {"AR": {"empresa": "4321", "sigla": "PRUE"}}})
