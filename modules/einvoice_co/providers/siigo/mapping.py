"""From what was read to Siigo's invoice and credit note (reference 3.5, 3.6). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import HUNDRED
from modules.einvoice_co.amounts import CO, Row
from modules.einvoice_co.catalogs import CREDIT, codes
from modules.einvoice_co.findings import Draft, decimals, flattened, whole
from modules.einvoice_co.mapping import Parts
from modules.einvoice_co.payment import is_payment_type
from modules.einvoice_co.providers.siigo import customers

MOST_ITEMS, MOST_TAXES, OBSERVATIONS, PRICE_DECIMALS = 500, 3, 4000, 6
ODD_CENT = "Ajuste al centavo"


def request(parts: Parts) -> dict[str, Any]:
    """The body of POST /v1/invoices or /v1/credit-notes; the customer is created before (customers.py)."""
    draft = parts.draft
    if draft.case.kind == "debit_note":
        draft.refuse("debit_note", "kind", _(
            "To issue a debit note you must make it in Siigo Nube: Siigo's interface takes none."),
            siigo="invalid_document")
    customers.check(parts)
    if len(parts.amounts.rows) + sum(bool(row.odd) for row in parts.amounts.rows) > MOST_ITEMS:
        draft.refuse("too_many_lines", "lines", _("To send this you must give the document 500 lines at most."),
                     siigo="invalid_array")
    items = [_item(draft, index, row) for index, row in enumerate(parts.amounts.rows)]
    items += [_odd(draft, row) for row in parts.amounts.rows if row.odd]
    made: dict[str, Any] = {"document": {"id": _document(draft)}, **_number(draft), "date": draft.date.isoformat()}
    made |= _of_note(parts) if draft.is_note else {"customer": customers.identified(parts),
                                                   "seller": _seller(draft)}
    made |= _cost_center(draft) | {
        "stamp": {"send": draft.said("stampsend") is not False},
        "mail": {"send": draft.said("mailsend") is not False and bool(parts.buyer.email)}}
    made |= _observations(draft) | _retentions(draft)
    return made | {"items": items, "payments": [_payment(parts)]}


# --- settings of the company ---------------------------------------------------------------------------


def _document(draft: Draft) -> int:
    """The id of the document type; of the first active one that is electronic where the catalog was given."""
    names = ("document_id", "document", "documenttype") if not draft.is_note else (
        "credit_note_document", "creditnotedocumentid", "document_id", "document")
    said = draft.said(*names)
    found = whole(said.get("id")) if isinstance(said, Mapping) else whole(said)
    if found is None:
        listed = _listed(draft, "document_types_NC" if draft.is_note else "document_types_FV", "document_types")
        found = next((whole(one.get("id")) for one in listed if one.get("electronic_type") != "NoElectronic"), None)
    return _needed(draft, found, "document", _("the electronic document type of the company (document)"))


def _seller(draft: Draft) -> int:
    said = draft.said("seller", "sellerid")
    found = whole(said.get("id")) if isinstance(said, Mapping) else whole(said)
    if found is None:
        found = next((whole(one.get("id")) for one in _listed(draft, "users", "sellers")), None)
    return _needed(draft, found, "seller", _("the seller (seller, an id of /v1/users)"))


def _needed(draft: Draft, found: int | None, name: str, what: str) -> int:
    if found is None:
        draft.refuse(f"{name}_missing", f"issuer.extra.{name}", _(
            "To send this through Siigo you must choose %(what)s.", what=what), siigo="parameter_required")
    return found or 0


def _listed(draft: Draft, *names: str) -> list[Mapping[str, Any]]:
    """A catalog as Siigo answers it; inactive entries left out."""
    said = draft.said(*names)
    return [one for one in (said if isinstance(said, list) else []) if isinstance(one, Mapping)
            and one.get("active", True)]


def _number(draft: Draft) -> dict[str, int]:
    """Siigo numbers by itself, unless the document type says that it does not."""
    if draft.said("automatic_number") is not False:
        return {}
    number = draft.case.number
    if number is None or number < 1:
        draft.refuse("number", "number", _("To send this you must give the document's number, 1 or above."),
                     siigo="parameter_required")
    return {"number": number or 0}


def _cost_center(draft: Draft) -> dict[str, int]:
    found = whole(draft.text("cost_center", "costcenterid"))
    return {} if found is None else {"cost_center": found}


def _retentions(draft: Draft) -> dict[str, Any]:
    found = [number for tax in draft.case.taxes if (number := whole(tax.extra.get("id"))) is not None]
    return {"retentions": [{"id": number} for number in found]} if found else {}


def _observations(draft: Draft) -> dict[str, str]:
    said = draft.said("observations", "observaciones", "informacionAdicional", "notes")
    text = "\n".join(str(one) for one in said) if isinstance(said, list) else str(said or "")
    if len(text) > OBSERVATIONS:
        draft.refuse("observations_long", draft.where("observations", "observaciones", "informacionAdicional"), _(
            "To send this you must shorten the observations to 4000 characters; they have %(length)s.",
            length=len(text)), siigo="length_max")
    return {"observations": text} if text else {}


# --- lines ----------------------------------------------------------------------------------------------


def _item(draft: Draft, index: int, row: Row) -> dict[str, Any]:
    line, where = row.line, f"lines[{index}]"
    if not line.code:
        draft.refuse("line_code", f"{where}.code", _(
            "To send this through Siigo you must give line %(line)s the code of a product of Siigo.",
            line=index + 1), siigo="parameter_required")
    elif any(char in line.code for char in " '"):
        draft.refuse("line_code", f"{where}.code", _(
            "To send this through Siigo the code of line %(line)s must have no blank and no apostrophe, not %(found)s.",
            line=index + 1, found=line.code), siigo="invalid_code")
    made: dict[str, Any] = {"code": line.code, "description": line.description, "quantity": line.quantity}
    made |= _price(draft, index, row)
    taxes = [_tax(draft, index, row, position) for position in range(len(row.nodes))]
    return made | ({"taxes": [{"id": one} for one in taxes]} if taxes else {})


def _price(draft: Draft, index: int, row: Row) -> dict[str, Any]:
    """taxed_price where the price holds the tax, so that Siigo takes it out itself; else price and discount."""
    line = row.line
    if _takes_out_itself(row):
        unit = (line.quantity * line.unit_price - line.discount) / line.quantity
        if decimals(unit) <= PRICE_DECIMALS:
            return {"taxed_price": unit}
    return {"price": row.price} | _discount(draft, index, row)


def _takes_out_itself(row: Row) -> bool:
    """Whether a price with tax, taken apart as Siigo describes it, gives the same base and taxes as here."""
    line, rates = row.line, sum((node.rate for node in row.nodes), Decimal(0))
    plain = CO.round((row.total + row.odd) / (1 + rates / HUNDRED))
    return line.price_includes_tax and bool(rates) and line.quantity > 0 and not row.odd and plain == row.net


def _odd(draft: Draft, row: Row) -> dict[str, Any]:
    """The cent that a price with tax leaves over, as an item without tax: payments must be exactly Siigo's total."""
    return {"code": row.line.code, "description": ODD_CENT, "quantity": Decimal(1), "price": abs(row.odd)} | (
        {} if draft.is_note else {"discount": 0})


