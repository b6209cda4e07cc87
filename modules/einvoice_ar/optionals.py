"""Optional data of a document, and the rules of credit invoices (FCE MiPyME) that rest on them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.i18n import _
from modules.einvoice_ar.catalogs import CONDITIONS, optionals
from modules.einvoice_ar.findings import Draft

CBU, ALIAS, CANCELS, TRANSFER = "2101", "2102", "22", "27"
OF_CREDIT_INVOICES = (CBU, ALIAS, CANCELS, TRANSFER)
# optional data that only some types bear (10068); the others go with all
ONLY_WITH = {"2": (1, 2, 3, 6, 7, 8), **dict.fromkeys(("5", "61", "62", "7"), (1, 2, 3, 51, 52, 53)),
             **dict.fromkeys(("91", "92", "93"), (49,)), "17": (6, 7, 8, 11, 12, 13)}
MAY_REPEAT = ("1801", "1802", "2901", "2902")
WHERE = "extra.Opcionales"


def optional_data(draft: Draft) -> dict[str, Any]:
    """Opcionales, absent where there are none."""
    entries = _entries(draft)
    values = {entry["Id"]: entry["Valor"] for entry in entries}
    if draft.kind.is_credit_invoice:
        _check_credit_invoice(draft, values)
    elif set(values) & set(OF_CREDIT_INVOICES):
        draft.refuse("fce_data", WHERE, _(
            "To send this you must take CBU, alias, transfer and cancellation away: only credit invoices (FCE) bear "
            "them."), 10169)
    return {"Opcionales": {"Opcional": entries}} if entries else {}


def _entries(draft: Draft) -> list[dict[str, str]]:
    given = draft.extra.get("Opcionales")
    if isinstance(given, Mapping):
        given = given.get("Opcional")
    entries: list[dict[str, str]] = []
    for index, entry in enumerate(given if isinstance(given, list) else []):
        said = entry if isinstance(entry, Mapping) else {}
        made = {"Id": str(said.get("Id") or ""), "Valor": str(said.get("Valor") or "")}
        _check_entry(draft, f"{WHERE}[{index}]", made, [one["Id"] for one in entries])
        entries.append(made)
    return entries


def _check_entry(draft: Draft, where: str, entry: dict[str, str], before: list[str]) -> None:
    name = entry["Id"]
    if name not in optionals():
        draft.refuse("optional_unknown", f"{where}.Id", _(
            "To send this you must choose optional data that ARCA knows; %(id)s is none.", id=name or _("nothing")),
            10053)
    elif name in before and name not in MAY_REPEAT:
        draft.refuse("optional_repeated", f"{where}.Id", _(
            "To send this you must give the optional data %(id)s only once.", id=name), 10054)
    elif draft.kind.id not in ONLY_WITH.get(name, (draft.kind.id,)):
        draft.refuse("optional_not_of_type", f"{where}.Id", _(
            "Sending is not possible because a %(name)s does not bear the optional data %(id)s.",
            name=draft.kind.name, id=name), 10068)
    if not entry["Valor"]:
        draft.refuse("optional_empty", f"{where}.Valor", _(
            "To send this you must give the optional data %(id)s a value.", id=name), 10055)


def _check_credit_invoice(draft: Draft, values: Mapping[str, str]) -> None:
    if draft.condition == CONDITIONS["NC"]:
        draft.refuse("fce_not_categorised", "customer.tax_condition", _(
            "Issuing a credit invoice (FCE) is not possible because the customer is not categorised."), 10178)
    if not values:
        draft.refuse("fce_data_missing", WHERE, _(
            "To issue a credit invoice (FCE) you must give its optional data: CBU (2101) and transfer (27) on "
            "invoices, cancellation (22) on notes."), 10162)
    elif draft.kind.is_note:
        _check_fce_note(draft, values)
    else:
        _check_fce_invoice(draft, values)


def _check_fce_note(draft: Draft, values: Mapping[str, str]) -> None:
    if CANCELS not in values:
        draft.refuse("fce_cancels_missing", WHERE, _(
            "To issue a note of a credit invoice (FCE) you must say whether it cancels it (22: S or N)."), 10173)
    elif values[CANCELS] not in ("S", "N"):
        draft.refuse("fce_cancels", WHERE, _("To send this you must give the optional data 22 as S or N."), 10167)
    if set(values) & {CBU, ALIAS, TRANSFER}:
        draft.refuse("fce_cbu_in_note", WHERE, _(
            "To send this you must take CBU, alias and transfer away: only credit invoices bear them, not their "
            "notes."), 10172)


def _check_fce_invoice(draft: Draft, values: Mapping[str, str]) -> None:
    if CANCELS in values:
        draft.refuse("fce_cancels_in_invoice", WHERE, _(
            "To send this you must take the cancellation (22) away: only notes bear it."), 10171)
    if CBU not in values:
        draft.refuse("fce_cbu_missing", WHERE, _("To issue a credit invoice (FCE) you must give your CBU (2101)."),
                     10168)
    elif not (len(values[CBU]) == 22 and values[CBU].isdecimal()):
        draft.refuse("fce_cbu", WHERE, _("To send this you must give a CBU of 22 digits, not %(found)s.",
                                         found=values[CBU]), 10165)
    transfer = values.get(TRANSFER)
    if transfer is None:
        draft.refuse("fce_transfer_missing", WHERE, _(
            "To issue a credit invoice (FCE) you must choose how it may be transferred (27: SCA or ADC)."), 10216)
    elif transfer not in ("SCA", "ADC"):
        draft.refuse("fce_transfer", WHERE, _("To send this you must give the optional data 27 as SCA or ADC."),
                     10215 if len(transfer) == 3 else 10214)


def cancels(draft: Draft) -> bool:
    """Whether a note of a credit invoice cancels it (22: S)."""
    given = draft.extra.get("Opcionales")
    entries = given.get("Opcional") if isinstance(given, Mapping) else given
    return any(isinstance(entry, Mapping) and str(entry.get("Id")) == CANCELS and entry.get("Valor") == "S"
               for entry in entries or [])
