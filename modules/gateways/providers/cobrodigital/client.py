"""CobroDigital's web service 3: forms in the way of PHP, answers that are JSON, in whole or in part as text.

HTTP says 200 whatever happened: `ejecucion_correcta` tells, `log` says why not. What writes is not idempotent: after a
lost answer one must look before doing it again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from core import clock, http
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from modules.gateways.access import Access

NAME, HOST, PATH = "CobroDigital", "https://cobro.digital:14365", "/ws3/"
# minutes were seen
SECONDS = 300.0
PAGE = 500
UNKNOWN_COLUMN = "no pertenece a la estructura"


@dataclass(frozen=True)
class CobroDigital:
    """The web service for one account."""

    access: Access

    def columns(self) -> list[str]:
        """The columns of payers, as the account names them; case matters."""
        return [str(one) for one in self._ask("consultar_estructura_pagadores")]

    def has_payer(self, customer: str) -> bool:
        """Whether there is one payer of this code. Rejected where the column itself does not exist."""
        try:
            self._ask("verificar_existencia_pagador", **self._who(customer))
        except Rejected as refusal:
            if UNKNOWN_COLUMN in refusal.message:
                raise
            return False
        return True

    def create_payer(self, payer: Mapping[str, str]) -> None:
        """Not idempotent: `has_payer` must have been asked. Unknown where it may have been done."""
        self._do("crear_pagador", pagador=payer)

    def make_slip(self, customer: str, concept: str, dues: list[tuple[dt.date, str]]) -> str:
        """The number of a new slip. Unknown where it may have been made."""
        made = self._do("generar_boleta", **self._who(customer), concepto=concept,
                        fechas_vencimiento=[_day(day) for day, _amount in dues],
                        importes=[amount for _day_due, amount in dues],
                        plantilla=str(self.access.get("plantilla", "init")))
        if not made or not str(made[0]).strip():
            raise Unknown(_("CobroDigital answered without the number of the slip; whether it was made is asked."))
        return str(made[0])

    def cancel_slip(self, number: str) -> None:
        """Nobody can pay it any more. Doing it again is refused."""
        self._do("inhabilitar_boleta", nro_boleta=number)

    def barcodes(self, number: str) -> list[str]:
        """One code of 29 digits per due date."""
        return [str(one) for one in self._ask("obtener_codigo_de_barras", nro_boleta=number)]

    def electronic_code(self, customer: str) -> str:
        """The code for PagoMisCuentas and Link; there is one after the first slip."""
        found = self._ask("obtener_codigo_electronico", **self._who(customer))
        return str(found[0]) if found else ""

    def slips(self, first: dt.date, last: dt.date, concept: str) -> list[Mapping[str, Any]]:
        """The slips that were made in these days and whose concept contains this text."""
        found = self._ask("consultar_boletas", desde=_day(first), hasta=_day(last), filtros={"concepto": concept})
        return [one for one in found if isinstance(one, Mapping)]

    def transactions(self, first: dt.date, last: dt.date, **filters: str) -> Iterator[Mapping[str, Any]]:
        """The rows of these days, page by page. `filters`: tipo (ingresos, egresos), nro_boleta, concepto."""
        offset = 0
        while True:
            rows = [one for one in self._ask(
                "consultar_transacciones", desde=_day(first), hasta=_day(last), filtros=filters, offset=str(offset),
                limit=str(PAGE)) if isinstance(one, Mapping)]
            yield from rows
            if len(rows) < PAGE:
                return
            offset += PAGE

    # --- calling -------------------------------------------------------------------------------------

    def _who(self, customer: str) -> dict[str, str]:
        return {"identificador": str(self.access.need("identificador")), "buscar": customer}

    def _ask(self, method: str, **body: Any) -> list[Any]:
        """A call that changes nothing."""
        return self._call(method, body, True)

    def _do(self, method: str, **body: Any) -> list[Any]:
        return self._call(method, body, False)

    def _call(self, method: str, body: Mapping[str, Any], again: bool) -> list[Any]:
        client = http.Client(NAME, self.access.address or HOST, read_seconds=SECONDS)
        sent = {"idComercio": str(self.access.need("idComercio")), "sid": str(self.access.need("sid")),
                "handshake": _handshake(), "metodo_webservice": method, **body}
        # as bytes: logs show only how many; the sid is a secret
        answer = client.post(PATH, data=urlencode(list(nested(sent))).encode(), repeatable=again,
                             headers={"Content-Type": "application/x-www-form-urlencoded"})
        found = answer.json()
        if not isinstance(found, Mapping) or "ejecucion_correcta" not in found:
            text = _("%(name)s answered something that cannot be read.", name=NAME)
            raise Unavailable(text) if again else Unknown(text)
        told = found.get("log")
        words = " ".join(str(one) for one in (told if isinstance(told, list) else [told or ""])).strip()
        if str(found["ejecucion_correcta"]) not in ("1", "True"):
            raise Rejected(_("%(name)s refused: %(words)s", name=NAME, words=words[:300] or "-"), code="0")
        return list(rows_of(found.get("datos")))


def _day(day: dt.date) -> str:
    return f"{day:%Y%m%d}"


def _handshake() -> str:
    return hashlib.md5(clock.now().isoformat().encode(), usedforsecurity=False).hexdigest()


def nested(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A form as PHP reads it: pagador[Nombre]=…, fechas_vencimiento[0]=…"""
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, list | tuple):
        parts = [(str(place), one) for place, one in enumerate(value)]
    else:
        yield name, str(value)
        return
    for key, one in parts:
        yield from nested(one, f"{name}[{key}]" if name else str(key))


def rows_of(found: Any) -> Iterator[Any]:
    """The elements of `datos`: themselves, as JSON text one by one, or all of them in one text or list."""
    if isinstance(found, str) and found.strip()[:1] in ("[", "{"):
        try:
            found = json.loads(found)
        except ValueError:
            yield found
            return
    if isinstance(found, list):
        for one in found:
            yield from rows_of(one)
    elif found not in (None, ""):
        yield found
