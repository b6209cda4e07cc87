"""The register of taxpayers and their points of sale: made-up ones at the start, more by `_sim`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.i18n import _
from core.simulators import frame
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.store import Store

WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
PREFIXES = {"20", "23", "24", "25", "26", "27", "30", "33", "34"}
COMPANIES = ("30", "33", "34")
NOT_CATEGORISED = "23000000000"
# RI, MO monotributo, MS social monotributo, EX exempt, NONE active without any of them
CONDITIONS = ("RI", "MO", "MS", "EX", "NONE")
CAE_KINDS = {"RI": "CAE - Ri Iva", "MO": "CAE - Monotributo", "MS": "CAE - Monotributo", "EX": "CAE - Exento Iva"}
CAEA_KIND = "CAEA - Ri Iva"


@dataclass(frozen=True)
class Taxpayer:
    """One entry of the register. `known` False: ARCA does not know this number, whatever the settings."""

    cuit: str
    name: str = ""
    condition: str = "RI"
    active: bool = True
    known: bool = True
    unreliable: bool = False
    deceased: bool = False
    apocryphal: bool = False
    large: bool = False
    electronic_domicile: bool = True
    street: str = "San Martín 100"
    city: str = "Río Cuarto"
    region: str = "CORDOBA"
    region_id: int = 3
    postal_code: str = "5800"


@dataclass(frozen=True)
class Point:
    """A point of sale; `closed` is its last day as yyyymmdd."""

    cuit: str
    number: int
    kind: str = CAE_KINDS["RI"]
    blocked: bool = False
    closed: str = ""

    @property
    def issues_cae(self) -> bool:
        return self.kind.startswith("CAE -") and not self.blocked and not self.closed


START = {one.cuit: one for one in (
    Taxpayer("30990000103", "RIO CUARTO WIRELESS S.A.", "RI"),
    Taxpayer("20990000205", "GOMEZ CARLOS ALBERTO", "MO"),
    Taxpayer("30990000308", "COOPERATIVA TELEFONICA LTDA", "EX"),
    Taxpayer("30990001118", "DISTRIBUIDORA DEL SUR S.R.L.", "RI"),
    Taxpayer("27990001206", "PEREZ MARIA LAURA", "MO"),
    Taxpayer("30990001304", "ASOCIACION CIVIL EL PUENTE", "EX"),
    Taxpayer("27990001400", "SOSA ANA", "MS"),
    Taxpayer("20990001503", "LUNA JORGE", "RI", active=False),
    Taxpayer("30990001606", "TRANSPORTES DUDOSOS S.A.", "RI", unreliable=True),
    Taxpayer("20990001708", "RIOS PEDRO", "RI", deceased=True),
    Taxpayer("30990001800", "PAPELES DEL VIENTO S.A.", "RI", apocryphal=True),
    Taxpayer("33990001907", "SUPERMERCADOS GRANDES S.A.", "RI", large=True),
    Taxpayer("20990002003", "DIAZ OSCAR", "NONE"),
    Taxpayer("30990009992", known=False),
)}
START_POINTS = {(one.cuit, one.number): one for one in (
    *(Point("30990000103", number) for number in (1, 2, 3)),
    Point("30990000103", 4, blocked=True),
    Point("30990000103", 5, closed="20260630"),
    Point("30990000103", 9, CAEA_KIND),
    *(Point("20990000205", number, CAE_KINDS["MO"]) for number in (1, 2)),
    Point("30990000308", 1, CAE_KINDS["EX"]),
    Point("30990000308", 2, CAE_KINDS["RI"]),
)}


def valid_cuit(number: str) -> bool:
    """Form and check digit (reference, section 6.1)."""
    if len(number) != 11 or not number.isdecimal() or number[:2] not in PREFIXES:
        return False
    digit = 11 - sum(int(a) * b for a, b in zip(number, WEIGHTS, strict=False)) % 11
    return digit != 10 and digit % 11 == int(number[10])


class Register:
    """Start table and additions; answers by CUIT under the settings in force."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._people: dict[str, Taxpayer] = {}
        self._points: dict[tuple[str, int], Point] = {}
        self.load()

    def load(self) -> None:
        """Read the additions again."""
        added = [Taxpayer(**json.loads(row["data"])) for row in self._store.rows("SELECT data FROM taxpayer")]
        points = [Point(**json.loads(row["data"])) for row in self._store.rows("SELECT data FROM point_of_sale")]
        self._people = START | {one.cuit: one for one in added}
        self._points = START_POINTS | {(one.cuit, one.number): one for one in points}

    def find(self, cuit: str, config: Config) -> Taxpayer | None:
        """The taxpayer, or None for a number that ARCA does not know."""
        found = self._people.get(cuit)
        if found is not None:
            return found if found.known else None
        if config.open_register and valid_cuit(cuit):
            return _anybody(cuit)
        return None

    def point(self, cuit: str, number: int, config: Config) -> Point | None:
        """The point of sale; in testing any number that is not otherwise known works."""
        found = self._points.get((cuit, number))
        if found is None and config.testing:
            person = self.find(cuit, config)
            return Point(cuit, number, CAE_KINDS.get(person.condition if person else "RI", CAE_KINDS["RI"]))
        return found

    def points(self, cuit: str) -> list[Point]:
        """All points of sale of an issuer, by number."""
        return [point for key, point in sorted(self._points.items()) if key[0] == cuit]

    def add(self, given: Mapping[str, Any]) -> Taxpayer:
        """Add or change a taxpayer; frame.BadRequest where it cannot be."""
        cuit = str(given.get("cuit") or "").replace("-", "")
        if not valid_cuit(cuit):
            raise frame.BadRequest(_("%(number)s is not a CUIT.", number=given.get("cuit")))
        before = self._people.get(cuit, Taxpayer(cuit, f"CONTRIBUYENTE {cuit}"))
        person = Taxpayer(**{**asdict(before), **_fitting(Taxpayer, given), "cuit": cuit})
        if person.condition not in CONDITIONS:
            raise frame.BadRequest(_("The condition must be one of %(known)s.", known=", ".join(CONDITIONS)))
        with self._store.writing() as db:
            db.execute("INSERT OR REPLACE INTO taxpayer VALUES (?, ?)", (cuit, json.dumps(asdict(person))))
        self.load()
        return person

    def add_point(self, given: Mapping[str, Any]) -> Point:
        """Add or change a point of sale; frame.BadRequest where it cannot be."""
        cuit, number = str(given.get("cuit") or "").replace("-", ""), given.get("number")
        if not valid_cuit(cuit) or not isinstance(number, int) or not 1 <= number <= 99998:
            raise frame.BadRequest(_("A point of sale needs a CUIT and a number from 1 to 99998."))
        owner = self._people.get(cuit)
        before = self._points.get((cuit, number),
                                  Point(cuit, number, CAE_KINDS.get(owner.condition if owner else "RI", "")))
        point = Point(**{**asdict(before), **_fitting(Point, given), "cuit": cuit, "number": number})
        with self._store.writing() as db:
            db.execute("INSERT OR REPLACE INTO point_of_sale VALUES (?, ?, ?)",
                       (cuit, number, json.dumps(asdict(point))))
        self.load()
        return point

    def listed(self) -> list[dict[str, Any]]:
        """All taxpayers as JSON."""
        return [asdict(person) for _cuit, person in sorted(self._people.items())]


def _anybody(cuit: str) -> Taxpayer:
    if cuit.startswith(COMPANIES):
        return Taxpayer(cuit, f"EMPRESA {cuit} S.A.", "RI")
    return Taxpayer(cuit, f"PERSONA {cuit}", "MO")


def _fitting(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given values that the entry has, each of the entry's type; frame.BadRequest for others."""
    known: dict[str, Any] = {one.name: one.type for one in fields(kind)}
    types = {"str": str, "bool": bool, "int": int}
    for name, value in given.items():
        if name not in known or not isinstance(value, types[known[name]]):
            raise frame.BadRequest(_("The value of %(name)s cannot be used: %(value)s.", name=name, value=value))
    return dict(given)
