"""What was sent to the authority and what it answered, as files: the same names and values in XML. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree

_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def as_xml(name: str, said: Any) -> bytes:
    """The structure as an XML document with this root; a list repeats its element."""
    root = etree.Element(_tag(name))
    _fill(root, said)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _tag(name: Any) -> str:
    plain = _NO_NAME.sub("_", str(name)) or "value"
    return plain if plain[0].isalpha() or plain[0] == "_" else f"_{plain}"


def _fill(element: Any, value: Any) -> None:
    if isinstance(value, Mapping):
        for key, part in value.items():
            for one in part if isinstance(part, list) else [part]:
                _fill(etree.SubElement(element, _tag(key)), one)
    elif isinstance(value, list):
        for one in value:
            _fill(etree.SubElement(element, "item"), one)
    elif value is not None:
        element.text = str(value).lower() if isinstance(value, bool) else str(value)
