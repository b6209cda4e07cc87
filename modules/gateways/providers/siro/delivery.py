"""Debt files to SIRO by its API."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import BinaryIO

from modules.gateways.access import Access
from modules.gateways.ports import Delivered
from modules.gateways.providers.siro.client import Siro

# "Registro 5: …"
RECORD = re.compile(r"\s*registro\s+(\d{1,9})\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
DONE, FAILED = frozenset({"PROCESADA", "PROCESADO"}), "ERROR"


class Delivery:
    """A file that comes twice does no harm: what was taken before is refused record by record."""

    def send(self, access: Access, file: BinaryIO, name: str) -> str:
        text = file.read().decode("ascii")
        return Siro(access).upload("\n".join(text.splitlines()))

    def state(self, access: Access, number: str) -> Delivered:
        found = Siro(access).base(number)
        taken, refused = found.get("cantidad_registros_correctos"), found.get("cantidad_registros_erroneos")
        told = [str(one) for one in found.get("errores") or []] or [str(found.get("error_descripcion") or "")]
        state = "waiting"
        if found["estado"] in DONE:
            state = "taken"
        elif found["estado"] == FAILED:
            # SIRO says ERROR also where only some records were refused
            state = "taken" if taken else "refused"
        return Delivered(state, None if taken is None else int(taken), None if refused is None else int(refused),
                         tuple(one for one in told if one), _records(told))


def _records(told: Sequence[str]) -> dict[int, str]:
    """What was said of records by their numbers; the first record is the header."""
    found = (RECORD.match(one) for one in told)
    return {int(one[1]) - 1: one[2].strip() for one in found if one and int(one[1]) > 1}
