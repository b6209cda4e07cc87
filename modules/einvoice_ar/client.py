"""WSFEv1: the calls that the issuer makes, with Decimal amounts and three outcomes (argentina.md, section 2).

Reading calls raise Unavailable for every failure; `authorize` raises Unknown where it may have been done.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from zeep.exceptions import Fault
from zeep.helpers import serialize_object

from core.errors import Unavailable, Unknown
from core.i18n import _
from modules.einvoice_ar import soap
from modules.einvoice_ar.endpoints import address
from modules.einvoice_ar.errors import HeaderRefused, TicketRefused
from modules.einvoice_ar.explanations import explain
from modules.einvoice_ar.wsaa import Ticket

NOT_FOUND = 602
# header codes after which nobody knows whether something was registered
UNSURE = {500, 501, 502}
TOKEN_REFUSED = 600
TOKEN = {TOKEN_REFUSED, 601}


@dataclass(frozen=True)
class Message:
    """A code and ARCA's words."""

    code: str
    text: str

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.text}


@dataclass(frozen=True)
class Decision:
    """ARCA's word on one document; `authorized` is Resultado A, also with observations."""

    number: int
    authorized: bool
    code: str
    valid_until: dt.date | None
    messages: tuple[Message, ...] = ()
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchAnswer:
    """ARCA's word on a request: `errors` concern the request as a whole."""

    decisions: tuple[Decision, ...]
    errors: tuple[Message, ...] = ()
    events: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Registered:
    """A document as ARCA has it; only what comparing needs has names, all of it is in `answer`."""

    number: int
    doc_kind: int
    doc_number: int
    total: Decimal
    date: dt.date
    concept: int
    authorized: bool
    code: str
    valid_until: dt.date | None
    messages: tuple[Message, ...]
    answer: dict[str, Any]


@dataclass(frozen=True)
class ListedPoint:
    """A point of sale as FEParamGetPtosVenta lists it."""

    number: int
    kind: str
    blocked: bool
    closed_on: dt.date | None


@dataclass(frozen=True)
class Listed:
    """An entry of a list of codes."""

    code: str
    text: str
    valid_from: dt.date | None
    valid_until: dt.date | None


