"""Answers in the shape and namespaces of the WSDL: what is empty is nil."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from werkzeug.wrappers import Response

SPACE = "http://schemas.datacontract.org/2004/07/ServiceSoap.UBL2._0.Response"
ARRAYS = "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

DOCUMENT = ("codigo", "consecutivoDocumento", "cufe", "esValidoDian", "fechaAceptacionDIAN", "fechaRespuesta", "hash",
            "mensaje", "mensajesValidacion", "nombre", "qr", "reglasNotificacionDIAN", "reglasValidacionDIAN",
            "resultado", "tipoCufe", "xml")
STATUS = ("aceptacionFisica", "ambiente", "cadenaCodigoQR", "cadenaCufe", "codigo", "consecutivo", "cufe",
          "descripcionDocumento", "descripcionEstatusDocumento", "entregaMetodoDIAN", "esValidoDIAN",
          "estatusDocumento", "eventos", "fechaDocumento", "historialDeEntregas", "mensaje", "mensajeDocumento",
          "poseeAdjuntos", "poseeRepresentacionGrafica", "reglasValidacionDIAN", "resultado", "tipoCufe",
          "tipoDocumento", "trackID")
FILE = ("codigo", "cufe", "documento", "hash", "mensaje", "nombre", "resultado", "tipoCufe")
# operation: its members, in the WSDL's order
MEMBERS: dict[str, tuple[str, ...]] = {
    "Enviar": DOCUMENT, "EstadoDocumento": STATUS, "DescargaXML": FILE,
    "DescargaPDF": tuple(name for name in FILE if name != "nombre"),
    "EnvioCorreo": ("codigo", "correo", "documento", "mensaje", "resultado"),
    "FoliosRestantes": ("codigo", "foliosRestantes", "mensaje", "resultado"),
    "CargarCertificado": ("codigo", "mensaje", "resultado"),
    "GenerarContenedor": ("codigo", "contenedorXml", "fecha", "hash", "mensaje", "resultado"),
    "CargarAdjuntos": ("codigo", "mensaje", "mensajesValidacion", "resultado")}


def answer(operation: str, values: Mapping[str, Any]) -> Response:
    """The result of an operation."""
    inside = "".join(_member(name, values.get(name)) for name in MEMBERS[operation])
    return envelope(
        f'<{operation}Response xmlns="http://tempuri.org/"><{operation}Result xmlns:a="{SPACE}" xmlns:i="{XSI}">'
        f"{inside}</{operation}Result></{operation}Response>")


def _member(name: str, value: Any) -> str:
    if value is None or value == [] or value == "":
        return f'<a:{name} i:nil="true"/>'
    if isinstance(value, list):
        inside = "".join(f"<b:string>{escape(str(one), quote=False)}</b:string>" for one in value)
        return f'<a:{name} xmlns:b="{ARRAYS}">{inside}</a:{name}>'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<a:{name}>{escape(text, quote=False)}</a:{name}>"


def envelope(inside: str, status: int = 200) -> Response:
    """A SOAP 1.1 answer."""
    text = (f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inside}</s:Body></s:Envelope>')
    return Response(text.encode(), status, content_type="text/xml; charset=utf-8")


def fault(code: str, message: str) -> Response:
    """A fault as WCF writes it."""
    return envelope(
        '<s:Fault><faultcode xmlns:a="http://schemas.microsoft.com/ws/2005/05/addressing/none">a:'
        f'{code}</faultcode><faultstring xml:lang="es-CO">{escape(message, quote=False)}</faultstring></s:Fault>', 500)
