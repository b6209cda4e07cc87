"""What PayU says became of a payment: state → ours, code of the answer → words (reference 1.4, 1.6).

`data/codigos_respuesta.csv`: state_pol, message, code, our class, whose fault it was, sentence; tables of PayU's public
manual, class and sentence are ours.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# state_pol of confirmations, transactionState of response pages
STATES = {"4": "approved", "6": "rejected", "5": "expired", "7": "pending", "104": "error"}
# transactionResponse.state of the API
API_STATES = {"APPROVED": "approved", "DECLINED": "rejected", "ERROR": "error", "EXPIRED": "expired",
              "PENDING": "pending", "SUBMITTED": "pending"}


@dataclass(frozen=True)
class Answer:
    """A code of the table. `origin` says whose fault it was: payer, issuer, network, fraud, or ""."""

    message: str
    code: str
    status: str
    origin: str
    sentence: str


@cache
def answers() -> dict[str, Answer]:
    """The answers by their message: INSUFFICIENT_FUNDS, …"""
    with (Path(__file__).parent / "data" / "codigos_respuesta.csv").open(encoding="utf-8", newline="") as file:
        return {row["response_message_pol"]: Answer(row["response_message_pol"], row["response_code_pol"],
                                                    row["estado"], row["origen"], row["frase"])
                for row in csv.DictReader(file)}


def sentence(message: str) -> str:
    """The words for people; the message itself where it is not known."""
    found = answers().get(message)
    return found.sentence if found else message
