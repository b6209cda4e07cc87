"""Answers of WSFEv1 as its server writes them: one line, the namespace once, no padding in numbers (reference, 2.1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from modules.einvoice_ar.simulator import soap
from modules.einvoice_ar.simulator.reading import DETAIL_FIELDS, NAMESPACE
from modules.einvoice_ar.simulator.settings import PROFILES, Config

VERSION = "7.0.0.53"
TYPES = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
# absent dates come back as empty elements
EMPTY = {"FchServDesde", "FchServHasta", "FchVtoPago"}
ITEMS = {"CbtesAsoc": "CbteAsoc", "Tributos": "Tributo", "Iva": "AlicIva", "Opcionales": "Opcional",
         "Compradores": "Comprador", "Actividades": "Actividad"}
# XML 1.0 has no place for these
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def number(value: Decimal) -> str:
    """A double without padding: 122, 101.202."""
    shown = f"{value:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def element(name: str, value: Any) -> str:
    """One element; nothing for None, `<CAE />` for an empty text."""
    if value is None:
        return ""
    if type(value) is str:
        return f"<{name}>{soap.text(_UNWRITABLE.sub('', value))}</{name}>" if value else f"<{name} />"
    if type(value) is Decimal:
        return f"<{name}>{number(value)}</{name}>"
    return f"<{name}>{value}</{name}>"


def elements(values: Mapping[str, Any]) -> str:
    """Elements in this order."""
    return "".join([element(name, value) for name, value in values.items()])


def detail(document: Mapping[str, Any], date: str) -> str:
    """Every field as sent, normalised, in the WSDL's order."""
    parts = []
    for name in DETAIL_FIELDS:
        value = document[name]
        if name == "CbteFch":
            parts.append(element(name, date))
        elif value is None:
            if name in EMPTY:
                parts.append(f"<{name} />")
        elif type(value) is list:
            inner = "".join([f"<{ITEMS[name]}>{elements(one)}</{ITEMS[name]}>" for one in value])
            parts.append(f"<{name}>{inner}</{name}>")
        elif type(value) is dict:
            parts.append(f"<{name}>{elements(value)}</{name}>")
        else:
            parts.append(element(name, value))
    return "".join(parts)


def messages(outer: str, inner: str, found: Iterable[tuple[int, str]]) -> str:
    """`Errors/Err`, `Events/Evt`, `Observaciones/Obs`; nothing where there is none."""
    rows = "".join([f"<{inner}><Code>{code}</Code><Msg>{soap.text(text)}</Msg></{inner}>" for code, text in found])
    return f"<{outer}>{rows}</{outer}>" if rows else ""


def errors(found: Iterable[tuple[int, str]]) -> str:
    """The `Errors` of an answer."""
    return messages("Errors", "Err", found)


def envelope(operation: str, result: str, config: Config, is_12: bool) -> str:
    """A successful answer, business errors included."""
    header = (f'<FEHeaderInfo xmlns="{NAMESPACE}"><ambiente>{PROFILES[config.profile]}</ambiente>'
              f"<fecha>{_moment(config.now())}</fecha><id>{VERSION}</id></FEHeaderInfo>")
    body = (f'<{operation}Response xmlns="{NAMESPACE}"><{operation}Result>{result}</{operation}Result>'
            f"</{operation}Response>")
    return _wrap(f"<soap:Header>{header}</soap:Header><soap:Body>{body}</soap:Body>", is_12)


def fault(who: str, message: str, is_12: bool) -> str:
    """A fault of .NET: `who` is Client or Server in the words of SOAP 1.1."""
    if is_12:
        code = {"Client": "Sender", "Server": "Receiver"}.get(who, who)
        inner = soap.fault_12(f"soap:{code}", soap.text(message), "<soap:Detail />", "soap")
    else:
        inner = soap.fault_11(f"soap:{who}", soap.text(message), "<detail />")
    return _wrap(f"<soap:Body><soap:Fault>{inner}</soap:Fault></soap:Body>", is_12)


def _wrap(inner: str, is_12: bool) -> str:
    namespace = soap.SOAP12 if is_12 else soap.SOAP11
    return (f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{namespace}" {TYPES}>{inner}'
            "</soap:Envelope>")


def _moment(now: dt.datetime) -> str:
    """.NET's seven decimals."""
    return f"{now:%Y-%m-%dT%H:%M:%S.%f}0-03:00"
