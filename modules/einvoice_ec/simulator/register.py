"""Who may issue: taxpayers with their state, establishments, and the vouchers that they asked for per environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.i18n import _
from core.simulators import frame
from modules.einvoice_ec.simulator.store import Store

# message by the taxpayer's state, and by the establishment's
STATES = {"activo": "", "no activo": "2", "suspendido": "57", "clausurado": "63", "clase no permitida": "27"}
PLACES = {"abierto": "", "cerrado": "56", "clausurado": "10"}
ALL = ("01", "03", "04", "05", "06", "07")


@dataclass(frozen=True)
class Taxpayer:
    """A RUC as the SRI knows it; `permisos` by ambiente."""

    ruc: str
    razon_social: str = ""
    estado: str = "activo"
    establecimientos: Mapping[str, str] = field(default_factory=lambda: {"001": "abierto"})
    permisos: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"1": ALL, "2": ALL})


START = Taxpayer("1790012344001", "ISP ANDINO S.A.S.", establecimientos={"001": "abierto", "002": "abierto"})


class Register:
    """The taxpayers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, ruc: str, open_register: bool) -> Taxpayer | None:
        """The taxpayer; where the register is open also one that nobody named, with every establishment."""
        rows = self._store.rows("SELECT data FROM taxpayer WHERE ruc = ?", ruc)
        if rows:
            return _taxpayer(json.loads(rows[0]["data"]))
        if ruc == START.ruc:
            return START
        return Taxpayer(ruc, establecimientos={}) if open_register else None

    def add(self, given: Mapping[str, Any]) -> Taxpayer:
        """`_sim/taxpayer`; frame.BadRequest where it is wrong."""
        ruc = str(given.get("ruc") or "")
        if not re.fullmatch(r"\d{10}001", ruc):
            raise frame.BadRequest(_("%(number)s is not a RUC.", number=ruc))
        made = _taxpayer({**given, "ruc": ruc})
        if made.estado not in STATES or not set(made.establecimientos.values()) <= set(PLACES):
            raise frame.BadRequest(_("A taxpayer is %(states)s, an establishment %(places)s.",
                                     states=", ".join(STATES), places=", ".join(PLACES)))
        with self._store.writing() as db:
            db.execute("INSERT OR REPLACE INTO taxpayer VALUES (?, ?)", (ruc, json.dumps(asdict(made))))
        return made

    def listed(self) -> list[dict[str, Any]]:
        return [json.loads(row["data"]) for row in self._store.rows("SELECT data FROM taxpayer ORDER BY ruc")]


def _taxpayer(data: Mapping[str, Any]) -> Taxpayer:
    names = {"ruc", "razon_social", "estado", "establecimientos", "permisos"}
    values = {name: value for name, value in data.items() if name in names and value is not None}
    if "permisos" in values:
        values["permisos"] = {key: tuple(one) for key, one in values["permisos"].items()}
    return Taxpayer(**values)


def trouble(found: Taxpayer | None, ambiente: str, estab: str, cod_doc: str) -> str:
    """The message that keeps this taxpayer from issuing this; "" where nothing does."""
    if found is None:
        return "46"
    if STATES[found.estado]:
        return STATES[found.estado]
    # a register that nobody filled in knows every establishment
    place = found.establecimientos.get(estab, "cerrado" if found.establecimientos else "abierto")
    if PLACES[place]:
        return PLACES[place]
    return "" if cod_doc in found.permisos.get(ambiente, ()) else "37"
