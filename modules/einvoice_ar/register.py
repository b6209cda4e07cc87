"""ws_sr_constancia_inscripcion: who is behind a CUIT, and in which tax condition (argentina.md, section 6.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zeep.exceptions import Fault
from zeep.helpers import serialize_object

from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from core.scope import current_company
from modules.einvoice_ar import access, soap, wsaa
from modules.einvoice_ar.endpoints import address

LIST_SIZE = 250
VAT, MONOTRIBUTO, VAT_EXEMPT = 30, 20, 32
# categories of the social monotributo
SOCIAL = {61, *range(98, 105)}


@dataclass(frozen=True)
class Taxpayer:
    """What the register says; `condition` is a code of crm (RI, MO, MS, EX), "" where staff must decide."""

    cuit: str
    name: str
    active: bool
    condition: str
    street: str
    city: str
    region: str
    postal_code: str
    errors: tuple[str, ...] = ()


def look_up(cuit: str) -> Taxpayer | None:
    """One taxpayer; None where the register does not know the CUIT. Talks to ARCA; commits."""
    return next(iter(look_up_many([cuit]).values()), None)


def look_up_many(cuits: Sequence[str]) -> dict[str, Taxpayer]:
    """Taxpayers by CUIT, 250 per call; those that the register does not know are missing."""
    environment, company_cuit = access.environment(), current_company().tax_id
    ticket = access.ticket(environment, wsaa.REGISTER)
    found: dict[str, Taxpayer] = {}
    for start in range(0, len(cuits), LIST_SIZE):
        rows = _ask(environment, ticket, company_cuit, list(cuits[start:start + LIST_SIZE]))
        found |= {person.cuit: person for person in rows}
    return found


def _ask(environment: str, ticket: wsaa.Ticket, own: str, cuits: list[str]) -> Iterator[Taxpayer]:
    try:
        answer = soap.call("register", address(environment, "register"), "getPersonaList_v2", token=ticket.token,
                           sign=ticket.sign, cuitRepresentada=own, idPersona=cuits)
    except Unknown as error:
        raise Unavailable(error.message) from error
    except Fault as fault:
        text = fault.message or ""
        if "token" in text.lower():
            wsaa.forget(ticket.row_id)
            raise Unavailable(text) from fault
        raise Rejected(_("The register refused the question: %(text)s", text=text)) from fault
    people = (serialize_object(answer, dict) or {}).get("persona") or []
    return (person for person in map(_taxpayer, people) if person is not None)


def _taxpayer(row: dict[str, Any]) -> Taxpayer | None:
    data = row.get("datosGenerales") or {}
    errors = tuple(str(text) for part in ("errorConstancia", "errorMonotributo", "errorRegimenGeneral")
                   for text in ((row.get(part) or {}).get("error") or []))
    if not data.get("idPersona"):
        return None
    home = data.get("domicilioFiscal") or {}
    name = data.get("razonSocial") or " ".join(filter(None, (data.get("apellido"), data.get("nombre"))))
    return Taxpayer(
        cuit=str(data["idPersona"]), name=name, active=data.get("estadoClave") == "ACTIVO", condition=_condition(row),
        street=home.get("direccion") or "", city=home.get("localidad") or "",
        region=home.get("descripcionProvincia") or "", postal_code=home.get("codPostal") or "", errors=errors)


def _condition(row: dict[str, Any]) -> str:
    """Active taxes decide: 20 monotributo, 30 VAT, 32 exempt."""
    single = row.get("datosMonotributo") or {}
    category = single.get("categoriaMonotributo") or {}
    if category or _active(single, MONOTRIBUTO):
        return "MS" if category.get("idCategoria") in SOCIAL else "MO"
    general = row.get("datosRegimenGeneral") or {}
    if _active(general, VAT):
        return "RI"
    return "EX" if _active(general, VAT_EXEMPT) else ""


def _active(part: dict[str, Any], tax: int) -> bool:
    return any(one.get("idImpuesto") == tax and one.get("estadoImpuesto", "AC") == "AC"
               for one in part.get("impuesto") or [])
