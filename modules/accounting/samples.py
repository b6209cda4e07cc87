"""Documents that nobody issued, to look at a design: made up, or drawn from an issued one; always marked as samples.

They are made of the same parts as real ones (totals, country's layout, sheet, template, renderer), and are not stored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import render_template

from core import clock, months, pdf
from core.i18n import _, lazy, use_locale
from core.models import Company
from core.scope import current_company
from modules.accounting import documents, labels, ledger, receipts, sheets, snapshots, taxes
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.models import Invoice, InvoiceDesign, InvoiceLine
from modules.accounting.ports import layouts
from modules.accounting.sheets import Debt, Source
from modules.accounting.totals import Totals, of_draft

RATE = Decimal("1250.50")
NUMBER = "00000119"
LONG = 40


def pdf_of(code: str, design: InvoiceDesign, logo: str = "") -> bytes:
    """The sample with this code (a key of SAMPLES) as PDF; `logo` is a data URI."""
    company = current_company()
    with use_locale(company.locale):
        return _drawn(_receipt(company, design, logo) if code == "receipt" else _invoice(company, code, design, logo))


def pdf_of_issued(invoice: Invoice, design: InvoiceDesign, logo: str = "") -> bytes:
    """An issued document as this design would have drawn it."""
    source = documents.source_of(invoice)
    source.design, source.logo = design, logo
    with use_locale(documents.language_of(invoice)):
        return _drawn(_page(sheets.build(source)))


def _drawn(html: str) -> bytes:
    (result,) = pdf.render_many([html])
    if isinstance(result, pdf.PdfError):
        raise documents.not_rendered(_("sample"), str(result))
    return result


def _page(sheet: Any) -> str:
    sheet.watermark = _("Sample: not a document")
    return render_template("accounting/print/invoice.html", sheet=sheet)


# --- made-up invoices ------------------------------------------------------------------------------------


def _invoice(company: Company, code: str, design: InvoiceDesign, logo: str) -> str:
    draft = _DRAFTS[code](company)
    totals = of_draft(draft, company.country)
    invoice = _issued(company, draft, totals)
    layout = layouts.find(company.country)
    part = layout.sample(invoice) if layout else documents.plain_part(invoice)
    return _page(sheets.build(Source(
        invoice, _lines(draft, totals), totals.taxes, part, company, design, logo,
        payments=_payments(invoice), debts=_debts(company, invoice))))


def _issued(company: Company, draft: InvoiceDraft, totals: Totals) -> Invoice:
    """The document as it would be after issuing; it belongs to no session."""
    legal = ledger.policy().legal_documents and layouts.find(company.country) is not None
    return Invoice(
        id=0, kind=draft.kind, state="issued", legal_state="authorized" if legal else "not_required",
        legal_number="" if legal else NUMBER, origin="billing", issue_date=draft.issue_date, due_date=draft.due_date,
        second_due_date=draft.second_due_date, second_due_total=draft.second_due_total,
        service_from=draft.service_from, service_to=draft.service_to, currency=draft.currency or company.currency,
        exchange_rate=draft.exchange_rate, net=totals.net, untaxed=totals.untaxed, exempt=totals.exempt,
        discount=totals.discount, tax_total=totals.tax_total, withheld=totals.withheld, total=totals.total,
        open_amount=totals.total, reason=draft.reason,
        snapshot={"issuer": snapshots.of_issuer(company), "customer": dict(draft.extra["customer"]),
                  "locale": company.locale, "extra": {"plan": _("Home 100 Mbps"), "contracts": ["C-00042-1"]}})


def _lines(draft: InvoiceDraft, totals: Totals) -> list[InvoiceLine]:
    return [InvoiceLine(description=line.description, quantity=line.quantity, unit_price=line.unit_price,
                        price_includes_tax=line.price_includes_tax, discount=line.discount, net=shown.net,
                        tax=shown.tax, total=shown.total, taxes=[dict(tax) for tax in line.taxes], extra={})
            for line, shown in zip(draft.lines, totals.lines, strict=True)]


def _payments(invoice: Invoice) -> list[tuple[Any, str, Decimal, str]]:
    return [(invoice.issue_date - dt.timedelta(days=30 * month), labels.method_of(method), invoice.total,
             invoice.currency) for month, method in ((1, "transfer"), (2, "cash"))]


def _debts(company: Company, invoice: Invoice) -> list[Debt]:
    """Something that is owed besides, so that the block has something to say; it is kept in the company's currency."""
    before = invoice.issue_date - dt.timedelta(days=20)
    older = Debt(-1, f"{_('Invoice')} 00000087", before, Decimal("3000.00"))
    newer = Debt(0, f"{_('Invoice')} {NUMBER}", invoice.due_date, invoice.total)
    return [older, newer] if invoice.currency == company.currency else [older]