def _discount(draft: Draft, index: int, row: Row) -> dict[str, Any]:
    """As an amount or in percent, as the document type wants it (discount_type)."""
    if not row.discount:
        return {} if draft.is_note else {"discount": 0}
    if _discount_type(draft) != "percentage":
        return {"discount": row.discount}
    share = CO.round(row.discount * HUNDRED / row.gross)
    if CO.round(row.gross * share / HUNDRED) != row.discount:
        draft.refuse("discount_percentage", f"lines[{index}].discount", _(
            "To send this through Siigo the discount of line %(line)s must be a percentage with two decimals: the "
            "document type takes no amounts.", line=index + 1), siigo="document_settings")
    return {"discount": share}


def _discount_type(draft: Draft) -> str:
    said = draft.text("discount_type")
    listed = _listed(draft, "document_types_NC" if draft.is_note else "document_types_FV", "document_types")
    return (said or str(next((one.get("discount_type") for one in listed), "") or "Value")).lower()


def _tax(draft: Draft, index: int, row: Row, position: int) -> int:
    """The id of the company's tax with this rate: of the line's own entry, else of the catalog."""
    node = row.nodes[position]
    if position == MOST_TAXES:
        draft.refuse("too_many_taxes", f"lines[{index}].taxes", _(
            "To send this through Siigo you must give line %(line)s three taxes at most.", line=index + 1),
            siigo="invalid_array")
    entries = [tax for tax in row.line.taxes if not tax.withheld and tax.category not in ("excluded", "untaxed")]
    found = next((number for tax in entries if (tax.rate or Decimal(0)) == node.rate
                  and (number := _id(tax.entry, _inside(tax.entry.get("extra")))) is not None), None)
    if found is None:
        listed = row.line.extra.get("taxes")
        found = _id(*[_inside(one) for one in listed[position:position + 1]]) if isinstance(listed, list) else None
    if found is None:
        found = _from_catalog(draft, node.code, node.rate)
    if found is None:
        draft.refuse("tax_missing", f"lines[{index}].taxes[{position}]", _(
            "To send this through Siigo you must choose which of the company's taxes in Siigo is %(tax)s %(rate)s %%.",
            tax=codes("tributos").get(node.code, node.code), rate=f"{node.rate.normalize():f}"),
            siigo="invalid_reference")
    return found or 0


