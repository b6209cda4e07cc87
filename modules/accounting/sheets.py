"""From issued invoices to printable sheets: all comes from the invoice's snapshot, its lines and the country's layout.

What a snapshot may hold (all optional, so that old documents still print):
`issuer` {name, trade_name, street, city, region_name, postal_code, email, phone, website, color, logo_file_id},
`customer` {code, name, language, address: text or {street, city, ...}}, `design` (InvoiceDesign.id),
`extra` or beside it: `plan` (a name or [[label, value], ...]), `contracts` [number], `service_address`;
`texts` {"text": ..., "bank": ...} instead of the design's; `withdrawn` [{number, pdf}]: papers that the authority
refused after all.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import segno

from core.i18n import _, format_date
from core.models import Company
from modules.accounting.print_data import CountryPart, Fact, Note, PayWay, Row, Sheet, Total, money, number, page_size

LINE_CODE = "VAT"
# the least contrast of text with white paper, times 100
READABLE = 450


@dataclass(frozen=True)
class Debt:
    """A document with something open on it."""

    invoice_id: int
    name: str
    due: Any
    amount: Decimal


@dataclass
class Source:
    """What one sheet is made of, read beforehand for a whole batch."""

    invoice: Any
    lines: Sequence[Any]
    taxes: Sequence[Any]
    part: CountryPart
    company: Company
    design: Any
    logo: str = ""
    pay: list[PayWay] = field(default_factory=list)
    # (date, method, amount, currency), newest first
    payments: Sequence[tuple[Any, str, Decimal, str]] = ()
    # all that the customer owes in the company's currency, oldest first
    debts: Sequence[Debt] = ()


def build(source: Source) -> Sheet:
    """The sheet of one invoice, in the language in use."""
    invoice, part, snapshot = source.invoice, source.part, source.invoice.snapshot or {}
    issuer, customer = snapshot.get("issuer") or {}, snapshot.get("customer") or {}
    company, locale = source.company, snapshot.get("locale") or source.company.locale
    color = readable(source.design.color or issuer.get("color") or company.color)
    sheet = Sheet(
        language=locale.split("_")[0], title=part.title, number=part.number or invoice.legal_number or "—",
        date=part.date or format_date(invoice.issue_date), letter=part.letter, letter_code=part.letter_code,
        copy=part.copy, size=page_size(company.country),
        issuer_name=issuer.get("trade_name") or issuer.get("name") or str(company),
        issuer_lines=issuer_lines(issuer, company), issuer_facts=part.issuer,
        customer_name=customer.get("name", ""), customer_lines=address_lines(customer.get("address")),
        customer_facts=[*part.customer, Fact(_("Customer No."), customer.get("code", ""))], color=color,
        tint=tint(color), logo=source.logo, blocks=list(source.design.blocks), legends=part.legends, legal=part.legal,
        legal_title=part.legal_title, seals=part.seals, barcode=part.barcode,
        qr=qr_image(part.qr_text, part.qr_mask, part.qr_error), watermark=watermark(company, part),
        pages=_("Page %(page)s of %(pages)s"),
        made_at=f"{invoice.issue_date.isoformat()}T12:00:00+00:00")
    _amount_due(sheet, source, locale)
    _body(sheet, source, locale)
    _account(sheet, source, locale)
    return sheet


def watermark(company: Company, part: CountryPart) -> str:
    """What keeps a sheet from being taken for a valid document; empty where it is one."""
    if part.void_text and not part.valid:
        return part.void_text
    return _("Rehearsal: not legally valid") if company.is_rehearsal or part.rehearsal else ""


def issuer_lines(issuer: Mapping[str, Any], company: Company) -> list[str]:
    """Legal name (where the trade name stands above), address, ways to reach."""
    data = issuer or {name: getattr(company, name) for name in (
        "name", "trade_name", "street", "city", "region", "postal_code", "email", "phone", "website")}
    place = ", ".join(part for part in (data.get("street"), " ".join(
        part for part in (data.get("postal_code"), data.get("city")) if part), data.get("region_name")) if part)
    reach = " · ".join(part for part in (data.get("phone"), data.get("email"), data.get("website")) if part)
    legal = data.get("name", "") if data.get("trade_name") else ""
    return [line for line in (legal, place, reach) if line]


def address_lines(address: Any) -> list[str]:
    """An address of a snapshot, as text or in parts, on at most two lines."""
    if not address:
        return []
    if isinstance(address, str):
        return [address]
    street = " ".join(str(address.get(name) or "") for name in ("street", "number", "unit")).split()
    city = " ".join(part for part in (address.get("postal_code"), address.get("city")) if part)
    place = ", ".join(part for part in (address.get("district"), city, address.get("region_name")) if part)
    return [line for line in (" ".join(street), place) if line]


def _amount_due(sheet: Sheet, source: Source, locale: str) -> None:
    invoice = source.invoice
    if invoice.kind == "credit_note":
        sheet.amount_label, sheet.amount = _("Total of the credit"), money(invoice.total, invoice.currency, locale)
        return
    applied = invoice.total - invoice.open_amount
    # what was in favour on the day of issue; the rest was paid since
    credit = min(Decimal((invoice.snapshot or {}).get("applied", applied)), applied)
    sheet.amount_label, sheet.amount = _("Total to pay"), money(invoice.open_amount, invoice.currency, locale)
    if credit > 0:
        sheet.amount_notes.append(_("Your credit of %(amount)s was applied.",
                                    amount=money(credit, invoice.currency, locale)))
    if applied > credit:
        sheet.amount_notes.append(_("You paid %(amount)s of it already.",
                                    amount=money(applied - credit, invoice.currency, locale)))
    if invoice.open_amount <= 0:
        sheet.amount_notes.append(_("There is nothing to pay."))
        return
    if invoice.due_date:
        sheet.due_label, sheet.due = _("Pay until"), format_date(invoice.due_date)
    if invoice.second_due_date and invoice.second_due_total:
        sheet.amount_notes.append(_("After that and until %(date)s: %(amount)s", date=format_date(
            invoice.second_due_date), amount=money(invoice.second_due_total - applied, invoice.currency, locale)))


def _body(sheet: Sheet, source: Source, locale: str) -> None:
    invoice, part, snapshot = source.invoice, source.part, source.invoice.snapshot or {}
    texts = {**(source.design.texts or {}), **(snapshot.get("texts") or {})}
    sheet.plan = plan_facts(invoice, snapshot)
    if invoice.kind != "credit_note" and invoice.open_amount > 0:
        sheet.pay = [*source.pay, *_bank(texts.get("bank", ""))]
    sheet.show_rates = part.show_rates
    sheet.currency = invoice.currency if invoice.currency != source.company.currency else ""
    sheet.rows = [line_row(line, part, locale) for line in source.lines]
    sheet.totals = totals(invoice, source.taxes, part, locale)
    sheet.notes = _currency_note(invoice, source.company, locale)
    if part.show_rates and len(source.taxes) > 1:
        sheet.taxes = [(tax_label(tax, part), number(tax.base, locale), number(tax.amount, locale))
                       for tax in source.taxes]
    if papers := snapshot.get("withdrawn"):
        sheet.notes.insert(0, Note(_("%(number)s was not accepted by the tax authority and is not valid.",
                                     number=papers[-1]["number"]), _("Replaces")))
    if invoice.reason:
        sheet.notes.insert(0, Note(invoice.reason, _("Reason")))
    sheet.text, sheet.footer = texts.get("text", ""), texts.get("footer", "")


def plan_facts(invoice: Any, snapshot: Mapping[str, Any]) -> list[Fact]:
    """Plan, period and place of the service, as far as known; billing hands them over as the draft's `extra`."""
    snapshot = {**snapshot, **(snapshot.get("extra") or {})}
    plan = snapshot.get("plan") or []
    pairs = [(_("Plan"), plan)] if isinstance(plan, str) else plan
    facts = [Fact(str(label), str(value)) for label, value in pairs]
    if invoice.service_from and invoice.service_to:
        facts.append(Fact(_("Billed period"), _("%(first)s to %(last)s", first=format_date(invoice.service_from),
                                                last=format_date(invoice.service_to))))
    if snapshot.get("contracts"):
        facts.append(Fact(_("Contract"), ", ".join(str(one) for one in snapshot["contracts"])))
    if snapshot.get("service_address"):
        facts.append(Fact(_("Installed at"), ", ".join(address_lines(snapshot["service_address"]))))
    return facts


