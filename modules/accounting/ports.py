"""What other modules put on accounting's documents: the country's legal part, and ways to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.registry import Registry
from modules.accounting.print_data import CountryPart


@dataclass(frozen=True)
class PrintBlock:
    """A way to pay on an invoice: words, a code to type, a bar code or a QR to scan."""

    label: str
    text: str = ""
    code: str = ""
    barcode: str = ""
    # of xhtml2pdf: code128, i2of5, ean13 ...
    symbology: str = "code128"
    qr_text: str = ""


class Printer(Protocol):
    """Gives a block for an invoice, or none."""

    def block(self, invoice: Any) -> PrintBlock | None: ...


class Layout(Protocol):
    """The legal part of a country's documents."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, with a handful of selects for a batch; who is left out gets a plain part."""

    def sample(self, invoice: Any) -> CountryPart:
        """All that the law adds, with made-up numbers and codes, for a document that nobody issued."""


print_blocks: Registry[Printer] = Registry("print_blocks")
# by country
layouts: Registry[Layout] = Registry("layouts")
