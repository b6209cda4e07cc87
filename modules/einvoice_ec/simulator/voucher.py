"""A voucher as it came: its parts, read without help of the code that writes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

VERSIONS = {"factura": ("1.0.0", "1.1.0", "2.0.0", "2.1.0"), "notaCredito": ("1.0.0", "1.1.0"),
            "notaDebito": ("1.0.0",)}
CODES = {"factura": "01", "notaCredito": "04", "notaDebito": "05"}
INFO = {"factura": "infoFactura", "notaCredito": "infoNotaCredito", "notaDebito": "infoNotaDebito"}


class Unreadable(ValueError):
    """It is not XML that the SRI takes; the message is the parser's."""


@dataclass(frozen=True)
class Voucher:
    """The tree with what is asked of it again and again."""

    xml: bytes
    tree: Any

    @property
    def root(self) -> str:
        return str(etree.QName(self.tree).localname)

    def tax(self, name: str) -> str:
        """A field of infoTributaria."""
        return self.tree.findtext(f"infoTributaria/{name}") or ""

    @property
    def info(self) -> Any:
        return self.tree.find(INFO[self.root])

    @property
    def date(self) -> dt.date:
        return dt.datetime.strptime(self.info.findtext("fechaEmision"), "%d/%m/%Y").date()

    @property
    def buyer(self) -> tuple[str, str]:
        """(tipoIdentificacionComprador, identificacionComprador)"""
        return (self.info.findtext("tipoIdentificacionComprador") or "",
                self.info.findtext("identificacionComprador") or "")

    @property
    def total(self) -> Decimal:
        names = {"factura": "importeTotal", "notaCredito": "valorModificacion", "notaDebito": "valorTotal"}
        return Decimal(self.info.findtext(names[self.root]) or "0")

    @property
    def key(self) -> str:
        return self.tax("claveAcceso")


def read(xml: bytes) -> Voucher:
    """The voucher; Unreadable where it is no XML, or has a DOCTYPE."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        tree = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(str(error)) from error
    if tree.getroottree().docinfo.doctype:
        raise Unreadable("DOCTYPE is disallowed when the feature is set to true.")
    return Voucher(xml, tree)
