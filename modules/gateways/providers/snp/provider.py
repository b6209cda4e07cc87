"""What direct debit on accounts needs."""

from __future__ import annotations

from typing import Any

from stdnum.ar import cuit

from core.i18n import _, lazy
from modules.gateways.access import Setting
from modules.gateways.ports import Provider


def _cuit(value: Any) -> str:
    return "" if cuit.is_valid(str(value)) else _("This is no valid CUIT.")


PROVIDER = Provider(
    "snp", lazy("Direct debit on bank accounts (CBU)"), ("AR",), (
        Setting("cuit", lazy("CUIT of the company"), check=_cuit),
        Setting("servicio", lazy("Service"), help=lazy("At most ten characters, as in the contract with the bank.")),
    ), (
        lazy("Ask the bank which file it takes: this is the one of 250 characters; Galicia and Macro have others."),
        lazy("Keep the subscriber's signed authorisation of the debit."),
        lazy("Try a real answer of the bank before you rely on it."),
    ), ("ARS",), "CBU", confirmed=False)
