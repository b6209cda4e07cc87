"""What `abona einvoice preview` answers about Ecuadorian cases, for tables of them."""

from __future__ import annotations

from typing import Any

from lxml import etree

from modules.einvoice_ec.catalogs import messages
from tests.modules.einvoice_ec.cases import case, line, note
from tests.modules.preview_command import accepted, found

RIMPE = "CONTRIBUYENTE RÉGIMEN RIMPE"
POPULAR = "CONTRIBUYENTE NEGOCIO POPULAR - RÉGIMEN RIMPE"


def debit(**changes: Any) -> dict[str, Any]:
    return note("debit_note", **changes)


KINDS = [case, note, debit]


def tree(data: dict[str, Any]) -> Any:
    """The voucher's XML, where nothing is refused."""
    return etree.fromstring(accepted(data)["payload"].encode())


def refused(data: dict[str, Any]) -> set[tuple[str, str]]:
    """(field, code) of what is refused, every code one of the SRI's."""
    said = found(data)
    assert {code for _field, code in said} <= set(messages())
    return said


def taxed(*taxes: Any, **changes: Any) -> dict[str, Any]:
    """A factura of one line with these taxes."""
    return case(lines=[line(taxes=list(taxes))], **changes)


def iva(rate: str, **more: Any) -> dict[str, Any]:
    return {"code": "VAT", "rate": rate, **more}


def ice(code: str, rate: str) -> dict[str, Any]:
    return {"code": "ICE", "rate": rate, "codigoPorcentaje": code}
