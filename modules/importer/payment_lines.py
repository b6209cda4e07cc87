"""A spreadsheet of payments, line by line: who paid, how much, when, how, with which reference. Pure."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.errors import DomainError
from core.i18n import _, lazy
from modules.crm import names
from modules.importer import cells, columns, reader
from modules.importer.cells import Cell, CellError, text
from modules.importer.reader import Sheet, SourceRow

# field: what it is called on screen
FIELDS = {"who": lazy("Customer"), "code": lazy("Customer number"), "tax_id": lazy("Document"), "date": lazy("Date"),
          "amount": lazy("Amount"), "method": lazy("Payment method"), "reference": lazy("Reference"),
          "notes": lazy("Notes")}
_WORDS = {
    "who": "cliente|abonado|titular|customer|codigo o documento|cliente o documento",
    "amount": "importe|monto|valor|pago|pagado|total|amount|abono|importe pagado|monto pagado|cobrado|credito|haber|"
              "importe cobrado|monto cobrado|acreditado",
    "date": "fecha|fecha de pago|fecha pago|dia|date|fecha de cobro|fecha cobro|fecha de acreditacion|"
            "fecha acreditacion|fecha operacion|fecha de operacion|f pago",
    "method": "medio|medio de pago|medio pago|forma de pago|forma pago|metodo|metodo de pago|via|method|canal",
    "reference": "referencia|ref|comprobante|nro comprobante|no comprobante|numero de comprobante|operacion|"
                 "nro operacion|no operacion|numero de operacion|transaccion|id transaccion|nro transferencia|cupon|"
                 "nro cheque|reference|nro referencia|id pago|id",
}
_EXACT = {word: name for name, words in _WORDS.items() for word in words.split("|")}
# headings of customers that mean the same here
_SHARED = frozenset({"code", "tax_id", "notes", "reason"})
METHOD_WORDS = {
    "cash": "efectivo|cash|contado|caja|plata", "card": "tarjeta|card|debito|credito|tarjeta de debito|"
    "tarjeta de credito", "cheque": "cheque|echeq|check", "deposit": "deposito|deposito bancario|deposit",
    "transfer": "transferencia|transf|transfer|transferencia bancaria|banco|transfe|cbu|pix|spei|pse|yape|plin",
    "withholding": "retencion|retenciones|withholding", "other": "otro|otros|other"}
_METHODS = {word: code for code, words in METHOD_WORDS.items() for word in words.split("|")}
# what pasted lines are read as where they have no headings
PASTED = ("Cliente", "Fecha", "Importe", "Medio", "Referencia")


@dataclass
class PaymentLine:
    """A line as it was understood; `problems` say why it cannot be a payment."""

    line: int
    cells: tuple[Cell, ...]
    who: str = ""
    is_document: bool = False
    amount: Decimal | None = None
    day: dt.date | None = None
    method: str = ""
    reference: str = ""
    notes: str = ""
    problems: list[str] = field(default_factory=list)


def field_of(heading: Cell) -> str:
    """The field that a heading means; "" where it is not known."""
    found = _EXACT.get(columns.fold(heading), "")
    if found:
        return found
    known = columns.field_of(heading)
    return known if known in _SHARED else ""


def score(row: Sequence[Cell]) -> int:
    """How many different fields a row of headings names; a number in it speaks against it."""
    if any(not isinstance(cell, str) or (cells.is_empty(cell) is False and text(cell).replace(".", "").isdigit())
           for cell in row if text(cell)):
        return 0
    return len({field_of(cell) for cell in row} - {""})


def read(data: bytes, name: str) -> Sheet:
    """Take a file of payments apart. DomainError where it is no table, or who paid or how much is not in it."""
    sheet = reader.read(io.BytesIO(data), name, score=score)
    found = {field_of(heading) for heading in sheet.headings}
    if not found & {"who", "code", "tax_id"} or "amount" not in found:
        raise DomainError(_(
            "%(name)s cannot be read because it needs a column of the customer (code or document) and one of the "
            "amount. Its headings are: %(headings)s", name=name, headings=", ".join(sheet.headings)[:200]),
            field="file")
    return sheet


def pasted(typed: str) -> bytes:
    """Pasted lines as a file; without headings the columns are those of PASTED, in this order."""
    lines = [line for line in typed.splitlines() if line.strip()]
    if not lines:
        raise DomainError(_("To go on you must choose a file, or paste lines."), field="lines")
    mark = next((one for one in "\t;,|" if one in lines[0]), ";")
    if score([cell.strip() for cell in lines[0].split(mark)]) < 2:
        lines.insert(0, mark.join(PASTED))
    return "\n".join(lines).encode()


def understood(sheet: Sheet, country: str, today: dt.date, method: str) -> Iterator[PaymentLine]:
    """The lines of the sheet; `method` is taken where a line names none."""
    fields = [field_of(heading) for heading in sheet.headings]
    places = {name: fields.index(name) for name in fields if name}
    mark = cells.decimal_mark_of((row.cell(places["amount"]) for row in sheet.rows), country)
    for row in sheet.rows:
        yield _line(row, places, mark, today, method)


def _line(row: SourceRow, places: dict[str, int], mark: str, today: dt.date, method: str) -> PaymentLine:
    def cell(name: str) -> Cell:
        return row.cell(places[name]) if name in places else ""

    found = PaymentLine(row.line, row.cells, reference=text(cell("reference"))[:100], notes=text(cell("notes"))[:300])
    found.who, found.is_document = _who(cell)
    if not found.who:
        found.problems.append(_("The customer is missing: write the code or the document."))
    try:
        money = cells.amount(cell("amount"), mark)
        found.amount = money.value if money else None
        if money is None:
            found.problems.append(_("The amount is missing."))
    except CellError as error:
        found.problems.append(str(error))
    try:
        found.day = cells.date(cell("date"), True, today) or today
    except CellError as error:
        found.problems.append(str(error))
    _method(found, text(cell("method")), method)
    return found


def _who(cell: object) -> tuple[str, bool]:
    """(what the customer is named by, whether only as a document)."""
    for name in ("code", "who", "tax_id"):
        said = text(cell(name))  # type: ignore[operator]
        if said:
            return said, name == "tax_id"
    return "", False


def _method(line: PaymentLine, said: str, usual: str) -> None:
    word = names.fold(said)
    line.method = _METHODS.get(word, "") if word else usual
    if not line.method:
        line.problems.append(_("“%(word)s” is no payment method: write cash, transfer, card, cheque or deposit.",
                               word=said[:40]))
