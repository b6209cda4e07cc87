"""The QR of a stamped CFDI (Anexo 20, printed representation). Pure."""

from __future__ import annotations

HOST = "https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx"
# a timbre's UUID
UUID = r"[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}"


def url(uuid: str, issuer: str, receiver: str, total: str, sello: str) -> str:
    """The whole text of the QR; `total` as the XML writes it, `sello` ours (its last eight characters count)."""
    return f"{HOST}?id={uuid}&re={_rfc(issuer)}&rr={_rfc(receiver)}&tt={total}&fe={sello[-8:]}"


def _rfc(text: str) -> str:
    """An RFC may hold &, which parts the fields."""
    return text.replace("&", "%26")
