"""Credit and debit notes of a document: whole, by lines or by amount, never more than was invoiced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError
from core.i18n import _, format_amount, use_locale
from core.money import quantize, split
from core.scope import current_company
from modules.accounting import allocations, collected, services
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.errors import NotPossible, WrongAmount
from modules.accounting.models import Invoice, InvoiceLine, InvoiceTax
from modules.accounting.ports import Pad, note_rules
from modules.accounting.totals import Totals, of_draft, tax_of

ZERO, ONE, CENT, HUNDRED = Decimal("0.00"), Decimal(1), Decimal("0.01"), Decimal(100)
# where a note remembers which lines of its document it takes back
LINES = "credited_lines"


@dataclass(frozen=True)
class Wanted:
    """What to credit: with neither an amount nor lines (their positions) the whole document."""

    amount: Decimal | None = None
    lines: tuple[int, ...] = ()


def credit(invoice: Invoice, reason: str, *, amount: Decimal | None = None, lines: Sequence[int] = (),
           issue_date: dt.date | None = None, form_key: str | None = None,
           paper: tuple[Pad, int] | None = None) -> Invoice:
    """Issue a credit note: of the whole document, of the lines at these positions, or of an amount with its taxes.

    It pays the document it corrects, then the customer's oldest ones; what is left stays in favour. The same form key
    again answers with the first note. Raises NotPossible or WrongAmount.
    """
    invoice, wanted = allocations.hold(invoice), Wanted(amount, tuple(sorted(set(lines))))
    if found := _issued_before(form_key, invoice, wanted, paper):
        return found
    draft, _totals = planned_credit(invoice, reason, wanted, issue_date)
    note = services.issue_invoice(replace(draft, form_key=form_key, paper=paper))
    allocations.pay_oldest(note, [allocations.fresh(Invoice, invoice.id)])
    db.session.flush()
    return note


def _issued_before(form_key: str | None, invoice: Invoice, wanted: Wanted,
                   paper: tuple[Pad, int] | None) -> Invoice | None:
    found = services.by_form_key(form_key)
    if found is None:
        return None
    same = (found.kind, found.original_id) == ("credit_note", invoice.id) and services.was_on(paper, found)
    if wanted.lines:
        same = same and _lines_of(found) == set(wanted.lines)
    elif wanted.amount is not None:
        same = same and found.total == wanted.amount
    if not same:
        raise NotPossible(_("Issuing this is not possible because the same form issued %(document)s before, with other "
                            "contents. Open a new form.", document=str(found)), code="issued_differently")
    return found


def planned_credit(invoice: Invoice, reason: str, wanted: Wanted,
                   issue_date: dt.date | None = None) -> tuple[InvoiceDraft, Totals]:
    """The credit note as it would be issued, with its totals; refused where it cannot be."""
    _check(invoice, "credit_note", reason, issue_date)
    own, left = _own_lines(invoice), creditable(invoice)
    _check_lines(invoice, own, wanted)
    draft = _draft(invoice, own, wanted, left, reason, issue_date)
    totals = of_draft(draft, current_company().country)
    if totals.total > left:
        raise WrongAmount(_("To credit %(document)s the amount must be at most %(left)s: so much was not credited yet.",
                            document=str(invoice), left=format_amount(left, invoice.currency)), field="amount")
    return draft, totals


def creditable(invoice: Invoice) -> Decimal:
    """What of a document no credit note has taken back yet."""
    credited = db.session.scalar(sa.select(sa.func.sum(Invoice.total)).where(
        Invoice.original_id == invoice.id, Invoice.kind == "credit_note", Invoice.state == "issued"))
    return invoice.total - (credited or ZERO)


def credited_lines(invoice: Invoice) -> set[int]:
    """The positions of the lines that a credit note has taken back already."""
    notes = db.session.scalars(sa.select(Invoice).where(
        Invoice.original_id == invoice.id, Invoice.kind == "credit_note", Invoice.state == "issued"))
    return {position for note in notes for position in _lines_of(note)}


def _lines_of(note: Invoice) -> set[int]:
    return set(((note.snapshot or {}).get("extra") or {}).get(LINES, ()))


def debit(invoice: Invoice, reason: str, lines: Sequence[DraftLine], *, due_date: dt.date | None = None,
          issue_date: dt.date | None = None, form_key: str | None = None,
          paper: tuple[Pad, int] | None = None) -> Invoice:
    """Issue a debit note on a document: more is owed, for these lines and what must be collected on them."""
    return services.issue_invoice(replace(planned_debit(invoice, reason, lines, due_date, issue_date),
                                          form_key=form_key, paper=paper))


def planned_debit(invoice: Invoice, reason: str, lines: Sequence[DraftLine], due_date: dt.date | None = None,
                  issue_date: dt.date | None = None) -> InvoiceDraft:
    """The debit note as it would be issued; refused where it cannot be."""
    _check(invoice, "debit_note", reason, issue_date)
    return collected.completed(replace(_note(invoice, "debit_note", reason, lines, (), issue_date), due_date=due_date))


def refusal(invoice: Invoice, kind: str = "credit_note") -> str:
    """Why this document gets no credit (or debit) note, and what to do instead; "" where it may get one."""
    if invoice.kind == "credit_note":
        return _("A note on a credit note is not possible; correct the invoice that it belongs to.")
    if invoice.state != "issued":
        return _("A note on %(document)s is not possible because it is annulled.", document=str(invoice))
    if invoice.origin == "import":
        return _("A note on an opening balance is not possible because its documents were issued elsewhere; annul it, "
                 "and bring in what is right.")
    if invoice.legal_state == "rejected":
        return _("A note on %(document)s is not possible because the authority refused it: mend it and send it again, "
                 "or give it up.", document=str(invoice))
    rule = note_rules.find(current_company().country)
    return rule.refusal(invoice, kind) if rule else ""


def _check(invoice: Invoice, kind: str, reason: str, issue_date: dt.date | None) -> None:
    if said := refusal(invoice, kind):
        raise NotPossible(said)
    if not reason.strip():
        raise DomainError(_("To issue a note you must say why."), field="reason")
    if issue_date is not None and issue_date < invoice.issue_date:
        raise DomainError(_("To issue a note its date must not lie before that of %(document)s.",
                            document=str(invoice)), field="issue_date")


# --- what a credit note holds ----------------------------------------------------------------------------


def _own_lines(invoice: Invoice) -> list[InvoiceLine]:
    return list(db.session.scalars(sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
                                   .order_by(InvoiceLine.position)))


def _check_lines(invoice: Invoice, own: Sequence[InvoiceLine], wanted: Wanted) -> None:
    if wanted.amount is not None and wanted.amount <= 0:
        raise WrongAmount(_("To issue a credit note its amount must be above zero."), field="amount")
    if wanted.amount is not None and quantize(wanted.amount, invoice.currency) != wanted.amount:
        raise WrongAmount(_("To issue a credit note its amount must have no parts of a cent."), field="amount")
    unknown = set(wanted.lines) - {line.position for line in own}
    if unknown:
        raise WrongAmount(_("To credit lines you must choose among those of the document; it has no line %(line)s.",
                            line=min(unknown)), field="lines")
    again = set(wanted.lines) & credited_lines(invoice)
    if again:
        raise WrongAmount(_("Crediting line %(line)s is not possible because a credit note took it back already.",
                            line=min(again)), field="lines")


def _draft(invoice: Invoice, own: Sequence[InvoiceLine], wanted: Wanted, left: Decimal, reason: str,
           issue_date: dt.date | None) -> InvoiceDraft:
    every = {line.position for line in own}
    chosen = set(wanted.lines) or every
    if wanted.amount is not None and not (wanted.amount == left == invoice.total):
        lines, taxes = _of_amount(invoice, own, wanted.amount, reason, one_by_one=False)
        return _note(invoice, "credit_note", reason, lines, taxes, issue_date)
    picked = [line for line in own if line.position in chosen]
    lines, taxes = [_again(line) for line in picked], _document_taxes(invoice, picked, own)
    draft = _note(invoice, "credit_note", reason, lines, taxes, issue_date, sorted(chosen))
    off = left - of_draft(draft, current_company().country).total
    if off and wanted.lines and abs(off) <= CENT * len(own) and chosen | credited_lines(invoice) == every:
        # the last lines take the cents that rounding left over, so that nothing stays open
        lines, taxes = _of_amount(invoice, picked, left, reason, one_by_one=True)
        return _note(invoice, "credit_note", reason, lines, taxes, issue_date, sorted(chosen))
    return draft


def _again(line: InvoiceLine) -> DraftLine:
    return DraftLine(line.description, line.quantity, line.unit_price, line.code, line.price_includes_tax,
                     line.discount, tuple(line.taxes or ()), line.account_id, line.extra or {})


def _document_taxes(invoice: Invoice, picked: Sequence[InvoiceLine],
                    own: Sequence[InvoiceLine]) -> list[Mapping[str, Any]]:
    """The perceptions of the document, in the proportion of the lines that are credited."""
    part, whole = (sum((line.net for line in lines), ZERO) for lines in (picked, own))
    share = ONE if len(picked) == len(own) or not whole else part / whole
    return [_tax(tax, quantize(tax.amount * share, invoice.currency)) for tax in _perceptions(invoice)]


def _perceptions(invoice: Invoice) -> list[InvoiceTax]:
    return list(db.session.scalars(sa.select(InvoiceTax).where(
        InvoiceTax.invoice_id == invoice.id, InvoiceTax.of_document).order_by(InvoiceTax.id)))


def _tax(tax: InvoiceTax, amount: Decimal) -> Mapping[str, Any]:
    """A perception, or a part of it, as a draft says it."""
    base = tax.base if amount == tax.amount or not tax.amount else quantize(tax.base * amount / tax.amount)
    return {"code": tax.code, "jurisdiction": tax.jurisdiction, "description": tax.description, "base": f"{base}",
            "rate": f"{tax.rate or 0}", "amount": f"{amount}"}


def _of_amount(invoice: Invoice, own: Sequence[InvoiceLine], amount: Decimal, reason: str,
               one_by_one: bool) -> tuple[list[DraftLine], list[Mapping[str, Any]]]:
    """An amount with tax, divided among the document's kinds of tax and perceptions as the document is."""
    groups: dict[str, tuple[InvoiceLine, Decimal]] = {}
    for line in own:
        key = f"{line.position}" if one_by_one else repr(line.taxes)
        groups[key] = (line, groups[key][1] + line.total if key in groups else line.total)
    kept = [group for group in groups.values() if group[1] > 0]
    perceptions = [tax for tax in _perceptions(invoice) if tax.amount > 0]
    shares = split(amount, [total for _line, total in kept] + [tax.amount for tax in perceptions], invoice.currency)
    with use_locale(_language(invoice)):
        text = _("Credit on %(document)s: %(reason)s", document=str(invoice), reason=reason.strip())
    lines = [DraftLine((line.description if one_by_one else text)[:500], ONE, _price(line, share), line.code, True,
                       taxes=tuple(line.taxes or ()), account_id=line.account_id)
             for (line, _total), share in zip(kept, shares, strict=False) if share > 0]
    return lines, [_tax(tax, share) for tax, share in zip(perceptions, shares[len(kept):], strict=True) if share > 0]


