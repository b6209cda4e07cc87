"""The SAT's list of registered taxpayers (l_RFC): name, postal codes, regimes; and what it refuses of a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modules.einvoice_mx.catalogs import GENERIC
from modules.einvoice_mx.simulator.settings import Config
from modules.einvoice_mx.simulator.store import Store

# the SAT's fictitious taxpayers, with the postal codes that are seen in the PACs' test environments
SEEDS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("EKU9003173C9", "ESCUELA KEMPER URGATE", ("42501", "26015", "68050"), ("601",)),
    ("URE180429TM6", "UNIVERSIDAD ROBOTICA ESPAÑOLA", ("86991",), ("601",)),
    ("CACX7605101P8", "XOCHILT CASAS CHAVEZ", ("36257", "10740"), ("605", "612", "626")),
    ("XIA190128J61", "XENON INDUSTRIAL ARTICLES", ("76343",), ("601",)),
    ("KICR630120NX3", "RODRIGO KITIA CASTRO", ("36246",), ("605", "612")),
    ("MISC491214B86", "CECILIA MIRANDA SANCHEZ", ("01010",), ("605", "612")),
)


class Register:
    """Who is registered."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.load()

    def load(self) -> None:
        """The start register; what was added stays."""
        for rfc, name, codes, regimes in SEEDS:
            if self.store.taxpayer(rfc) is None:
                self.add({"rfc": rfc, "nombre": name, "cp": list(codes), "regimenes": list(regimes)})

    def add(self, given: dict[str, Any]) -> dict[str, Any]:
        """A taxpayer {"rfc", "nombre", "cp": […], "regimenes": […]}."""
        data: dict[str, Any] = {
            "rfc": str(given["rfc"]).upper(), "nombre": str(given["nombre"]), "cp": [*given.get("cp", [])],
            "regimenes": [*given.get("regimenes", [])]}
        self.store.add_taxpayer(data["rfc"], data)
        return data

    def refusals(self, issuer: dict[str, str], receiver: dict[str, str], config: Config) -> Iterator[tuple[str, str]]:
        """(code, words) of what the list does not confirm."""
        found = self.store.taxpayer(issuer["Rfc"])
        if found is None and not config.open_register:
            yield "CFDI40138", "El campo Rfc del emisor no se encuentra en la lista de RFC inscritos no cancelados."
        elif found is not None and found["nombre"] != issuer["Nombre"]:
            yield "CFDI40139", "El campo Nombre del emisor, debe pertenecer al nombre asociado al RFC registrado."
        if receiver["Rfc"] not in GENERIC:
            yield from self._receiver(receiver, config)

    def _receiver(self, receiver: dict[str, str], config: Config) -> Iterator[tuple[str, str]]:
        found = self.store.taxpayer(receiver["Rfc"])
        if found is None:
            if not config.open_register:
                yield "CFDI40143", ("Este RFC del receptor no existe en la lista de RFC inscritos no cancelados del "
                                    "SAT.")
            return
        if found["nombre"] != receiver["Nombre"]:
            yield "CFDI40145", ("El campo Nombre del receptor, debe pertenecer al nombre asociado al RFC registrado en "
                                "el campo Rfc del Receptor.")
        if found["cp"] and receiver["DomicilioFiscalReceptor"] not in found["cp"]:
            yield "CFDI40148", ("El campo DomicilioFiscalReceptor del receptor, debe pertenecer al nombre asociado al "
                                "RFC registrado en el campo Rfc del Receptor.")
        if found["regimenes"] and receiver["RegimenFiscalReceptor"] not in found["regimenes"]:
            yield "CFDI40159", ("El campo RegimenFiscalR no corresponde con el régimen registrado del RFC del "
                                "receptor.")