def _line(company: Company, text: str, price: str, rate: int = 0, **values: Any) -> DraftLine:
    """A line with the country's usual tax in its price; `rate` is the place of another one in its table."""
    known = taxes.RATES.get(company.country, ("0",))
    tax = {"code": "VAT", "rate": known[min(rate, len(known) - 1)]}
    return DraftLine(text, Decimal(1), Decimal(price), price_includes_tax=True, taxes=(tax,), **values)


def _draft(company: Company, *lines: DraftLine, business: bool = False, **values: Any) -> InvoiceDraft:
    today = clock.today(company)
    first, last = months.bounds(today)
    return InvoiceDraft(**{
        "customer_id": 0, "issue_date": today, "lines": lines, "due_date": today + dt.timedelta(days=10),
        "service_from": first, "service_to": last, "extra": {"customer": _customer(business)}, **values})


def _customer(business: bool) -> dict[str, Any]:
    address = {"street": _("Street of the sample"), "number": "1234", "unit": "2 B", "city": _("Sampleville"),
               "postal_code": "1000"}
    name = _("Sample Company Ltd.") if business else "María Ñandú Güemes"
    return {"code": "C-00042", "name": name, "tax_condition": "RI" if business else "CF", "address": address}


def _short(company: Company) -> InvoiceDraft:
    today = clock.today(company)
    return _draft(company, _line(company, _("Home 100 Mbps"), "12100", discount=Decimal("600.00")),
                  second_due_date=today + dt.timedelta(days=20), second_due_total=Decimal("11845.00"))


def _long(company: Company) -> InvoiceDraft:
    return _draft(company, *[_line(company, _("Service number %(number)s of the sample", number=number), "1210")
                             for number in range(1, LONG + 1)])


def _business(company: Company) -> InvoiceDraft:
    return _draft(company, _line(company, _("Dedicated 300 Mbps"), "96800"),
                  _line(company, _("Rent of the antenna"), "11050", rate=1), business=True)


def _foreign(company: Company) -> InvoiceDraft:
    return _draft(company, _line(company, _("Home 100 Mbps"), "24.20"), exchange_rate=RATE,
                  currency="EUR" if company.currency == "USD" else "USD")


def _credit_note(company: Company) -> InvoiceDraft:
    return _draft(company, _line(company, _("Two days without service"), "806.67"), kind="credit_note",
                  due_date=None, reason=_("Outage of the sample"))


_DRAFTS: dict[str, Callable[[Company], InvoiceDraft]] = {
    "short": _short, "long": _long, "business": _business, "foreign": _foreign, "credit_note": _credit_note}
# in the order of the choice
SAMPLES: dict[str, Any] = {
    "short": lazy("One month, one line"), "long": lazy("40 lines on several pages"),
    "business": lazy("To a company, with taxes apart"), "foreign": lazy("In another currency"),
    "credit_note": lazy("Credit note"), "receipt": lazy("Receipt of a payment")}


# --- a made-up receipt -----------------------------------------------------------------------------------


def _receipt(company: Company, design: InvoiceDesign, logo: str) -> str:
    today, amount, paid = clock.today(company), Decimal("15100.00"), Decimal("12100.00")
    source = receipts.ReceiptSource(
        number="00000042", date=today, made_at=clock.now(), amount=amount, currency=company.currency,
        method=labels.method_of("transfer"), reference="", customer_name="María Ñandú Güemes",
        customer_code="C-00042", customer_document="", company=company,
        paid=[(_("Invoice") + f" {NUMBER}", today - dt.timedelta(days=9), paid)], logo=logo, color=design.color,
        text=(design.texts or {}).get("receipt", ""))
    sheet = receipts.build(source)
    sheet.watermark = _("Sample: not a document")
    return receipts.html(sheet)
