"""CfdiRelacionados: the stamped documents that this one corrects or replaces, one node per kind of relation. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from core.i18n import _
from modules.einvoice.case import Reference
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.findings import Draft, money
from modules.einvoice_mx.qr import UUID

CREDIT, DEBIT, RETURNED, REPLACES = "01", "02", "03", "04"
USUAL = {"credit_note": CREDIT, "debit_note": DEBIT, "invoice": REPLACES}


def relations(draft: Draft, total: Decimal) -> dict[str, list[str]]:
    """{TipoRelacion: [UUID, …]}."""
    found: dict[str, list[str]] = {}
    for index, one in enumerate(draft.case.references):
        uuids = found.setdefault(_kind(draft, index, one), [])
        uuid = _uuid(draft, index, one)
        if uuid in uuids:
            draft.refuse("reference_repeated", f"references[{index}].authorization_code", _(
                "To send this you must refer to each document only once."), "301")
        uuids.append(uuid)
    if draft.case.kind in ("credit_note", "debit_note") and not draft.case.references:
        draft.refuse("reference_missing", "references", _(
            "To issue a note you must refer to the stamped invoice that it corrects, by its UUID."), "CFDI40137")
    _check_amount(draft, total)
    return found


def _kind(draft: Draft, index: int, one: Reference) -> str:
    said = str(one.entry.get("TipoRelacion") or (one.kind if re.fullmatch(r"\d\d", one.kind) else "")
               or draft.extra.get("TipoRelacion") or USUAL[draft.case.kind]).strip()
    if said not in catalogs.relations():
        name = "kind" if said == one.kind else "TipoRelacion"
        draft.refuse("relation", f"references[{index}].{name}", _(
            "To send this you must give a relation that the SAT has (01 to 07), not %(found)s.", found=said),
            "CFDI40137")
    return said


def _uuid(draft: Draft, index: int, one: Reference) -> str:
    said = one.authorization_code.strip()
    if not re.fullmatch(UUID, said):
        draft.refuse("reference_uuid", f"references[{index}].authorization_code", _(
            "To send this you must give the UUID of the stamped document referred to, not %(found)s.",
            found=said or _("nothing")), "301")
    return said.upper()


def _check_amount(draft: Draft, total: Decimal) -> None:
    """A credit does not exceed what it corrects (reference: Mexico, 1.5)."""
    amounts = [one.amount for one in draft.case.references]
    if draft.kind != "E" or not amounts or None in amounts:
        return
    known = sum((amount for amount in amounts if amount is not None), Decimal(0))
    if total > known:
        draft.refuse("credit_too_high", "references", _(
            "Sending is not possible because the credit (%(total)s) is above what it corrects (%(known)s).",
            total=money(total), known=money(known)))
