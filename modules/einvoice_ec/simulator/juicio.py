"""The verdict on a voucher that was received: checks in the SRI's order, the first failure answers alone.

Ficha técnica, section 11.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509

from modules.einvoice_ec.simulator import aritmetica, register
from modules.einvoice_ec.simulator.firma import BadSignature, Judge
from modules.einvoice_ec.simulator.recepcion import message
from modules.einvoice_ec.simulator.register import Register
from modules.einvoice_ec.simulator.settings import Config
from modules.einvoice_ec.simulator.store import AUTHORIZED, REFUSED, Store
from modules.einvoice_ec.simulator.voucher import Voucher

LIMIT = 50
_WEIGHTS = (2, 3, 4, 5, 6, 7)


@dataclass(frozen=True)
class Verdict:
    """AUTORIZADO or NO AUTORIZADO, with its messages."""

    estado: str
    mensajes: list[dict[str, str]]


@dataclass(frozen=True)
class Court:
    """All that a verdict depends on."""

    store: Store
    register: Register
    authorities: tuple[x509.Certificate, ...]
    config: Config
    expired: bool = False

    def judge(self, voucher: Voucher, ambiente: str) -> Verdict:
        """The verdict; warnings come with an authorisation."""
        refusal = self._refusal(voucher, ambiente)
        if refusal:
            return Verdict(REFUSED, [refusal])
        return Verdict(AUTHORIZED, self._warnings(voucher, ambiente))

    def _refusal(self, voucher: Voucher, ambiente: str) -> dict[str, str] | None:
        ruc = voucher.tax("ruc")
        code = register.trouble(self.register.find(ruc, self.config.open_register), ambiente, voucher.tax("estab"),
                                voucher.tax("codDoc"))
        if code:
            return message(code)
        if not _key_agrees(voucher):
            return message("58", "La clave de acceso no corresponde a los datos del comprobante")
        try:
            Judge(self.authorities, self.config.now(), self.expired).check(voucher.xml, voucher.tree, ruc)
        except BadSignature as error:
            return message(error.code, str(error))
        if voucher.tax("ambiente") != ambiente:
            # which code the SRI gives here was not found
            return message("35", "El ambiente del comprobante no corresponde al del servicio")
        return self._buyer(voucher) or self._sums(voucher)

    def _buyer(self, voucher: Voucher) -> dict[str, str] | None:
        kind, number = voucher.buyer
        if number in self.config.unknown_buyers:
            return message("69", "La identificación del receptor no existe")
        if kind == "07" and voucher.root != "factura":
            return message("69", "Consumidor final no permitido en notas")
        return None

    def _sums(self, voucher: Voucher) -> dict[str, str] | None:
        found = aritmetica.differences(voucher, self.config.tolerance)
        if found:
            return message("52", found)
        if voucher.buyer[0] == "07" and voucher.total > LIMIT:
            # the SRI's own code for this was not found
            return message("52", "CONSUMIDOR FINAL: el importe total supera 50.00, identifique al comprador")
        return None

    def _warnings(self, voucher: Voucher, ambiente: str) -> list[dict[str, str]]:
        found = [message("60")] if ambiente == "1" else []
        kind, number = voucher.buyer
        if kind == "05" and not _is_cedula(number):
            found.append(message("62"))
        if number in self.config.missing_buyers:
            found.append(message("59"))
        if voucher.root != "factura" and not self._knows(voucher, ambiente):
            found.append(message("68"))
        return found

    def _knows(self, voucher: Voucher, ambiente: str) -> bool:
        """Whether the modified document exists as an electronic one."""
        estab, point, number = (voucher.info.findtext("numDocModificado") or "--").split("-")
        return bool(self.store.rows(
            "SELECT 1 FROM comprobante WHERE ruc = ? AND ambiente = ? AND cod_doc = ? AND serie = ? AND "
            "secuencial = ? AND estado = ?", voucher.tax("ruc"), ambiente,
            voucher.info.findtext("codDocModificado"), estab + point, number, AUTHORIZED))


def _key_agrees(voucher: Voucher) -> bool:
    """Every part of the key against its twin, and the check digit (table 1)."""
    key = voucher.key
    twin = (f"{voucher.date:%d%m%Y}{voucher.tax('codDoc')}{voucher.tax('ruc')}{voucher.tax('ambiente')}"
            f"{voucher.tax('estab')}{voucher.tax('ptoEmi')}{voucher.tax('secuencial')}")
    return key[:39] == twin and key[47] == voucher.tax("tipoEmision") and digit(key[:48]) == key[48]


def digit(digits: str) -> str:
    """Modulus 11, weights 2 to 7 from the right."""
    weighted = (int(one) * _WEIGHTS[place % 6] for place, one in enumerate(digits[::-1]))
    rest = 11 - sum(weighted) % 11
    return str(0 if rest == 11 else 1 if rest == 10 else rest)


def _is_cedula(number: str) -> bool:
    if len(number) != 10 or not number.isdecimal():
        return False
    total = 0
    for place, one in enumerate(number[:9]):
        value = int(one) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10 == int(number[9])