class Wsfe:
    """The service in one environment, with a company's ticket."""

    def __init__(self, environment: str, ticket: Ticket | None = None) -> None:
        self.address, self.ticket = address(environment, "wsfe"), ticket

    def dummy(self) -> dict[str, str]:
        """Health of ARCA's servers; OK does not mean that authorising works."""
        answer = self._read("FEDummy", auth=False)
        return {name: str(answer.get(name) or "") for name in ("AppServer", "DbServer", "AuthServer")}

    def last_number(self, point: int, kind: int) -> int:
        """The last number authorised; 0 where none ever was."""
        answer = self._read("FECompUltimoAutorizado", PtoVta=point, CbteTipo=kind)
        self._refuse(_messages(answer, "Errors", "Err"))
        return int(answer.get("CbteNro") or 0)

    def find(self, point: int, kind: int, number: int) -> Registered | None:
        """The document with this number as ARCA has it, or None."""
        answer = self._read("FECompConsultar",
                            FeCompConsReq={"CbteTipo": kind, "CbteNro": number, "PtoVta": point})
        errors = _messages(answer, "Errors", "Err")
        found = answer.get("ResultGet")
        if found is None and any(error.code == str(NOT_FOUND) for error in errors):
            return None
        self._refuse(errors if found is None else ())
        if found is None:
            raise Unavailable(_("ARCA's answer to %(operation)s cannot be read.", operation="FECompConsultar"))
        return _registered(found)

    def batch_size(self) -> int:
        """How many documents a request may hold."""
        answer = self._read("FECompTotXRequest")
        self._refuse(_messages(answer, "Errors", "Err"))
        return int(answer.get("RegXReq") or 0)

    def points_of_sale(self) -> list[ListedPoint]:
        """The points of sale; empty where ARCA answers 602, as its testing service often does."""
        answer = self._read("FEParamGetPtosVenta")
        errors = _messages(answer, "Errors", "Err")
        self._refuse(tuple(error for error in errors if error.code != str(NOT_FOUND)))
        return [ListedPoint(int(row["Nro"]), str(row.get("EmisionTipo") or ""), row.get("Bloqueado") == "S",
                            _date(row.get("FchBaja")))
                for row in (answer.get("ResultGet") or {}).get("PtoVenta") or []]

    def listing(self, operation: str) -> list[Listed]:
        """A list of codes: FEParamGetTiposIva and its like."""
        answer = self._read(operation)
        self._refuse(_messages(answer, "Errors", "Err"))
        ((_name, rows),) = (answer.get("ResultGet") or {"": None}).items()
        return [Listed(str(row["Id"]), str(row.get("Desc") or "").strip(), _date(row.get("FchDesde")),
                       _date(row.get("FchHasta"))) for row in rows or []]

    def authorize(self, point: int, kind: int, details: list[dict[str, Any]]) -> BatchAnswer:
        """FECAESolicitar for consecutive documents of one point of sale and kind."""
        request = {"FeCabReq": {"CantReg": len(details), "PtoVta": point, "CbteTipo": kind},
                   "FeDetReq": {"FECAEDetRequest": details}}
        answer = self._call("FECAESolicitar", FeCAEReq=request)
        errors = _messages(answer, "Errors", "Err")
        codes = {int(error.code) for error in errors if error.code.isdigit()}
        if codes & UNSURE:
            raise Unknown(_join(errors))
        self._check_ticket(codes, errors)
        rows = (answer.get("FeDetResp") or {}).get("FECAEDetResponse") or []
        if len(rows) != len(details) and not errors:
            raise Unknown(_("ARCA's answer to %(operation)s cannot be read.", operation="FECAESolicitar"))
        return BatchAnswer(tuple(_decision(row) for row in rows), errors, _messages(answer, "Events", "Evt"))

    def _refuse(self, errors: tuple[Message, ...]) -> None:
        """Raise for the errors of a reading call."""
        if not errors:
            return
        codes = {int(error.code) for error in errors if error.code.isdigit()}
        self._check_ticket(codes, errors)
        if codes & UNSURE:
            raise Unavailable(_join(errors))
        raise HeaderRefused(_join(errors), code=errors[0].code)

    def _check_ticket(self, codes: set[int], errors: tuple[Message, ...]) -> None:
        if TOKEN & codes:
            words = explain(str(TOKEN_REFUSED), _join(errors))
            raise TicketRefused(words, self.ticket.row_id if self.ticket else 0)

    def _read(self, operation: str, auth: bool = True, **arguments: Any) -> dict[str, Any]:
        """A call that changes nothing: every failure means try again."""
        try:
            return self._call(operation, auth, **arguments)
        except Unknown as error:
            raise Unavailable(error.message) from error

    def _call(self, operation: str, auth: bool = True, **arguments: Any) -> dict[str, Any]:
        if auth:
            assert self.ticket is not None
            arguments["Auth"] = {"Token": self.ticket.token, "Sign": self.ticket.sign, "Cuit": self.ticket.cuit}
        try:
            answer = soap.call("wsfe", self.address, operation, **arguments)
        except Fault as fault:
            raise Unknown(_("ARCA answered with a fault: %(text)s", text=fault.message or "")) from fault
        body = answer.body[f"{operation}Result"] if hasattr(answer, "body") else answer
        return dict(serialize_object(body, dict) or {})


def _join(errors: tuple[Message, ...]) -> str:
    return "; ".join(f"{error.text} ({error.code})" for error in errors)


def _messages(answer: dict[str, Any], outer: str, inner: str) -> tuple[Message, ...]:
    rows = (answer.get(outer) or {}).get(inner) or []
    return tuple(Message(str(row["Code"]), str(row.get("Msg") or "").strip()) for row in rows)


def _decision(row: dict[str, Any]) -> Decision:
    code = str(row.get("CAE") or "")
    return Decision(number=int(row["CbteDesde"]), authorized=row.get("Resultado") == "A" and bool(code), code=code,
                    valid_until=_date(row.get("CAEFchVto")), messages=_messages(row, "Observaciones", "Obs"),
                    answer=_plain(row))


def _registered(row: dict[str, Any]) -> Registered:
    return Registered(
        number=int(row["CbteDesde"]), doc_kind=int(row["DocTipo"]), doc_number=int(row["DocNro"]),
        total=_amount(row["ImpTotal"]), date=_date(row["CbteFch"]) or dt.date.min, concept=int(row["Concepto"]),
        authorized=row.get("Resultado") == "A", code=str(row.get("CodAutorizacion") or ""),
        valid_until=_date(row.get("FchVto")), messages=_messages(row, "Observaciones", "Obs"), answer=_plain(row))


def _amount(value: Any) -> Decimal:
    """zeep reads xsd:double as a float; its shortest text is what ARCA wrote."""
    return Decimal(str(value))


def _date(value: Any) -> dt.date | None:
    """yyyymmdd; the text NULL and emptiness are no date."""
    text = str(value or "")
    return dt.datetime.strptime(text[:8], "%Y%m%d").date() if text[:8].isdigit() and len(text) >= 8 else None


def _plain(value: Any) -> Any:
    """The answer as JSON without floats and without what is absent."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, float) else value
