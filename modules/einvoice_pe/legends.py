"""The legends on a document (catalogue 52, SPOT), as texts. Pure.

The words are the law's and are not translated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from modules.einvoice_pe.catalogs import (
    CREDITO,
    FACTURA,
    NAMES,
    PAPER_NAMES,
    detractions,
    legend_texts,
    note_kinds,
)
from modules.einvoice_pe.findings import plain

DETRACTED = "Operación sujeta al Sistema de Pago de Obligaciones Tributarias"
CONTINGENCY = "Comprobante emitido en contingencia: se entregó primero en papel y se informó después a la SUNAT"
FREE, GOODS_REGION, SERVICES_REGION = "1002", "2001", "2002"


def legends(payload: Mapping[str, Any], account: str = "") -> tuple[str, ...]:
    """All legends of a request, in the order in which they are printed; `account` is that of the detracción."""
    return tuple(_legends(payload, account))


def _legends(payload: Mapping[str, Any], account: str) -> Iterator[str]:
    texts = legend_texts()
    if payload.get("total_gratuita"):
        yield texts[FREE]
    if payload.get("bienes_region_selva"):
        yield texts[GOODS_REGION]
    if payload.get("servicios_region_selva"):
        yield texts[SERVICES_REGION]
    if payload.get("detraccion"):
        yield detraction(payload, account)
    if payload.get("total_retencion"):
        yield (f"Operación sujeta a retención del IGV: S/ {payload['total_retencion']} de "
               f"{payload['retencion_base_imponible']}")
    yield from _note(payload)
    if payload.get("generado_por_contingencia"):
        yield CONTINGENCY
    yield f"Representación impresa de la {name_of(payload).upper()}"


def name_of(payload: Mapping[str, Any]) -> str:
    """The law's name of a request's document; what was written on paper first is not called electronic."""
    names = PAPER_NAMES if payload.get("generado_por_contingencia") else NAMES
    return names[int(payload["tipo_de_comprobante"])]


def detraction(payload: Mapping[str, Any], account: str = "") -> str:
    """Code, rate, amount and account, as the customer needs them for the deposit."""
    code, name = detractions().get(int(payload["detraccion_tipo"]), ("", ""))
    rate = plain(Decimal(str(payload["detraccion_porcentaje"])))
    where = f", cuenta del Banco de la Nación {account}" if account else ""
    return f"{DETRACTED}: {code} {name}, {rate} %, S/ {payload['detraccion_total']}{where}"


def paid(payload: Mapping[str, Any]) -> str:
    """How a factura is paid: at once, or on credit with its quotas and what they add up to; "" of all else."""
    if int(payload["tipo_de_comprobante"]) != FACTURA:
        return ""
    quotas = payload.get("venta_al_credito") or []
    if not quotas:
        return "Forma de pago: CONTADO"
    net = sum((Decimal(one["importe"]) for one in quotas), Decimal(0))
    listed = "; ".join(f"cuota {int(one['cuota']):03d}: {one['fecha_de_pago']}, {one['importe']}" for one in quotas)
    return f"Forma de pago: CRÉDITO, {listed}. Monto neto pendiente de pago: {net:.2f}"


def _note(payload: Mapping[str, Any]) -> Iterator[str]:
    if not payload.get("documento_que_se_modifica_serie"):
        return
    kind = int(payload["tipo_de_comprobante"])
    number = int(payload["tipo_de_nota_de_credito" if kind == CREDITO else "tipo_de_nota_de_debito"])
    modified = NAMES[int(payload["documento_que_se_modifica_tipo"])]
    yield (f"Documento que modifica: {modified} {payload['documento_que_se_modifica_serie']}-"
           f"{payload['documento_que_se_modifica_numero']}")
    yield f"Motivo: {note_kinds(kind)[number].name}" if number in note_kinds(kind) else "Motivo:"
