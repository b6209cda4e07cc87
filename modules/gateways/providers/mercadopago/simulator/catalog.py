"""Countries, ways to pay, and what names on test cards decide (reference 1 and 1.10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

TYPES = frozenset({"credit_card", "debit_card", "ticket", "atm", "bank_transfer", "prepaid_card", "account_money"})


@dataclass(frozen=True)
class Country:
    """A site: its currency and decimals, its clock, kinds of documents, ways to pay."""

    site: str
    currency: str
    decimals: int
    hours: int
    documents: tuple[str, ...]
    methods: tuple[dict[str, Any], ...]
    partial_refunds: bool = True

    @property
    def zone(self) -> dt.tzinfo:
        return dt.timezone(dt.timedelta(hours=self.hours))

    @property
    def cent(self) -> Decimal:
        return Decimal(1).scaleb(-self.decimals)

    def method(self, code: Any) -> dict[str, Any] | None:
        return next((one for one in self.methods if one["id"] == code), None)


def _way(code: str, name: str, kind: str, least: str = "1", most: str = "999999999", minutes: int = 0,
         needs: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": code, "name": name, "payment_type_id": kind, "status": "active", "min_allowed_amount": Decimal(least),
            "max_allowed_amount": Decimal(most), "accreditation_time": minutes, "additional_info_needed": list(needs)}


_DOCUMENT = ("identification_type", "identification_number")
_CARDS = (_way("visa", "Visa", "credit_card", minutes=2880), _way("master", "Mastercard", "credit_card", minutes=2880),
          _way("debvisa", "Visa Débito", "debit_card", minutes=1440),
          _way("account_money", "Dinero en mi cuenta de MercadoPago", "account_money"))

COUNTRIES: Mapping[str, Country] = {one.site: one for one in (
    Country("MLA", "ARS", 2, -4, ("DNI", "CI", "LE", "LC", "Otro"), (
        *_CARDS, _way("rapipago", "Rapipago", "ticket"), _way("pagofacil", "Pago Fácil", "ticket"),
        _way("cargavirtual", "Carga Virtual", "ticket"), _way("cobroexpress", "Cobro Express", "ticket"),
        _way("redlink", "Red Link", "atm"))),
    Country("MLB", "BRL", 2, -4, ("CPF", "CNPJ"), (
        *_CARDS, _way("bolbradesco", "Boleto", "ticket", needs=(*_DOCUMENT, "payer_first_name", "payer_address")),
        _way("pix", "PIX", "bank_transfer"))),
    Country("MLC", "CLP", 0, -4, ("RUT", "Otro"), _CARDS),
    Country("MLU", "UYU", 2, -3, ("CI", "Otro"), (
        *_CARDS, _way("abitab", "Abitab", "ticket", "1", "150000", needs=_DOCUMENT),
        _way("redpagos", "Redpagos", "ticket", "1", "150000", needs=_DOCUMENT))),
    Country("MCO", "COP", 0, -4, ("CC", "CE", "NIT", "Otro"), (
        *_CARDS, _way("efecty", "Efecty", "ticket",
                      needs=(*_DOCUMENT, "entity_type", "payer_first_name", "payer_address")))),
    Country("MLV", "VES", 2, -4, ("CI-V", "CI-E", "RIF", "Pasaporte"), _CARDS),
    Country("MPE", "PEN", 2, -5, ("DNI", "CE", "RUC", "Otro"), (
        *_CARDS, _way("pagoefectivo_atm", "PagoEfectivo", "atm")), partial_refunds=False),
    Country("MLM", "MXN", 2, -6, ("RFC", "CURP"), (
        *_CARDS, _way("oxxo", "OXXO", "ticket", "5", "10000", 2880),
        _way("paycash", "PayCash", "ticket", "20", "60000", needs=_DOCUMENT),
        _way("bancomer", "BBVA Bancomer", "atm", "5", "40000"), _way("banamex", "Citibanamex", "atm", "5", "40000"))),
)}

# what the name on a test card decides: (status, status_detail); any other name is approved
NAMES = {
    "APRO": ("approved", "accredited"), "OTHE": ("rejected", "cc_rejected_other_reason"),
    "CONT": ("in_process", "pending_contingency"), "CALL": ("rejected", "cc_rejected_call_for_authorize"),
    "FUND": ("rejected", "cc_rejected_insufficient_amount"),
    "SECU": ("rejected", "cc_rejected_bad_filled_security_code"), "EXPI": ("rejected", "cc_rejected_bad_filled_date"),
    "FORM": ("rejected", "cc_rejected_bad_filled_other"), "CARD": ("rejected", "cc_rejected_bad_filled_card_number"),
    "INST": ("rejected", "cc_rejected_invalid_installments"), "DUPL": ("rejected", "cc_rejected_duplicated_payment"),
    "LOCK": ("rejected", "cc_rejected_card_disabled"), "CTNA": ("rejected", "cc_rejected_card_type_not_allowed"),
    "ATTE": ("rejected", "cc_rejected_max_attempts"), "BLAC": ("rejected", "cc_rejected_blacklist"),
}
