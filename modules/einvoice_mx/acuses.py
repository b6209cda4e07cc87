"""Mexico's entry in the port `papers`: documents with the SAT's receipt of their cancelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.i18n import lazy
from modules.einvoice.files import REQUEST, Kept, Papers

# the role of the acuse among a document's files
ACUSE = "acuse"


class MexicanPapers(Papers):
    """The usual kinds, and the acuse of a cancelling where it was uploaded. What was sent is the sealed XML itself."""

    kinds: Mapping[str, Any] = {**Papers.kinds, ACUSE: lazy("Acuse of the cancelling")}

    def as_file(self, role: str, said: Any) -> Kept:
        """The sealed XML as it was sent; all else as the usual XML."""
        if role == REQUEST and said.get("xml"):
            return Kept(role, "sellado.xml", "application/xml", str(said["xml"]).encode())
        return super().as_file(role, said)
