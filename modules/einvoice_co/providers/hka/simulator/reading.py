"""Reads requests as WCF's DataContractSerializer does: elements out of alphabetical order vanish without a word."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XS = "{http://www.w3.org/2001/XMLSchema}"
TEMPURI = "http://tempuri.org/"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
WSDL = Path(__file__).parents[3] / "data" / "wsdl"


class NotSoap(ValueError):
    """No XML, or no envelope."""


def body(content: bytes) -> Any:
    """The first element of the Body. NotSoap where there is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotSoap(str(error)) from error
    found = root.find(f"{{{SOAP}}}Body")
    if root.tag != f"{{{SOAP}}}Envelope" or found is None or not len(found):
        raise NotSoap(root.tag)
    return found[0]


@lru_cache(maxsize=2)
def _types(file: str) -> dict[str, tuple[str, list[tuple[str, str, bool]]]]:
    """{type, or "operation X": (namespace of its elements, [(name, type, repeated)])} of a WSDL."""
    found: dict[str, tuple[str, list[tuple[str, str, bool]]]] = {}
    for schema in etree.parse(str(WSDL / file)).iter(f"{XS}schema"):
        space = schema.get("targetNamespace")
        for one in schema:
            sequence = one.find(f".//{XS}sequence")
            if one.tag in (f"{XS}complexType", f"{XS}element") and sequence is not None:
                kind = "operation " if one.tag == f"{XS}element" else ""
                found[kind + one.get("name")] = (space, [
                    (inner.get("name"), inner.get("type", "").rpartition(":")[2], inner.get("maxOccurs") == "unbounded")
                    for inner in sequence])
    return found


def arguments(file: str, operation: Any) -> dict[str, Any]:
    """The arguments of an operation as dicts, lists and texts; what is nil or absent is left out."""
    found: dict[str, Any] = _read(file, operation, f"operation {etree.QName(operation).localname}")
    return found


def _read(file: str, element: Any, type_name: str) -> Any:
    types = _types(file)
    if type_name not in types:
        return (element.text or "").strip()
    space, members = types[type_name]
    if len(members) == 1 and members[0][2]:
        name, inner, _many = members[0]
        return [_read(file, one, inner) for one in element if one.tag == f"{{{space}}}{name}"]
    found: dict[str, Any] = {}
    position = 0
    for one in element:
        place = next((index for index in range(position, len(members))
                      if one.tag == f"{{{space}}}{members[index][0]}"), None)
        if place is None or one.get(NIL) in ("true", "1"):
            continue
        position = place + 1
        found[members[place][0]] = _read(file, one, members[place][1])
    return found
