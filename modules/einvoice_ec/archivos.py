"""Ecuador's entry in the port `papers`: what was sent is the signed voucher itself, byte for byte."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy
from modules.einvoice.files import PRINTED, REQUEST, XML, Kept, Papers


class EcuadorianPapers(Papers):
    """What the SRI wants kept for seven years is the authorised XML and the RIDE (ecuador.md, section 0)."""

    kinds = {**Papers.kinds, XML: lazy("Authorised XML"), PRINTED: lazy("RIDE (PDF)"), REQUEST: lazy("Signed voucher")}

    def as_file(self, role: str, said: Any) -> Kept:
        """The signed voucher as it is; all else as XML."""
        if role != REQUEST:
            return super().as_file(role, said)
        return Kept(role, f"{said.get('clave') or 'comprobante'}-firmado.xml", "application/xml",
                    str(said.get("xml") or "").encode())
