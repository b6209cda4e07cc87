"""What Pago Fácil is, and what an account at it needs."""

from __future__ import annotations

import re
from typing import Any

from core.i18n import _, lazy
from modules.gateways.access import Setting
from modules.gateways.ports import Provider


def _four_digits(value: Any) -> str:
    return "" if re.fullmatch("[0-9]{4}", str(value)) else _("The company's number has four digits.")


PROVIDER = Provider(
    "pagofacil", lazy("Pago Fácil (own contract)"), ("AR",), (
        Setting("empresa", lazy("Company's number"), check=_four_digits),
        Setting("variante", lazy("Collection file"), "choice", default="A", choices={
            "A": lazy("A: three lines per payment"), "B": lazy("B: one line per payment")}),
        Setting("barra", lazy("Fields of the bar code"), "list", required=False, help=lazy(
            "One per line, as the contract says: empresa:4, importe:8, vencimiento:5, cliente:14, =0, recargo:6, "
            "dias:2. Two check digits follow. Empty: the payment code of 14 digits.")),
    ), (
        lazy("Ask Pago Fácil for the description of its collection file and of the slip, and try a real file first."),
        lazy("Most companies reach Pago Fácil through SIRO, CobroDigital or Mercado Pago instead."),
    ), ("ARS",), "Pago Fácil", confirmed=False,
    extra={"rehearsal": {"AR": {"empresa": "8120"}}})
