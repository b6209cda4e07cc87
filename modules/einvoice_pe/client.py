"""Nubefact's JSON API: four operations at one address, told apart by `operacion` (peru.md, section 2).

Every call ends as an Answer, or as Rejected (Nubefact said no, with its code), Unavailable or Unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import http
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _

NAME = "Nubefact"
SECONDS = 90.0
# codes of nubefact_errores.csv
WRONG_TOKEN, WRONG_ROUTE, WRONG_TYPE = "10", "11", "12"
BAD_FORMAT, REFUSED, TOO_LATE, EXISTS, NOT_FOUND, INTERNAL = "20", "21", "22", "23", "24", "40"
SUSPENDED = frozenset({"50", "51"})
# nothing can be sent on this route until a person has looked
CONFIGURATION = frozenset({WRONG_TOKEN, WRONG_ROUTE, WRONG_TYPE}) | SUSPENDED
FORMS = {"bare": "{}", "quoted": 'Token token="{}"', "plain": "Token token={}"}
# what is kept of an answer: all but the repetition and the files
LEFT_OUT = frozenset({"invoice", "pdf_zip_base64", "xml_zip_base64", "cdr_zip_base64"})
_ROUTE = re.compile(r"https?://[^\s/]+(?:/[^\s]*)?/api/v1/[0-9A-Za-z-]+")


@dataclass(frozen=True)
class Answer:
    """What Nubefact says of a document, with SUNAT's decision in it where there is one."""

    data: Mapping[str, Any]

    @property
    def accepted(self) -> bool:
        return self.data.get("aceptada_por_sunat") is True

    @property
    def code(self) -> str:
        """SUNAT's return code; "" while it has not answered."""
        value = self.data.get("sunat_responsecode")
        return "" if value is None else str(value)

    @property
    def annulled(self) -> bool:
        return self.data.get("anulado") is True

    @property
    def qr(self) -> str:
        return str(self.data.get("cadena_para_codigo_qr") or "")

    @property
    def digest(self) -> str:
        return str(self.data.get("codigo_hash") or "")

    @property
    def ticket(self) -> str:
        return str(self.data.get("sunat_ticket_numero") or "")

    def text(self, name: str) -> str:
        """A field as text, "" where it is null."""
        return str(self.data.get(name) or "")

    def kept(self) -> dict[str, Any]:
        """The answer to be stored."""
        return {name: value for name, value in self.data.items() if name not in LEFT_OUT}


@dataclass(frozen=True)
class Nubefact:
    """One route: the account of an establishment. Route and token are secrets."""

    route: str
    token: str
    form: str = "bare"

    def issue(self, request: Mapping[str, Any]) -> Answer:
        """generar_comprobante. Unknown where it may have been registered."""
        answer = self._call(request)
        if not answer.text("serie") or answer.data.get("numero") in (None, ""):
            raise Unknown(_("Nubefact answered without series and number; whether it has the document is asked."))
        return answer

    def consult(self, kind: int, series: str, number: int) -> Answer | None:
        """consultar_comprobante; None where Nubefact has no such document."""
        return self._question("consultar_comprobante", kind, series, number)

    def annul(self, kind: int, series: str, number: int, reason: str, code: str = "") -> Answer:
        """generar_anulacion. Unknown where it may have been done."""
        answer = self._call({"operacion": "generar_anulacion", "tipo_de_comprobante": kind, "serie": series,
                             "numero": number, "motivo": reason, "codigo_unico": code})
        if not answer.ticket and not answer.text("enlace"):
            raise Unknown(_("Nubefact answered the annulment with nothing; whether it was done is asked."))
        return answer

    def consult_annulment(self, kind: int, series: str, number: int) -> Answer | None:
        """consultar_anulacion; None where there is none."""
        return self._question("consultar_anulacion", kind, series, number)

    def _question(self, operation: str, kind: int, series: str, number: int) -> Answer | None:
        """A call that changes nothing: every failure means try again."""
        try:
            answer = self._call({"operacion": operation, "tipo_de_comprobante": kind, "serie": series,
                                 "numero": number}, repeatable=True)
        except Unknown as error:
            raise Unavailable(error.message) from error
        except Rejected as refusal:
            if refusal.code == NOT_FOUND:
                return None
            raise
        if not answer.data:
            raise Unavailable(_("Nubefact answered with nothing."))
        return answer

    def _call(self, request: Mapping[str, Any], repeatable: bool = False) -> Answer:
        client = http.Client(NAME, self.route, headers={"Authorization": FORMS[self.form].format(self.token)},
                             read_seconds=SECONDS, explain=_explain, hides_path=True)
        try:
            found = client.post("", json=dict(request), repeatable=repeatable).json()
        except Rejected as refusal:
            if not refusal.code or refusal.code == INTERNAL:  # not Nubefact's own no: something else answered
                raise (Unavailable if repeatable else Unknown)(refusal.message) from refusal
            raise
        if not isinstance(found, dict):
            raise (Unavailable if repeatable else Unknown)(_("Nubefact answered something that cannot be read."))
        if found.get("codigo") not in (None, "") and found.get("errors"):  # a refusal with HTTP 200
            raise Rejected(_("Nubefact refused: %(words)s", words=_words(found)), code=str(found["codigo"]))
        return Answer(found)


def _explain(answer: http.Answer) -> tuple[str, str]:
    """Nubefact's code and words; no code where the answer is not Nubefact's."""
    try:
        found = answer.json()
    except (Unknown, Unavailable):
        return "", answer.text.strip()[:300]
    if not isinstance(found, dict) or found.get("codigo") in (None, ""):
        return "", answer.text.strip()[:300]
    return str(found["codigo"]), _words(found)


def _words(found: Mapping[str, Any]) -> str:
    """`errors` is a text; be ready for a list."""
    said = found.get("errors")
    return "; ".join(map(str, said)) if isinstance(said, list) else str(said or "")


def fetch(link: str) -> bytes:
    """The file behind a link of an answer (PDF, XML, CDR); links need no token."""
    return http.Client(NAME, link, read_seconds=SECONDS, hides_path=True).get("").content


def is_route(address: str) -> bool:
    """Whether an address looks like a route of Nubefact, or of a reseller."""
    return bool(_ROUTE.fullmatch(address.strip()))