def line_row(line: Any, part: CountryPart, locale: str) -> Row:
    """A line with or without its tax in the price, as the layout wants it."""
    amount = line.total if part.tax_in_prices else line.net
    price, discount = line.unit_price, line.discount
    if line.price_includes_tax != part.tax_in_prices and line.net:
        factor = line.total / line.net if part.tax_in_prices else line.net / line.total
        discount = (discount * factor).quantize(Decimal("0.01"))
        price = _price(price * factor, line.quantity, amount + discount)
    details = tuple((line.extra or {}).get("details", ()))
    if discount:
        details = (*details, _("Discount: %(amount)s", amount=number(-abs(discount), locale)))
    rates = sorted({str(tax.get("rate", "")) for tax in line.taxes or () if tax.get("rate")})
    shown = " / ".join(number(Decimal(rate), locale, 0) for rate in rates)
    description = f"{line.code} · {line.description}" if part.show_codes and line.code else line.description
    return Row(description, number(line.quantity, locale, 0), number(price, locale), number(amount, locale),
               details, shown)


def _price(price: Decimal, quantity: Decimal, amount: Decimal) -> Decimal:
    """A unit price in cents; with four decimals where the reader would otherwise not arrive at the amount."""
    short = price.quantize(Decimal("0.01"))
    if not quantity or (short * quantity).quantize(Decimal("0.01")) == amount:
        return short
    return (amount / quantity).quantize(Decimal("0.0001"))


def tax_label(tax: Any, part: CountryPart) -> str:
    """The tax in the country's own word, with its rate."""
    if tax.description:
        return str(tax.description)
    name = part.tax_names.get(tax.code, tax.code)
    return f"{name} {tax.rate.normalize():f} %" if tax.rate else name


