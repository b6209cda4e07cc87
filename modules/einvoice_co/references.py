"""What notes correct: the invoice with its CUFE, and the concept (reference 1.6, 2.4, 3.6). Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from core.i18n import _
from modules.crm import names
from modules.einvoice.case import Reference
from modules.einvoice_co.catalogs import codes
from modules.einvoice_co.cufe import KEY
from modules.einvoice_co.findings import Draft, flattened

# 5 and above differ between the lists and are not sent (reference 1.6)
CONCEPTS = ("1", "2", "3", "4")
# what a note may correct, as we, the DIAN and people call it
_INVOICES = ("", "invoice", "factura", "01", "02", "03", "04", "1", "fev", "fv")
GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# 2, 02, and 2 - Anulación
_CODE = re.compile(r"0?(\d)(\s*[-.:](\s.*)?)?")
_WORDS = {"credit_note": {"return": "1", "devolucion": "1", "cancellation": "2", "annulment": "2", "anulacion": "2",
                          "discount": "3", "descuento": "3", "rebaja": "3", "price": "4", "price_adjustment": "4",
                          "ajuste de precio": "4", "ajuste": "4"},
          "debit_note": {"interest": "1", "intereses": "1", "expenses": "2", "gastos": "2", "value": "3", "other": "4",
                         "otros": "4"}}


@dataclass(frozen=True)
class Corrected:
    """An invoice that a note corrects; `id` is Siigo's."""

    number: str
    prefix: str
    digits: int
    date: dt.date | None
    cufe: str
    concept: str
    id: str = ""
    # the reason in own words, where the concept was said apart
    words: str = ""

    def concept_name(self, kind: str) -> str:
        """The DIAN's words for the concept."""
        return concepts(kind).get(self.concept, "")


def concepts(kind: str) -> dict[str, str]:
    """{code: words} of the concepts of a kind of note, those that are sent."""
    listed = codes("concepto_nota_credito" if kind == "credit_note" else "concepto_nota_debito")
    return {code: words for code, words in listed.items() if code in CONCEPTS}


def corrected(draft: Draft) -> tuple[Corrected, ...]:
    """The invoices of the note; empty of an invoice."""
    if not draft.is_note:
        return ()
    if not draft.case.references and operation(draft) not in ("22", "32"):
        draft.refuse("reference_missing", "references", _(
            "To issue a note you must refer to the invoice that it corrects."), "109", "parameter_required")
    return tuple(_one(draft, index, one) for index, one in enumerate(draft.case.references))


def operation(draft: Draft) -> str:
    """tipoOperacion: 10 of invoices, 20 and 30 of notes that refer to one; 22 and 32 only where it was said."""
    said = draft.text("tipoOperacion", "CustomizationID")
    usual = {"credit_note": "20", "debit_note": "30"}.get(draft.case.kind, "10")
    allowed = {"20": ("20", "22"), "30": ("30", "32"), "10": ("10", "09", "11")}[usual]
    if said and said not in allowed:
        draft.refuse("operation", draft.where("tipoOperacion", "CustomizationID"), _(
            "To send this you must choose the kind of operation %(known)s, not %(found)s.",
            known=", ".join(allowed), found=said))
    return said if said in allowed else usual


def _one(draft: Draft, index: int, one: Reference) -> Corrected:
    where, more = f"references[{index}]", flattened(one.entry, "")
    found = str(more.get("id", more.get("invoice", ("", "")))[0]) or draft.text("invoice")
    if one.kind.lower() not in _INVOICES:
        draft.refuse("reference_kind", f"{where}.kind", _(
            "To issue a note you must refer to an invoice, not to %(found)s.", found=one.kind), "109",
            "invalid_reference")
    if one.number is None or one.number < 1:
        draft.refuse("reference_number", f"{where}.number", _(
            "To send this you must give the number of the invoice that is corrected."), "109", "parameter_required")
    cufe = one.authorization_code.lower()
    if draft.provider == "siigo" and GUID.fullmatch(cufe):  # Siigo's own name of its invoice
        found, cufe = found or cufe, ""
    if not KEY.fullmatch(cufe) and not (draft.provider == "siigo" and found and not cufe):
        draft.refuse("reference_cufe", f"{where}.authorization_code", _(
            "To send this you must give the CUFE of the invoice (96 hexadecimal digits), not %(found)s.",
            found=one.authorization_code[:40] or _("nothing")), "109", "invalid_reference")
    _check_date(draft, where, one)
    return Corrected(f"{one.series}{one.number or ''}", one.series, one.number or 0, one.date, cufe,
                     _concept(draft, where, one, more), found, one.reason if _own(draft, more) else "")


def _check_date(draft: Draft, where: str, one: Reference) -> None:
    if one.date is None:
        draft.refuse("reference_date", f"{where}.date", _(
            "To send this you must give the date of the invoice that is corrected."), "109", "parameter_required")
    elif one.date > draft.date:
        draft.refuse("reference_later", f"{where}.date", _(
            "Sending is not possible because the invoice referred to is dated after the note."), "110",
            "invalid_date")


def _own(draft: Draft, more: dict[str, tuple[Any, str]]) -> str:
    """The concept in a field of its own, of the reference or of the document."""
    return str(more.get("codigoestatusdocumento", more.get("concepto", ("", "")))[0]) or draft.text(
        "codigoEstatusDocumento", "concepto", "conceptoNota")


def _concept(draft: Draft, where: str, one: Reference, more: dict[str, tuple[Any, str]]) -> str:
    said = _own(draft, more) or one.reason.strip()
    led = _CODE.fullmatch(said)
    said = led[1] if led else said
    words = _WORDS[draft.case.kind]
    found = said if said in CONCEPTS else words.get(said.lower(), words.get(names.fold(said), ""))
    found = found or next((code for code, text in concepts(draft.case.kind).items()
                           if names.fold(text) == names.fold(said)), "")
    if not found:
        draft.refuse("reference_reason", f"{where}.reason", _(
            "To issue a note you must choose its concept (%(known)s), not %(found)s.", known="; ".join(
                f"{code} {text}" for code, text in concepts(draft.case.kind).items()), found=said or _("nothing")),
            "109", "invalid_range")
    return found
