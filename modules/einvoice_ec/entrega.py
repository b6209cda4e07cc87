"""The file that a buyer receives: the authorisation with the signed voucher inside. Pure."""

from __future__ import annotations

from html import escape
from typing import Any

from modules.einvoice_ec.client import Autorizacion


def autorizacion(found: Autorizacion, xml: str) -> bytes:
    """<autorizacion> as it is customary: estado, number, date, ambiente, the voucher in CDATA, messages."""
    date = found.fecha.isoformat(timespec="seconds") if found.fecha else ""
    messages = "".join(f"<mensaje>{_fields(one)}</mensaje>" for one in found.mensajes)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<autorizacion>'
            f"<estado>{found.estado}</estado><numeroAutorizacion>{found.numero}</numeroAutorizacion>"
            f"<fechaAutorizacion>{date}</fechaAutorizacion><ambiente>{escape(found.ambiente)}</ambiente>"
            f"<comprobante><![CDATA[{xml.replace(']]>', ']]]]><![CDATA[>')}]]></comprobante>"
            f"<mensajes>{messages}</mensajes></autorizacion>").encode()


def _fields(message: Any) -> str:
    parts = (("identificador", message.identificador), ("mensaje", message.mensaje),
             ("informacionAdicional", message.informacion), ("tipo", message.tipo))
    return "".join(f"<{name}>{escape(value, quote=False)}</{name}>" for name, value in parts if value)