def _inside(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}


def _id(*entries: Mapping[str, Any]) -> int | None:
    """Siigo's id in the first entry that has one."""
    return next((number for one in entries if (number := whole(one.get("id"))) is not None), None)


def _from_catalog(draft: Draft, code: str, rate: Decimal) -> int | None:
    said = draft.said("taxes", "tax_ids", "impuestos")
    if isinstance(said, Mapping):  # {"19": 13156}, {"IVA 19%": 13156}
        return next((whole(one) for name, one in said.items() if _as_rate(name) == rate), None)
    kind = {"01": "iva", "04": "impoconsumo"}.get(code, "")
    return next((whole(one.get("id")) for one in _listed(draft, "taxes", "impuestos")
                 if str(one.get("type") or "IVA").lower() == kind and _as_rate(one.get("percentage")) == rate), None)


def _as_rate(said: Any) -> Decimal | None:
    text = str(said).upper().removeprefix("IVA").removesuffix("%").strip(" _-")
    return Decimal(text) if text.replace(".", "", 1).isdecimal() else None


# --- payment --------------------------------------------------------------------------------------------


def _payment(parts: Parts) -> dict[str, Any]:
    """One payment of exactly the total, with its due date where the payment type has one."""
    draft, paid = parts.draft, parts.payment
    credit = paid.form == CREDIT
    types = _listed(draft, *(["payment_types_NC"] if draft.is_note else []), "payment_types_FV", "payment_types")
    said = flattened(draft.case.payment, "")
    found = whole(said.get("id", said.get("paymentid", (None, "")))[0])
    method = str(draft.case.payment.get("method") or "")
    if found is None and is_payment_type(method):
        found = whole(method)
    if found is None:
        found = whole(draft.text("payment_id", "payment_type_id", "payment", "paymenttype"))
    if found is None:
        found = _id(*_listed(draft, "payments"))
    if found is None:
        found = next((whole(one.get("id")) for one in _fitting(types, credit)), None)
    chosen = next((one for one in types if whole(one.get("id")) == found), None)
    made: dict[str, Any] = {"id": _payment_id(draft, found), "value": parts.amounts.totals.total}
    due = draft.case.due_date or (draft.date if chosen else None)
    if due and (bool(chosen.get("due_date")) if chosen else credit):
        made["due_date"] = due.isoformat()
    return made


def _fitting(types: Iterable[Mapping[str, Any]], credit: bool) -> list[Mapping[str, Any]]:
    return [one for one in types if bool(one.get("due_date")) == credit]


def _payment_id(draft: Draft, found: int | None) -> int:
    if found is None:
        draft.refuse("payment_missing", "payment.id", _(
            "To send this through Siigo you must choose the company's payment type (payment, an id of "
            "/v1/payment-types)."), siigo="parameter_required")
    return found or 0


# --- credit notes ---------------------------------------------------------------------------------------


def _of_note(parts: Parts) -> dict[str, Any]:
    """The invoice by Siigo's id; one that Siigo does not have by its number and CUFE."""
    if not parts.corrected:
        return {}
    if len(parts.corrected) > 1:
        parts.draft.refuse("reference_several", "references", _(
            "To issue a note through Siigo you must refer to exactly one invoice."), siigo="invalid_array")
    one = parts.corrected[0]
    if one.id:
        return {"invoice": one.id, "reason": int(one.concept or 0)}
    data = {"date": one.date.isoformat() if one.date else "", "prefix": one.prefix, "number": one.digits,
            "cufe": one.cufe}
    return {"customer": customers.identified(parts), "seller": _seller(parts.draft), "invoice_data": data,
            "reason": int(one.concept or 0)}
