"""What a code of CardNET means (reference 8.2). `data/codigos_respuesta.csv`: the manual's 75 codes and TF; class ours.

Only 00 is money. A code of no table says nothing: it is asked about again.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# class of the table -> our word
STATUSES = {"approved": "approved", "pending": "pending", "mismatch": "mismatch", "unknown": "unknown",
            "declined": "rejected", "configuration": "error"}
CONFIGURATION = "configuration"


@dataclass(frozen=True)
class Code:
    """A code: what it says, its class."""

    code: str
    sentence: str
    kind: str

    @property
    def status(self) -> str:
        return STATUSES[self.kind]


@cache
def codes() -> dict[str, Code]:
    """The codes. Commas of a sentence stand unquoted in the table: code first, class last."""
    with (Path(__file__).parent / "data" / "codigos_respuesta.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {row[0]: Code(row[0], ",".join(row[1:-1]), row[-1]) for row in rows}


def of(code: str) -> Code:
    """A code; one of no table is unknown."""
    return codes().get(code) or Code(code, "", "unknown")
