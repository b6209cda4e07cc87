"""The SRI's schemas, read once and without network. Pure."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import Any

from lxml import etree

from modules.einvoice_ec.catalogs import FOLDER, DocumentKind

XSD = FOLDER / "xsd"
FILES = {"factura": "factura", "notaCredito": "NotaCredito", "notaDebito": "NotaDebito"}
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
# the schemas allow one legend of RIMPE, annex 22 of the ficha demands another one as well
_ONE_LEGEND, _BOTH = 'value="CONTRIBUYENTE RÉGIMEN RIMPE"', 'value="CONTRIBUYENTE (NEGOCIO POPULAR - )?RÉGIMEN RIMPE"'


@lru_cache(maxsize=16)
def schema(root: str, version: str) -> Any:
    """The schema of a kind of voucher in a version."""
    file = XSD / f"{FILES[root]}_V{version}.xsd"
    text = file.read_text(encoding="utf-8").replace(_ONE_LEGEND, _BOTH)
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.fromstring(text.encode(), parser, base_url=file.as_uri()))


def errors(tree: Any, kind: DocumentKind, version: str) -> list[tuple[str, str]]:
    """(element, what the schema says) of all that does not fit."""
    return faults(tree, schema(kind.root, version))


def faults(tree: Any, found: Any) -> list[tuple[str, str]]:
    """The same against a schema; a signature is checked by itself, not here."""
    if tree.find(SIGNATURE) is not None:
        tree = deepcopy(tree)
        tree.remove(tree.find(SIGNATURE))
    if found.validate(tree):
        return []
    return [(_element(error), error.message) for error in found.error_log]


def _element(error: Any) -> str:
    return str(error.path or "").rsplit("/", 1)[-1].split("[")[0]
