"""The faults on purpose that only this PAC has (reference: Mexico, 10)."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy

OWN: dict[str, Any] = {
    "base64_broken": lazy("Stamped, but the XML of the answer is no base64"),
    "xml_cut": lazy("Stamped, but the XML of the answer is cut off"),
    "other_seal": lazy("Stamped, but the timbre carries another seal (SelloCFD) than the document"),
    "without_timbre": lazy("The document comes back without its timbre"),
    "refuse": lazy("Refused with a code (code: CFDI40145)"),
    "sat_down": lazy("The SAT's query service does not answer"),
}


class Refused(Exception):
    """A SOAP Fault with the PAC's or the SAT's code; `found` is what it carries beside (307: the stamped XML)."""

    def __init__(self, code: str, text: str, found: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text, self.found = code, text, found