def totals(invoice: Any, taxes: Sequence[Any], part: CountryPart, locale: str) -> list[Total]:
    """What adds up to the total: net and each tax, or the final prices and what comes on top of them."""
    def row(label: str, value: Decimal) -> Total:
        return Total(label, money(value, invoice.currency, locale))

    added = [tax for tax in taxes if not part.tax_in_prices or tax.code != LINE_CODE]
    shown = [row(tax_label(tax, part), tax.amount) for tax in added if tax.amount or not part.tax_in_prices]
    found = []
    if part.tax_in_prices and shown:
        found.append(row(_("Subtotal"), invoice.total - sum((tax.amount for tax in added), Decimal(0))))
    elif not part.tax_in_prices:
        parts = ((_("Taxed net"), invoice.net), (_("Not taxed"), invoice.untaxed - part.rounding),
                 (_("Exempt"), invoice.exempt), (_("Rounding"), part.rounding))
        found += [row(label, value) for label, value in parts if value or label == parts[0][0]]
    return [*found, *shown, Total(_("Total"), money(invoice.total, invoice.currency, locale), strong=True)]


def _currency_note(invoice: Any, company: Company, locale: str) -> list[Note]:
    if invoice.currency == company.currency or not invoice.exchange_rate:
        return []
    there = (invoice.total * invoice.exchange_rate).quantize(Decimal("0.01"))
    return [Note(_("Rate of exchange: 1 %(currency)s = %(rate)s. For information, the total is %(total)s.",
                   currency=invoice.currency, rate=money(invoice.exchange_rate, company.currency, locale),
                   total=money(there, company.currency, locale)))]


def _account(sheet: Sheet, source: Source, locale: str) -> None:
    currency = source.company.currency
    sheet.payments = [(format_date(date), method, money(amount, paid_in, locale))
                      for date, method, amount, paid_in in source.payments]
    others = [debt for debt in source.debts if debt.invoice_id != source.invoice.id]
    if source.invoice.kind == "credit_note" or not others:
        return  # a single document owed is said above in large letters
    sheet.debt = [(debt.name, format_date(debt.due), money(debt.amount, currency, locale))
                  for debt in source.debts[:6]]
    total = sum((debt.amount for debt in source.debts), Decimal(0))
    sheet.debt_total = _("You owe %(amount)s in all", amount=money(total, currency, locale))


def _bank(text: str) -> list[PayWay]:
    return [PayWay(_("Bank transfer"), text.strip())] if text.strip() else []


# --- pictures and colours ------------------------------------------------------------------------------


def qr_image(text: str, mask: int = 5, error: str = "m") -> str:
    """A QR as PNG data URI, four dots per module: with one dot, PDF viewers blur it beyond reading under 300 dpi."""
    if not text:
        return ""
    from PIL import Image

    rows = [bytes(0 if dark else 255 for dark in row)
            for row in segno.make(text, error=error, mask=mask, micro=False).matrix]
    size, quiet = len(rows), 2
    picture = Image.new("L", (size + 2 * quiet,) * 2, 255)
    picture.paste(Image.frombytes("L", (size, size), b"".join(rows)), (quiet, quiet))
    out = io.BytesIO()
    picture.resize((picture.width * 4,) * 2, Image.Resampling.NEAREST).save(out, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def logo_image(data: bytes) -> str:
    """A logo as data URI, scaled to what paper needs: at most 400 x 120 dots, so that each file stays small."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        picture.thumbnail((400, 120))
        out = io.BytesIO()
        _not_too_flat(_on_white(picture)).save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _on_white(picture: Any) -> Any:
    """Transparent parts become white: masks cost time in every document and paper is white anyway."""
    from PIL import Image

    rgba = picture.convert("RGBA")
    ground = Image.new("RGB", rgba.size, "white")
    ground.paste(rgba, mask=rgba.getchannel("A"))
    return ground


def _not_too_flat(picture: Any) -> Any:
    """A very wide logo gets white above and below: paper gives all of them one height, and this one would fill it."""
    from PIL import Image

    height = max(picture.height, picture.width * 4 // 15)
    ground = Image.new("RGB", (picture.width, height), "white")
    ground.paste(picture, (0, (height - picture.height) // 2))
    return ground


def readable(color: str) -> str:
    """The company's colour, darkened until text in it is legible on white (contrast 4.5:1)."""
    while contrast(color) < READABLE:
        color = "#" + "".join(f"{part * 9 // 10:02x}" for part in _parts(color))
    return color


def tint(color: str) -> str:
    """A very light shade of the colour, for the ground of the payment codes."""
    return "#" + "".join(f"{255 - (255 - part) * 7 // 100:02x}" for part in _parts(color))


def contrast(color: str) -> int:
    """Contrast of a colour with white after WCAG 2, times 100."""
    linear = [(value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4)
              for value in _parts(color)]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return int(105 / (light + 0.05))


def _parts(color: str) -> tuple[int, int, int]:
    red, green, blue = (int(color.lstrip("#")[index:index + 2], 16) for index in (0, 2, 4))
    return red, green, blue
