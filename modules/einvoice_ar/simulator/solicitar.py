"""FECAESolicitar: header, then document by document under the lock of the sequence (reference, 2.3 and 2.6)."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.simulators import Faults
from modules.einvoice_ar.simulator import reading, tables, writing
from modules.einvoice_ar.simulator.detail import Context, day, issue_date
from modules.einvoice_ar.simulator.register import Register
from modules.einvoice_ar.simulator.rules import examine
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.store import Store

VALID = dt.timedelta(days=10)
OUT_OF_SEQUENCE = 10016
TOP_NUMBER = 99_999_999
# classes that an issuer may use, by his condition
CLASSES = {"RI": {"A", "ALEY", "B", "49"}, "MO": {"C", "49"}, "MS": {"C"}, "EX": {"C", "49"}}


@dataclass
class Decision:
    """ARCA's word on one document."""

    document: dict[str, Any]
    approved: bool = False
    observations: list[int] = field(default_factory=list)
    cae: str = ""
    expires: str = ""
    date: str = ""


@dataclass
class Outcome:
    """ARCA's word on a request: `errors` are (code, message)."""

    header: dict[str, Any]
    decisions: list[Decision]
    errors: list[tuple[int, str]] = field(default_factory=list)

    @property
    def result(self) -> str:
        approved = sum(one.approved for one in self.decisions)
        if not approved:
            return "R"
        return "A" if approved == len(self.decisions) else "P"


