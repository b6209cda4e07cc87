"""Mercado Pago's countries: currency, decimals, what is paid without a card, kinds of documents (reference 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.errors import DomainError
from core.i18n import _, lazy
from modules.gateways.access import Access

LINK = "link"
# what a ticket wants to know of the payer
EMAIL, DOCUMENT, NAME, ADDRESS = "email", "document", "name", "address"


@dataclass(frozen=True)
class Ticket:
    """A way to pay without a card: limits (None: not known), what it wants of the payer."""

    title: Any
    least: Decimal | None = None
    most: Decimal | None = None
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Site:
    """One country. `documents`: our kinds to theirs; `other` is theirs for what has none ("" where there is no such).

    `partial_refunds` False: only whole payments can be given back.
    """

    code: str
    country: str
    title: Any
    currency: str
    decimals: int
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    other: str = "Otro"
    partial_refunds: bool = True

    @property
    def cent(self) -> Decimal:
        """The smallest amount that can be asked for."""
        return Decimal(1).scaleb(-self.decimals)


def _ticket(title: Any, least: str = "", most: str = "", *needs: str) -> Ticket:
    return Ticket(title, Decimal(least) if least else None, Decimal(most) if most else None,
                  frozenset({EMAIL, *needs}))


SITES: dict[str, Site] = {site.code: site for site in (
    Site("MLA", "AR", lazy("Argentina"), "ARS", 2, {
        "rapipago": _ticket("Rapipago"), "pagofacil": _ticket("Pago Fácil"), "cargavirtual": _ticket("Carga Virtual"),
        "cobroexpress": _ticket("Cobro Express"), "redlink": _ticket("Red Link")},
        {"DNI": "DNI", "LE": "LE", "LC": "LC"}),
    Site("MLB", "BR", lazy("Brazil"), "BRL", 2, {
        "bolbradesco": _ticket("Boleto", "", "", DOCUMENT, NAME, ADDRESS), "pix": _ticket("Pix")},
        {"CPF": "CPF", "CNPJ": "CNPJ"}, ""),
    Site("MLC", "CL", lazy("Chile"), "CLP", 0, {}, {"RUT": "RUT"}),
    Site("MLU", "UY", lazy("Uruguay"), "UYU", 2, {
        "abitab": _ticket("Abitab", "1", "150000", DOCUMENT),
        "redpagos": _ticket("Redpagos", "1", "150000", DOCUMENT)}, {"CI": "CI"}),
    Site("MCO", "CO", lazy("Colombia"), "COP", 0, {
        "efecty": _ticket("Efecty", "", "", DOCUMENT, NAME, ADDRESS)}, {"CC": "CC", "CE": "CE", "NIT": "NIT"}),
    Site("MLV", "VE", lazy("Venezuela"), "VES", 2, {},
         {"RIF": "RIF", "CEDULA": "CI-V", "PASAPORTE": "Pasaporte"}, ""),
    Site("MPE", "PE", lazy("Peru"), "PEN", 2, {"pagoefectivo_atm": _ticket("PagoEfectivo")},
         {"DNI": "DNI", "CE": "CE", "RUC": "RUC"}, partial_refunds=False),
    Site("MLM", "MX", lazy("Mexico"), "MXN", 2, {
        "oxxo": _ticket("OXXO", "5", "10000"), "paycash": _ticket("PayCash", "20", "60000", DOCUMENT),
        "bancomer": _ticket("BBVA", "5", "40000"), "banamex": _ticket("Citibanamex", "5", "40000")},
        {"RFC": "RFC", "CURP": "CURP"}, ""),
)}
BY_COUNTRY: dict[str, Site] = {site.country: site for site in SITES.values()}
METHODS: dict[str, Any] = {LINK: lazy("Mercado Pago page"), **{
    code: ticket.title for site in SITES.values() for code, ticket in site.tickets.items()}}


def site_of(access: Access) -> Site | None:
    """The account's country: its setting, else the company's; None where neither is known."""
    return SITES.get(str(access.get("site"))) or BY_COUNTRY.get(access.country)


def need_site(access: Access) -> Site:
    """The account's country; DomainError where it is not known."""
    found = site_of(access)
    if found is None:
        raise DomainError(_("To use Mercado Pago you must say in which of its countries the account is."),
                          field="site")
    return found
