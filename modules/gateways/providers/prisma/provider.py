"""What PRISMA is, and what an account at it needs."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways.access import Setting
from modules.gateways.ports import Provider


def _establishment(value: Any) -> str:
    return "" if re.fullmatch("[0-9]{8}|[0-9]{10}", str(value)) else _(
        "The establishment has ten digits (First Data: eight).")


PROVIDER = Provider(
    "prisma", lazy("PRISMA: automatic debit on cards"), ("AR",), (
        Setting("establecimiento", lazy("Establishment"), check=_establishment,
                help=lazy("Ten digits, one for each kind of card.")),
        Setting("tipo", lazy("File"), "choice", default="DEBLIQC", choices={
            "DEBLIQC": lazy("DEBLIQC: Visa credit"), "DEBLIQD": lazy("DEBLIQD: Visa debit"),
            "DEBLIMC": lazy("DEBLIMC: Mastercard"),
            "firstdata_debito": lazy("First Data / Fiserv (not confirmed by the network)")}),
        Setting("control_debito", lazy("Prove count and total of Visa debit's answers"), "flag", required=False,
                default=True, help=lazy("Switch it off where the bank's answer has another last line.")),
    ), (
        lazy("Ask the acquirer for automatic debit: an establishment for each kind of card, and access to its site."),
        lazy("Ask for the calendar: until when a file is taken, and on which day its answer comes."),
        lazy("The money comes in the acquirer's settlement, its fee taken off, about 10 to 18 working days later."),
        lazy("Keep the subscriber's signed authorisation of the debit."),
    ), ("ARS",), "PRISMA", extra={"rehearsal": {"AR": {"establecimiento": "0012345678"}}})
