"""Recepción: what is looked at before a voucher is stored; the first failure answers alone.

Ficha técnica, sections 8.2 and 11.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from modules.einvoice_ec import schemas
from modules.einvoice_ec.catalogs import messages
from modules.einvoice_ec.simulator.settings import Config
from modules.einvoice_ec.simulator.store import REFUSED, Store
from modules.einvoice_ec.simulator.voucher import CODES, VERSIONS, Unreadable, Voucher, read

LARGEST = 320 * 1024
NOT_STORED = "DEVUELTA"


def message(code: str, more: str = "") -> dict[str, str]:
    """A message as the SRI writes it."""
    known = messages()[code]
    return {"identificador": code, "mensaje": known.text, "informacionAdicional": more, "tipo": known.kind}


class Refusal(Exception):
    """DEVUELTA with this message."""

    def __init__(self, code: str, more: str = "", key: str = "N/A") -> None:
        super().__init__(code)
        self.code, self.key, self.message = code, key, message(code, more)


def examine(xml: bytes, ambiente: str, store: Store, config: Config, clock_ahead: bool) -> Voucher:
    """The voucher where it may be stored; Refusal where not."""
    if len(xml) > LARGEST:
        raise Refusal("26")
    try:
        found = read(xml)
    except Unreadable as error:
        raise Refusal("35", f"Se encontró el siguiente error en la estructura del comprobante: {error}") from error
    _structure(found)
    _date(found, config, clock_ahead)
    look_up(found, ambiente, store, config)
    return found


def look_up(found: Voucher, ambiente: str, store: Store, config: Config) -> None:
    """70, 43 or 45 where key or number are known."""
    _known_key(found, store, config)
    _number(found, ambiente, store)


def _structure(found: Voucher) -> None:
    """Schema, version, codDoc."""
    if found.root not in VERSIONS:
        raise Refusal("48")
    version = found.tree.get("version") or ""
    known = version in VERSIONS[found.root]
    faults = schemas.faults(found.tree, schemas.schema(found.root, version if known else VERSIONS[found.root][-1]))
    key = found.key or "N/A"
    if faults and (known or any(element not in ("cantidad", "precioUnitario") for element, _text in faults)):
        raise Refusal("35", "Se encontró el siguiente error en la estructura del comprobante: cvc-type: "
                      f"{faults[0][1]}", key)
    if not known:
        raise Refusal("36", key=key)
    if found.tax("codDoc") != CODES[found.root]:
        raise Refusal("47", key=key)


def _date(found: Voucher, config: Config, clock_ahead: bool) -> None:
    try:
        date = found.date
    except ValueError:
        raise Refusal("67", key=found.key) from None
    today = config.now().date() - dt.timedelta(days=1 if clock_ahead else 0)
    oldest = today - dt.timedelta(minutes=config.window_minutes)
    if not oldest <= date <= today:
        raise Refusal("65", f"La fecha de emisión está fuera del rango de tolerancia [{config.window_minutes} "
                      "minutos], o es mayor a la fecha del servidor", found.key)


def _known_key(found: Voucher, store: Store, config: Config) -> None:
    """70 while it is in process, 43 once it is authorised; after a refusal it may come again."""
    rows = store.of_key(found.key)
    if any(in_process(row, config) for row in rows):
        raise Refusal("70", key=found.key)
    if any(row["estado"] != REFUSED for row in rows):
        raise Refusal("43", key=found.key)


def in_process(row: Any, config: Config) -> bool:
    """Whether the verdict on it is not to be had yet."""
    return row["ready"] is None or row["ready"] > config.now().timestamp()


def _number(found: Voucher, ambiente: str, store: Store) -> None:
    """45 where the number was received under another key and not refused."""
    serie = found.tax("estab") + found.tax("ptoEmi")
    rows = store.rows("SELECT clave FROM comprobante WHERE ruc = ? AND ambiente = ? AND cod_doc = ? AND serie = ? AND "
                      "secuencial = ? AND clave <> ? AND estado <> ?", found.tax("ruc"), ambiente,
                      found.tax("codDoc"), serie, found.tax("secuencial"), found.key, REFUSED)
    if rows:
        raise Refusal("45", key=found.key)
