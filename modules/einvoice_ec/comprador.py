"""Who buys: kind and number of his identification, and what a final consumer may not (ficha, 9.10, table 6). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.i18n import _
from modules.crm import countries
from modules.einvoice_ec import catalogs
from modules.einvoice_ec.catalogs import (
    CEDULA,
    CONSUMIDOR_FINAL,
    EXTERIOR,
    FACTURA,
    FINAL_CONSUMER,
    FINAL_CONSUMER_LIMIT,
    PASAPORTE,
    RUC,
)
from modules.einvoice_ec.emisor import street
from modules.einvoice_ec.findings import BAD_DIGIT, BAD_RECEIVER, DIFFERENCES, Draft, clean, money

NAME = "CONSUMIDOR FINAL"
LONGEST_NUMBER = 20


@dataclass(frozen=True)
class Comprador:
    """The buyer as the SRI writes him."""

    tipo: str
    razon_social: str
    identificacion: str
    direccion: str


def comprador(draft: Draft) -> Comprador:
    """The buyer of a case, with what is wrong about him."""
    party = draft.case.customer
    tipo = catalogs.identities().get(party.tax_id_kind.upper(), "")
    place = draft.text(street(party.address), "customer.address")
    if not tipo:
        draft.refuse("identity_kind", "customer.tax_id_kind", _(
            "To send this you must choose the kind of the customer's identification (%(known)s), not %(found)s.",
            known=", ".join(catalogs.identity_names().values()), found=party.tax_id_kind or _("nothing")))
        return Comprador("", draft.text(party.name, "customer.name", needed=True), clean(party.tax_id), place)
    if tipo == CONSUMIDOR_FINAL:
        return _final_consumer(draft, place)
    number = _number(draft, tipo)
    return Comprador(tipo, draft.text(party.name, "customer.name", needed=True), number, place)


def _final_consumer(draft: Draft, place: str) -> Comprador:
    said = clean(draft.case.customer.tax_id)
    if said and said != FINAL_CONSUMER:
        draft.refuse("final_consumer_number", "customer.tax_id", _(
            "To send this you must give the final consumer the number %(number)s, or say what kind of identification "
            "%(found)s is.", number=FINAL_CONSUMER, found=said), BAD_RECEIVER)
    if draft.kind.cod_doc != FACTURA:
        draft.refuse("final_consumer_note", "customer.tax_id_kind", _(
            "Sending is not possible because a factura to a final consumer is never credited, debited or annulled."),
            BAD_RECEIVER)
    return Comprador(CONSUMIDOR_FINAL, NAME, FINAL_CONSUMER, place)


def _number(draft: Draft, tipo: str) -> str:
    """The number in the SRI's form. A digit that fails is an error only where every number of the kind has one."""
    said = draft.text(draft.case.customer.tax_id, "customer.tax_id", LONGEST_NUMBER, needed=True)
    if not said or (tipo in (PASAPORTE, EXTERIOR) and said != FINAL_CONSUMER):
        return said.replace(" ", "")  # as it stands in the document of another country: nothing to check
    answer = countries.get("EC").validate(catalogs.identity_names()[tipo], said)
    where = "customer.tax_id"
    if answer.compact == FINAL_CONSUMER:
        draft.refuse("final_consumer_kind", "customer.tax_id_kind", _(
            "To send this you must choose the kind CONSUMIDOR_FINAL for the number %(number)s.",
            number=FINAL_CONSUMER), BAD_RECEIVER)
    elif not answer.valid:
        draft.refuse("identity", where, _(
            "To send this you must correct the customer's identification. %(reason)s", reason=answer.reason),
            BAD_DIGIT if tipo == CEDULA else BAD_RECEIVER)
    elif answer.warning:
        draft.remark("identity_digit", where, answer.warning, BAD_DIGIT)
    if tipo == RUC and answer.valid and answer.compact == draft.case.issuer.tax_id:
        draft.remark("receiver_is_issuer", where, _("Customer and issuer have the same RUC."))
    return answer.compact or clean(said)


def check_limit(draft: Draft, buyer: Comprador, total: Decimal) -> None:
    """Above USD 50 with tax the buyer must be identified (ficha, 9.10)."""
    if buyer.tipo == CONSUMIDOR_FINAL and total > FINAL_CONSUMER_LIMIT:
        draft.refuse("final_consumer_limit", "customer.tax_id_kind", _(
            "To issue for %(total)s you must identify the customer: a final consumer gets facturas up to %(limit)s.",
            total=money(total), limit=money(FINAL_CONSUMER_LIMIT)), DIFFERENCES)
