"""The form of the invoice design, and what of it is no WTForms field: the order of the blocks, the logo."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from wtforms.widgets import HiddenInput

from core import storage
from core.forms import (
    BooleanField,
    FileField,
    Form,
    HiddenField,
    IntegerField,
    Length,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from core.i18n import _, lazy
from modules.accounting import designs, logos, sheets
from modules.accounting.models import BLOCKS, InvoiceDesign

# what each block prints, for people
BLOCK_WORDS: dict[str, tuple[Any, Any]] = {
    "plan": (lazy("Service"), lazy("Plan, billed period, contract and address of the service.")),
    "pay": (lazy("How to pay"), lazy("Bank data, payment codes and QR; only while something is to be paid.")),
    "lines": (lazy("Lines and totals"), lazy("What is billed, and what it adds up to. Always there.")),
    "taxes": (lazy("Taxes"), lazy("Each tax with its base, where the law shows them apart and there are several.")),
    "payments": (lazy("Last payments"), lazy("The last three payments of the customer.")),
    "debt": (lazy("Your account"), lazy("Everything that is owed, where it is more than this document.")),
    "text": (lazy("Free text"), lazy("The text that you write below."))}
MUST = "lines"
TEXTS = ("bank", "text", "footer", "receipt")


@dataclass(frozen=True)
class Block:
    """A line of the list of blocks; `fixed`: it cannot be left out."""

    name: str
    title: Any
    help: Any
    shown: bool
    fixed: bool


class DesignForm(Form):
    """Blocks, texts, colour and logo. `logo_data` holds the chosen picture (base64) until it is kept with the rest."""

    base = IntegerField(widget=HiddenInput())
    # all blocks in their order, and which of them are printed
    blocks = SelectMultipleField(lazy("Blocks"), choices=[(name, name) for name in BLOCKS])
    shown = SelectMultipleField(choices=[(name, name) for name in BLOCKS])
    color = StringField(lazy("Colour"), [Length(max=7)], description=lazy("Like #0f766e; empty: the company's colour."))
    bank = TextAreaField(lazy("Bank information"), description=lazy("Stands under How to pay, and in the notices."))
    text = TextAreaField(lazy("Free text"), description=lazy("Claims, opening hours, news: stands where its block is."))
    footer = TextAreaField(lazy("Foot of every page"), description=lazy("At most three lines of small print."))
    receipt = TextAreaField(lazy("Foot of receipts"), description=lazy("Stands at the end of each receipt."))
    logo = FileField(lazy("Logo"), description=lazy("PNG or JPEG, at most 2 MB; it is made smaller for paper."))
    logo_data = HiddenField()
    no_logo = BooleanField(lazy("Print no logo"))

    def fill(self, design: InvoiceDesign, base: int) -> None:
        """Show this design; `base` is the revision that keeping it will replace."""
        self.base.data, self.color.data = base, design.color
        self.blocks.data = self.shown.data = list(design.blocks)
        for name in TEXTS:
            self[name].data = (design.texts or {}).get(name, "")
        if design.logo_file_id:
            self.logo_data.data = base64.b64encode(storage.read(design.logo_file_id)).decode()

    def rows(self) -> list[Block]:
        """The blocks in their order; those that are not printed and never were moved come last."""
        named = [name for name in dict.fromkeys(self.blocks.data or ()) if name in BLOCK_WORDS]
        shown = {MUST, *(self.shown.data or ())}
        return [Block(name, *BLOCK_WORDS[name], name in shown, name == MUST)
                for name in [*named, *(name for name in BLOCKS if name not in named)]]

    def move(self, name: str, step: int) -> None:
        """Put a block one place up (-1) or down (1); at the end of the list nothing happens."""
        names = [row.name for row in self.rows()]
        if name in names and 0 <= names.index(name) + step < len(names):
            place = names.index(name)
            names[place], names[place + step] = names[place + step], names[place]
        self.blocks.data = names

    def take_logo(self) -> None:
        """What was uploaded becomes `logo_data`, so that it is there when the form comes back. BadLogo refuses it."""
        upload = self.logo.data
        if upload and getattr(upload, "filename", ""):
            self.logo_data.data = base64.b64encode(
                logos.scaled(upload.stream.read(logos.LARGEST_FILE + 1))).decode()
            self.no_logo.data = False

    def picture(self) -> bytes:
        """The chosen logo as PNG; empty where none is printed. What comes back from a browser is checked anew."""
        if self.no_logo.data or not self.logo_data.data:
            return b""
        try:
            return logos.scaled(base64.b64decode(self.logo_data.data, validate=True))
        except (binascii.Error, ValueError) as error:
            raise logos.BadLogo(_("To use this logo you must choose it again: it was damaged on its way.")) from error

    def values(self) -> dict[str, Any]:
        """What `designs.proposed` and `designs.revise` take."""
        return {"blocks": [row.name for row in self.rows() if row.shown], "color": (self.color.data or "").strip(),
                "texts": {name: self[name].data for name in TEXTS}}

    def look(self) -> tuple[InvoiceDesign, str]:
        """(the design as it would be, its logo as data URI), nothing kept."""
        picture = self.picture()
        return designs.proposed(**self.values()), sheets.logo_image(picture) if picture else ""

    def keep(self) -> InvoiceDesign:
        """The next revision."""
        picture = self.picture()
        return designs.revise(**self.values(), base=self.base.data,
                              logo_file_id=designs.keep_logo(picture) if picture else None)
