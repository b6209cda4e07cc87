"""What a note modifies, and why (peru.md, 1.7; catalogues 9 and 10). Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.crm import names
from modules.einvoice.case import Reference
from modules.einvoice_pe.catalogs import BOLETA, CREDITO, FACTURA, note_kinds
from modules.einvoice_pe.findings import Draft, whole

ANNULMENT, DECREASE, PENDING_AMOUNT = 1, 9, 13
INCREASE = 2
_KINDS = {"1": FACTURA, "01": FACTURA, "FACTURA": FACTURA, "2": BOLETA, "03": BOLETA, "BOLETA": BOLETA}
# said of either: the series tells which
_EITHER = ("", "INVOICE", "RECEIPT")
# 06, and 06 - Devolución total
_CODE = re.compile(r"(\d{1,2})(\s*[-.:](\s.*)?)?")
_SERIES = re.compile(r"[A-Z0-9]{4}")


def choose_modified(draft: Draft) -> None:
    """The type of the document that a note modifies: as said, else by the letter of its series, or of the note's."""
    if not draft.is_note:
        return
    first = draft.case.references[0] if draft.case.references else Reference()
    letters = [series[:1] for series in (first.series.upper(), draft.series) if series[:1] in ("F", "B")]
    draft.modified = _KINDS.get(first.kind.upper(), FACTURA if letters[:1] == ["F"] else BOLETA)


def references(draft: Draft, total: Decimal) -> dict[str, Any]:
    """documento_que_se_modifica_… and the note's type; empty on other documents."""
    empty = {"documento_que_se_modifica_tipo": "", "documento_que_se_modifica_serie": "",
             "documento_que_se_modifica_numero": "", "tipo_de_nota_de_credito": "", "tipo_de_nota_de_debito": ""}
    given = draft.case.references
    if not draft.is_note:
        return empty
    if len(given) != 1:
        draft.refuse("reference", "references", _(
            "To send a note you must refer to the one document that it modifies; found: %(count)s.",
            count=len(given)), 2524 if not given else 2884)
        return empty
    _check(draft, given[0], total)
    found = empty | {"documento_que_se_modifica_tipo": draft.modified,
                     "documento_que_se_modifica_serie": given[0].series.upper(),
                     "documento_que_se_modifica_numero": given[0].number or ""}
    found[_field(draft)] = _kind(draft, given[0], total)
    return found


def _field(draft: Draft) -> str:
    return "tipo_de_nota_de_credito" if draft.kind == CREDITO else "tipo_de_nota_de_debito"


def _check(draft: Draft, given: Reference, total: Decimal) -> None:
    credit = draft.kind == CREDITO
    series = given.series.upper()
    letter = "F" if draft.modified == FACTURA else "B"
    if given.kind.upper() not in (*_KINDS, *_EITHER):
        draft.refuse("reference_kind", "references[0].kind", _(
            "To send a note the document that it modifies must be a factura (01) or a boleta (03), not %(found)s.",
            found=given.kind), 2399 if credit else 2400)
    if not _SERIES.fullmatch(series) or given.number is None or not 1 <= given.number <= 99_999_999:
        draft.refuse("reference_number", "references[0].series" if not _SERIES.fullmatch(series) else
                     "references[0].number", _(
                         "To send a note you must give series (four characters) and number of the document that it "
                         "modifies."), 2117 if credit else 2205)
    elif series[0] in "FB" and series[0] != letter:
        draft.refuse("reference_kind", "references[0].kind", _(
            "To send a note the kind of the document that it modifies must go with its series %(series)s.",
            series=series), (2116 if letter == "F" else 2399) if credit else (2204 if letter == "F" else 2400))
    if given.date and given.date > draft.date:
        draft.refuse("reference_date", "references[0].date", _(
            "To send a note it must not be dated before the document that it modifies (%(date)s).",
            date=given.date.isoformat()), 2885)
    currency = str(given.entry.get("currency") or "").upper()
    if currency and currency != draft.case.currency.upper():
        draft.refuse("reference_currency", "currency", _(
            "To send a note it must be in the currency of the document that it modifies (%(currency)s).",
            currency=currency), 3209)
    if credit and given.amount is not None and total > given.amount:
        draft.remark("reference_amount", "references[0].amount", _(
            "This note is for more than the document that it modifies (%(amount)s).", amount=f"{given.amount:.2f}"),
            4028)


def note_kind(draft: Draft) -> int:
    """The type of note that was asked for, in Nubefact's numbers; 0 where none was, -1 where it does not exist."""
    said = _said(draft)
    if said not in (None, ""):
        chosen = whole(said) or 0
        return chosen if chosen in note_kinds(draft.kind) else -1
    return _of_reason(draft)


def _said(draft: Draft) -> Any:
    """Nubefact's own field, of the document or in its reference."""
    entry = draft.case.references[0].entry if draft.case.references else {}
    return draft.extra.get(_field(draft)) or entry.get(_field(draft))


def _of_reason(draft: Draft) -> int:
    """A bare code in the reason is SUNAT's, where the two differ: credit 11 and 12, debit 11 and 12; or its name."""
    reason = draft.case.references[0].reason.strip() if draft.case.references else ""
    kinds = note_kinds(draft.kind)
    led = _CODE.fullmatch(reason)
    if led:
        code = led[1].zfill(2)
        return next((one.number for one in kinds.values() if one.sunat == code), int(code) if int(code) in kinds
                    else -1)
    return next((one.number for one in kinds.values() if names.fold(one.name) == names.fold(reason)), 0)


def _kind(draft: Draft, given: Reference, total: Decimal) -> int:
    chosen = note_kind(draft)
    if chosen < 0:
        known = ", ".join(f"{one.number} {one.name}" for one in note_kinds(draft.kind).values())
        said = _said(draft)
        draft.refuse("note_kind", f"extra.{_field(draft)}" if said not in (None, "") else "references[0].reason", _(
            "To send a note you must choose a kind that exists (%(known)s), not %(found)s.", known=known,
            found=said or given.reason), 2172 if draft.kind == CREDITO else 2173)
    if draft.kind == CREDITO and chosen == PENDING_AMOUNT and draft.modified != FACTURA:
        draft.refuse("note_13", f"extra.{_field(draft)}", _(
            "Sending is not possible because a note of kind 13 only modifies a factura on credit."), 3259)
    if chosen:
        return max(chosen, 0)
    if draft.kind != CREDITO:
        return INCREASE
    return DECREASE if given.amount is not None and total < given.amount else ANNULMENT