def _price(line: InvoiceLine, share: Decimal) -> Decimal:
    """The price with tax that leaves this share to pay, after what the customer withholds of it."""
    taxes = [tax_of(tax) for tax in line.taxes or ()]
    withheld = sum((tax.rate for tax in taxes if tax.withheld and tax.rate), ZERO)
    if not withheld:
        return share
    added = sum((tax.rate for tax in taxes if not tax.withheld and tax.rate), ZERO)
    return (share * (HUNDRED + added) / (HUNDRED + added - withheld)).quantize(CENT, ROUND_HALF_UP)


def _language(invoice: Invoice) -> str:
    snapshot = invoice.snapshot or {}
    return (snapshot.get("customer") or {}).get("language") or current_company().locale


def _note(invoice: Invoice, kind: str, reason: str, lines: Sequence[DraftLine], taxes: Sequence[Mapping[str, Any]],
          issue_date: dt.date | None, credited: Sequence[int] = ()) -> InvoiceDraft:
    extra = {**((invoice.snapshot or {}).get("extra") or {}), **({LINES: list(credited)} if credited else {})}
    return InvoiceDraft(
        customer_id=invoice.customer_id, issue_date=issue_date or clock.today(), lines=tuple(lines), kind=kind,
        service_from=invoice.service_from, service_to=invoice.service_to, currency=invoice.currency,
        exchange_rate=invoice.exchange_rate, document_taxes=tuple(taxes), extra=extra, original_id=invoice.id,
        reason=reason.strip()[:300])