class Authorizer:
    """Decides on requests and registers what is approved."""

    def __init__(self, store: Store, register: Register, faults: Faults) -> None:
        self.store, self.register, self.faults = store, register, faults
        self._locks: defaultdict[tuple[str, int, int], threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def authorize(self, cuit: str, request: dict[str, Any], config: Config) -> Outcome:
        """One request, whole: nothing of it is registered unless all that it approves is."""
        header = request["FeCabReq"] or {"CantReg": 0, "PtoVta": 0, "CbteTipo": 0}
        documents = request["FeDetReq"] or []
        decisions = [Decision(one) for one in documents]
        errors = self._header_errors(cuit, header, documents, config)
        if errors:
            return Outcome(header, decisions, errors)
        key = (cuit, header["PtoVta"], header["CbteTipo"])
        with self._guard:
            lock = self._locks[key]
        with lock:
            if self.faults.strikes("foreign_document"):
                self._take_number(key, config)
            return self._decide(key, header, decisions, config)

    def _header_errors(self, cuit: str, header: dict[str, Any], documents: list[Any],
                       config: Config) -> list[tuple[int, str]]:
        count, point, kind = header["CantReg"], header["PtoVta"], tables.KINDS.get(header["CbteTipo"])
        codes: list[int] = []
        if not 1 <= count <= 9998:
            codes.append(10001)
        if count != len(documents):
            codes.append(10002)
        if max(count, len(documents)) > (1 if kind and kind.fce else config.reg_x_req):
            codes.append(10003)
        if not 1 <= point <= 99998:
            codes.append(10004)
        elif not self._usable(cuit, point, config):
            codes.append(10005)
        if header["CbteTipo"] <= 0:
            codes.append(10006)
        elif kind is None:
            codes.append(10007)
        errors = [(code, tables.error_text(code)) for code in codes if code != 10002]
        if 10002 in codes:
            errors.insert(0, (10002, "Campo CantReg debe ser igual a lo informado en detalle. "
                                     f"Informado: {count}, Enviado:{len(documents)}"))
        refused = self._issuer(cuit, kind, config)
        return [*errors, (10000, refused)] if refused else errors

    def _usable(self, cuit: str, number: int, config: Config) -> bool:
        point = self.register.point(cuit, number, config)
        return point is not None and point.issues_cae

    def _issuer(self, cuit: str, kind: tables.Kind | None, config: Config) -> str:
        """Why this issuer cannot issue this class; empty where he can."""
        issuer = self.register.find(cuit, config)
        if issuer is None:
            return "" if config.testing else "La CUIT del emisor no se encuentra registrada en los padrones de ARCA"
        if not issuer.active:
            return "La CUIT del emisor no se encuentra activa"
        if issuer.condition not in CLASSES:
            return "El emisor no registra impuestos activos que lo habiliten a emitir comprobantes electronicos"
        if kind is not None and kind.group not in CLASSES[issuer.condition]:
            return ("El emisor no se encuentra autorizado a emitir comprobantes "
                    f"clase {'A' if kind.group == 'ALEY' else kind.group}")
        return ""

    def _decide(self, key: tuple[str, int, int], header: dict[str, Any], decisions: list[Decision],
                config: Config) -> Outcome:
        """In order; after the first refusal everything that follows is refused too."""
        context = self._context(key, config)
        outcome = Outcome(header, decisions)
        number, date = self.store.last(*key)
        victim = decisions[:3][-1] if self.faults.strikes("cascade") else None
        for decision in decisions:
            document = decision.document
            decision.date = document["CbteFch"] or f"{context.today:%Y%m%d}"
            if _out_of_sequence(decision, number, date, context):
                outcome.errors = [(OUT_OF_SEQUENCE, tables.error_text(OUT_OF_SEQUENCE))]
                break
            decision.observations = [10015] if decision is victim else examine(document, context)
            if any(tables.rejects(code, context.kind.credit) for code in decision.observations):
                break
            decision.approved = True
            number, date = document["CbteHasta"], decision.date
        self._observe(decisions)
        self._register(key, [one for one in decisions if one.approved], config)
        return outcome

    def _context(self, key: tuple[str, int, int], config: Config) -> Context:
        cuit, point, kind = key
        found = self.register.point(cuit, point, config)
        assert found is not None  # the header was checked
        return Context(
            cuit=cuit, kind=tables.KINDS[kind], issuer=self.register.find(cuit, config), point=found, config=config,
            today=config.today(), find=lambda number: self.register.find(number, config),
            registered=self.store.document,
            electronic=lambda owner, number: self.register.point(owner, number, config) is not None)

    def _observe(self, decisions: list[Decision]) -> None:
        """The fault that adds observations to what is approved."""
        fault = self.faults.strikes("observe")
        if fault:
            for one in decisions:
                if one.approved:
                    added = [int(code) for code in fault.options.get("codes") or (10217, 10245)]
                    one.observations = list(dict.fromkeys([*one.observations, *added]))

    def _register(self, key: tuple[str, int, int], approved: list[Decision], config: Config) -> None:
        """Give each its CAE and keep all of them, in one commit."""
        if not approved:
            return
        now = config.now()

        def make(issued: int) -> list[tuple[Any, ...]]:
            for index, one in enumerate(approved, 1):
                one.cae, one.expires = _cae(issued + index, now), _expires(one.date)
            return [_row(key, one, f"{now:%Y%m%d%H%M%S}") for one in approved]

        self.store.add_documents(make)

    def _take_number(self, key: tuple[str, int, int], config: Config) -> None:
        """Another program issues on this point of sale."""
        number, date = self.store.last(*key)
        today = max(date, f"{config.today():%Y%m%d}")
        document = reading.DETAIL(()) | {
            "Concepto": 1, "DocTipo": 96, "DocNro": 20304050, "CbteDesde": number + 1, "CbteHasta": number + 1,
            "CbteFch": today, "ImpTotal": Decimal("1234.56"), "ImpNeto": Decimal("1020.30"),
            "ImpIVA": Decimal("214.26"), "MonId": "PES", "MonCotiz": Decimal(1), "CondicionIVAReceptorId": 5}
        self._register(key, [Decision(document, True, date=today)], config)


def _out_of_sequence(decision: Decision, number: int, date: str, context: Context) -> bool:
    """Number or date that does not follow. A number or date of the wrong form is refused by its own rule."""
    first = decision.document["CbteDesde"]
    if not 1 <= first <= TOP_NUMBER:
        return False
    return first != number + 1 or (decision.date < date and issue_date(decision.document, context) is not None)


def _cae(count: int, now: dt.datetime) -> str:
    """Fourteen digits, never twice. One in 97 begins with 0, which must not get lost."""
    first = "0" if count % 97 == 0 else "7"
    scattered = (count * 2654435761 + 1263951827) % 10**10  # the factor is coprime to 10, so nothing repeats
    return f"{first}{now.year % 10}{now.isocalendar().week:02}{scattered:010}"


def _expires(date: str) -> str:
    found = day(date)
    assert found is not None  # it was approved
    return f"{found + VALID:%Y%m%d}"


def _row(key: tuple[str, int, int], one: Decision, processed: str) -> tuple[Any, ...]:
    """In the order of store.COLUMNS."""
    document = one.document
    return (*key, document["CbteDesde"], document["CbteHasta"], one.date, str(document["ImpTotal"]),
            document["DocTipo"], document["DocNro"], one.cae, one.expires, processed, json.dumps(one.observations),
            writing.detail(document, one.date))
