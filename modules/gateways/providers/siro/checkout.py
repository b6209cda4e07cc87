"""SIRO's payment button: a page per intent, which ends by itself on its day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from core.i18n import _, lazy
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.siro import codes
from modules.gateways.providers.siro.client import Siro
from modules.gateways.records import plain
from modules.gateways.shapes import Attempt, Debt, Opened

# the bank's clock
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")


class Checkout:
    """Opened: `provider_ref` is the hash of the intent, `data` what we sent, to be compared with what is read."""

    methods: Mapping[str, Any] = {"link": lazy("Payment button of SIRO")}

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        try:
            dues.check(debt, 3)
            codes.customer(debt)
        except BadDebt as error:
            return str(error)
        return "" if method in self.methods else _("SIRO opens no %(method)s.", method=method)

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        body = request(access, debt, attempt)
        page, intent = Siro(access).open_payment(body)
        return Opened(intent, page, expires_at=attempt.expires_at, data={
            "cpe": body["nro_cliente_empresa"], "amount": f"{body['Importe']:.2f}"})

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """An intent whose answer was lost has a page that nobody knows: another one is opened."""
        return None

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        """SIRO has no call for it: the page ends on the day that was sent with it."""


def request(access: Access, debt: Debt, attempt: Attempt) -> dict[str, Any]:
    """What opens an intent. Pure."""
    title = " ".join(plain(debt.concept or attempt.description).split())[:40] or "PAGO"
    expires: dt.datetime = attempt.expires_at.astimezone(ZONE)
    back = attempt.return_url or access.return_url
    return {"nro_cliente_empresa": codes.cpe(access, codes.customer(debt)), "nro_comprobante": _twenty_digits(debt),
            "Concepto": title, "Importe": debt.amount, "URL_OK": back, "URL_ERROR": back,
            "IdReferenciaOperacion": attempt.reference, "FechaExpiracion": f"{expires:%Y-%m-%dT%H:%M:%S}",
            "Detalle": [{"Descripcion": title, "Importe": debt.amount}]}


def _twenty_digits(debt: Debt) -> str:
    """The debt's identity with digits only."""
    number = "".join(sign for sign in codes.invoice_id(debt) if sign.isdigit())
    return number.zfill(20)
