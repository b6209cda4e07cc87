"""Nubefact's errors with their words, and the faults on purpose that only Nubefact has (peru.md, 2.7 and 7)."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy

WORDS = {
    10: "No se pudo autenticar, token incorrecto o eliminado",
    11: "La ruta o URL que estás usando no es correcta o no existe. Ingresa a tu cuenta y verifica tu ruta",
    12: "Solicitud incorrecta, la cabecera (Header) no contiene un Content-Type correcto",
    20: "El archivo enviado no cumple con el formato establecido",
    22: "Documento enviado fuera del plazo permitido",
    23: "Este documento ya existe en NubeFacT",
    24: "El documento indicado no existe o no fue enviado a NubeFacT",
    40: "Error interno desconocido",
    50: "Su cuenta ha sido suspendida",
    51: "Su cuenta ha sido suspendida por falta de pago",
}
STATUS = {10: 401, 40: 500}

OWN: dict[str, Any] = {
    "internal_40": lazy("Error 40 with HTTP 500 (registered: true or false; false by default)"),
    "gateway_502": lazy("HTTP 502 with a page; nothing was done"),
    "empty_answer": lazy("HTTP 200 with {}, and the document is registered"),
    "suspended": lazy("The account is suspended (code: 50 or 51)"),
    "soap_error": lazy("SUNAT cannot be reached: the text of its error, until SUNAT answers again"),
    "number_taken": lazy("Another program has used the number before, with another amount"),
    "consult_fails": lazy("Questions get error 40 with HTTP 500"),
    "errors_as_list": lazy("The errors of a refusal come as a list"),
}


class Refused(Exception):
    """Nubefact refuses with one of its codes; `text` where the words are not those of WORDS."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text or WORDS.get(code, ""))
        self.code, self.text = code, text or WORDS.get(code, "")

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 400)
