"""What is printed on a document, as plain texts: the templates lay it out and know neither models nor countries."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from core.i18n import format_amount, format_number

# characters that half a page holds, with bars of a quarter of a millimetre: pairs of digits, or single ones
WIDEST = {"code128": 40, "i2of5": 36, "codabar": 16, "ean13": 13, "ean8": 8}


@dataclass(frozen=True)
class PageSize:
    """A sheet of paper, in points."""

    width: int
    height: int


A4, LETTER = PageSize(595, 842), PageSize(612, 792)
# where offices have letter paper (words.md, section 3)
_LETTER_COUNTRIES = frozenset({"CL", "CO", "DO", "MX"})


def page_size(country: str) -> PageSize:
    """The paper that printers of the country are filled with."""
    return LETTER if country in _LETTER_COUNTRIES else A4


@dataclass(frozen=True)
class Fact:
    """A labelled text: "CUIT", "30-99000010-3"."""

    label: str
    value: str


@dataclass(frozen=True)
class Row:
    """A line of the document; amounts are texts in the document's currency, without its symbol."""

    description: str
    quantity: str
    price: str
    amount: str
    details: tuple[str, ...] = ()
    tax: str = ""


@dataclass(frozen=True)
class Total:
    """A line under the table; the strong one is the total."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True)
class PayWay:
    """A way to pay: an address, a code to type, a bar code or a QR (PNG as data URI) to scan."""

    title: str
    text: str = ""
    code: str = ""
    barcode: str = ""
    symbology: str = "code128"
    image: str = ""
    link: str = ""

    @property
    def is_wide(self) -> bool:
        """Bars that do not fit into half a page, wide as they must be to be read."""
        return len(self.barcode) > WIDEST.get(self.symbology, 0)


@dataclass(frozen=True)
class Note:
    """A titled paragraph: legends, fiscal transparency, free texts."""

    text: str
    title: str = ""


@dataclass
class CountryPart:
    """What the law of the country puts on a document; a layout of the port `accounting.ports.layouts` fills it.

    `valid` is False where the authority has not authorised what it must authorise: nothing may then look like the
    legal document.
    """

    title: str
    number: str = ""
    letter: str = ""
    letter_code: str = ""
    copy: str = ""
    valid: bool = True
    # date on the legal document, where the authority moved it; "" is the invoice's own
    date: str = ""
    # authorised by a simulator or a testing service only
    rehearsal: bool = False
    # large grey text over the page where the document is not valid
    void_text: str = ""
    issuer: list[Fact] = field(default_factory=list)
    customer: list[Fact] = field(default_factory=list)
    tax_in_prices: bool = True
    # the part of what is not taxed that only rounds the total
    rounding: Decimal = Decimal(0)
    # the country's word for a tax code: "VAT" -> "IVA"
    tax_names: dict[str, str] = field(default_factory=dict)
    show_rates: bool = False
    # the law wants the code of what is sold before its description
    show_codes: bool = False
    legends: list[Note] = field(default_factory=list)
    legal: list[Fact] = field(default_factory=list)
    legal_title: str = ""
    # long proofs (digital seals), after all else and once
    seals: list[Note] = field(default_factory=list)
    qr_text: str = ""
    # Code 128, where the authority's number is read by scanners
    barcode: str = ""
    # level of correction that the law wants of the QR: l, m, q or h
    qr_error: str = "m"
    # the mask a country's tests proved readable; fixed, because trying all eight costs five times as much
    qr_mask: int = 5


@dataclass
class Sheet:
    """A whole document, ready for the template."""

    language: str
    title: str
    number: str
    date: str
    issuer_name: str
    customer_name: str
    size: PageSize = A4
    letter: str = ""
    letter_code: str = ""
    copy: str = ""
    color: str = "#0f766e"
    tint: str = "#eef5f4"
    logo: str = ""
    issuer_lines: list[str] = field(default_factory=list)
    issuer_facts: list[Fact] = field(default_factory=list)
    customer_lines: list[str] = field(default_factory=list)
    customer_facts: list[Fact] = field(default_factory=list)
    amount_label: str = ""
    amount: str = ""
    amount_notes: list[str] = field(default_factory=list)
    due_label: str = ""
    due: str = ""
    blocks: list[str] = field(default_factory=list)
    plan: list[Fact] = field(default_factory=list)
    pay: list[PayWay] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    currency: str = ""
    show_rates: bool = False
    totals: list[Total] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    taxes: list[tuple[str, str, str]] = field(default_factory=list)
    payments: list[tuple[str, str, str]] = field(default_factory=list)
    debt: list[tuple[str, str, str]] = field(default_factory=list)
    debt_total: str = ""
    text: str = ""
    # the company's own words at the foot of every page
    footer: str = ""
    legends: list[Note] = field(default_factory=list)
    legal_title: str = ""
    legal: list[Fact] = field(default_factory=list)
    seals: list[Note] = field(default_factory=list)
    qr: str = ""
    barcode: str = ""
    watermark: str = ""
    # with %(page)s and %(pages)s in it, for the renderer
    pages: str = ""
    # ISO moment, so that the same document is the same file
    made_at: str = ""

    @property
    def foot_height(self) -> int:
        """Points that the foot of each page needs: the law's part, and the company's words line by line."""
        legal = 98 if self.legal or self.qr or self.legends else 8
        return legal + (4 + 10 * lines_of(self.footer) if self.footer else 0)

    @property
    def pay_rows(self) -> list[list[PayWay]]:
        """The ways to pay, two beside each other; below them those that need the whole width."""
        narrow = [way for way in self.pay if not way.is_wide]
        return [*(narrow[place:place + 2] for place in range(0, len(narrow), 2)),
                *([way] for way in self.pay if way.is_wide)]

    @property
    def sections(self) -> list[list[str]]:
        """The blocks in order of printing; last payments and debt side by side where they follow each other."""
        found: list[list[str]] = []
        for name in self.blocks:
            if found and len(found[-1]) == 1 and {found[-1][0], name} == {"payments", "debt"}:
                found[-1].append(name)
            else:
                found.append([name])
        return found


@dataclass
class ReceiptSheet:
    """A receipt of payment, for half a page or a roll."""

    language: str
    number: str
    date: str
    issuer_name: str
    customer_name: str
    amount: str
    in_words: str
    method: str
    size: PageSize = A4
    color: str = "#0f766e"
    logo: str = ""
    issuer_lines: list[str] = field(default_factory=list)
    customer_lines: list[str] = field(default_factory=list)
    # (document, date, amount)
    paid: list[tuple[str, str, str]] = field(default_factory=list)
    credit: str = ""
    balance: str = ""
    reference: str = ""
    text: str = ""
    watermark: str = ""
    made_at: str = ""


def lines_of(text: str) -> int:
    """How many lines small print across the page takes at most: capitals are wide, 78 of them fill one."""
    wide = [sum(3 if letter.isupper() or letter in "@%&mw—" else 2 for letter in line) for line in text.split("\n")]
    return sum(max(1, -(-width // 234)) for width in wide)


def money(value: Decimal, currency: str, locale: str) -> str:
    """An amount with its symbol."""
    return format_amount(value, currency, locale)


def number(value: Decimal, locale: str, places: int = 2) -> str:
    """A plain number with the separators of the locale and at least `places` decimals."""
    decimals = max(places, -int(value.normalize().as_tuple().exponent)) if value else places
    return format_number(value, "#,##0." + "0" * decimals if decimals else "#,##0", locale)
