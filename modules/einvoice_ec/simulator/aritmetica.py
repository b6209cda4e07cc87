"""Message 52: the SRI adds a voucher up again (ficha, sections 8 and 11). Written from its texts, not from our sums."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from modules.einvoice_ec.catalogs import iva_by_code
from modules.einvoice_ec.simulator.voucher import Voucher

D = Decimal
IVA, ICE = "2", "3"
Pair = tuple[str, str]


def differences(voucher: Voucher, tolerance: Decimal) -> str:
    """The inventory of errors as the SRI writes it; "" where everything agrees."""
    check = _Check(voucher, tolerance)
    check.run()
    if not check.found:
        return ""
    parts = "".join(f"\n- {section}:\n\t" + "\n\t".join(lines) for section, lines in check.found.items())
    return f"\n\n--- Inventario de errores ---\n{parts}"


class _Check:
    def __init__(self, voucher: Voucher, tolerance: Decimal) -> None:
        self.voucher, self.tolerance = voucher, tolerance
        self.found: dict[str, list[str]] = defaultdict(list)
        self.rates: dict[Pair, Decimal] = {}
        self.bases: dict[Pair, Decimal] = defaultdict(Decimal)

    def run(self) -> None:
        if self.voucher.root == "notaDebito":
            self._debit_note()
        else:
            nets, discounts = self._lines()
            self._head(nets, discounts)

    def _differ(self, section: str, said: Decimal, computed: Decimal, words: str) -> None:
        if abs(said - computed) > self.tolerance:
            self.found[section].append(words.format(said=said, computed=computed))

    def _lines(self) -> tuple[Decimal, Decimal]:
        nets = discounts = D(0)
        for number, line in enumerate(self.voucher.tree.iterfind("detalles/detalle"), start=1):
            net, discount = _amount(line, "precioTotalSinImpuesto"), _amount(line, "descuento")
            gross = _amount(line, "cantidad") * _amount(line, "precioUnitario")
            self._differ("Detalle", net, gross - discount, f"El precio total sin impuesto del detalle {number} "
                         "esperado {said} no coincide con el calculado {computed}")
            nets, discounts = nets + net, discounts + discount
            self._line_taxes(number, line, net)
        return nets, discounts

    def _line_taxes(self, number: int, line: Any, net: Decimal) -> None:
        ice = sum((_amount(one, "valor") for one in line.iterfind("impuestos/impuesto")
                   if one.findtext("codigo") == ICE), D(0))
        for one in line.iterfind("impuestos/impuesto"):
            pair = (one.findtext("codigo"), one.findtext("codigoPorcentaje"))
            base, rate = _amount(one, "baseImponible"), _amount(one, "tarifa")
            expected = net + ice if pair[0] == IVA else net
            self._differ("ImpuestoDetalle", base, expected, f"La base imponible del detalle {number} [codigo={pair[0]},"
                         f" codigoPorcentaje={pair[1]}] esperada {{said}} no coincide con la calculada {{computed}}")
            self._rate(pair, rate)
            self._differ("ImpuestoDetalle", _amount(one, "valor"), base * rate / 100, f"El valor del detalle {number} "
                         f"[codigo={pair[0]}, codigoPorcentaje={pair[1]}] esperado {{said}} no coincide con el "
                         "calculado {computed}")
            self.bases[pair] += base

    def _rate(self, pair: Pair, rate: Decimal) -> None:
        """Code and rate must agree."""
        self.rates[pair] = rate
        known = iva_by_code().get(pair[1]) if pair[0] == IVA else None
        if pair[0] == IVA and (known is None or known.rate != rate):
            self.found["ImpuestoDetalle"].append(
                f"La tarifa {rate} no corresponde al codigoPorcentaje {pair[1]}")

    def _head(self, nets: Decimal, discounts: Decimal) -> None:
        info, section = self.voucher.info, "Factura" if self.voucher.root == "factura" else "NotaCredito"
        self._differ(section, _amount(info, "totalSinImpuestos"), nets,
                     "El total sin impuestos esperado {said} no coincide con el calculado {computed}")
        if self.voucher.root == "factura":
            more = sum((_amount(one, "descuentoAdicional") for one in info.iter("totalImpuesto")), D(0))
            self._differ(section, _amount(info, "totalDescuento") + more, discounts + more,
                         "El valor del total de descuento {said} debe ser igual el calculado (total descuento + total "
                         "descuento adicional) {computed}")
        taxes = self._totals(list(info.iterfind("totalConImpuestos/totalImpuesto")))
        self._total(section, taxes)

    def _totals(self, rows: list[Any]) -> Decimal:
        total = D(0)
        for one in rows:
            pair = (one.findtext("codigo"), one.findtext("codigoPorcentaje"))
            base, value = _amount(one, "baseImponible"), _amount(one, "valor")
            rate = self.rates.get(pair, D(0))
            where = f"[codigo={pair[0]}, codigoPorcentaje={pair[1]}]"
            self._differ("ImpuestoTotalizado", base, self.bases.get(pair, D(0)),
                         f"La base FacturaTotalConImpuesto {where} esperada {{said}} no coincide con la calculada "
                         "{computed}")
            less = base - _amount(one, "descuentoAdicional")
            self._differ("ImpuestoTotalizado", value, less * rate / 100,
                         f"El valor total FacturaTotalConImpuesto {where} esperado {{said}} no coincide con el "
                         "calculado {computed}")
            total += value
        missing = set(self.bases) - {(one.findtext("codigo"), one.findtext("codigoPorcentaje")) for one in rows}
        for pair in sorted(missing):
            self.found["ImpuestoTotalizado"].append(
                f"Falta FacturaTotalConImpuesto [codigo={pair[0]}, codigoPorcentaje={pair[1]}]")
        return total

    def _total(self, section: str, taxes: Decimal) -> None:
        info = self.voucher.info
        parts = dict(self._parts(taxes))
        computed = (parts["net"] - parts["less"] - parts["refund"] - parts["compensation"] + taxes + parts["tip"]
                    + parts["withheld"] + parts["export"] + parts["others"])
        self._differ(section, self.voucher.total, computed, (
            "El importe total esperado {said} no coincide con el calculado {computed}: total sin impuestos "
            f"{info.findtext('totalSinImpuestos')} - total descuento adicional {parts['less']} - total devolucion iva "
            f"{parts['refund']} - total compensaciones {parts['compensation']} + total impuestos {taxes} + propina "
            f"{parts['tip']} + total retenciones {parts['withheld']} + totalExportaciones {parts['export']} + total "
            f"rubros terceros {parts['others']}"))

    def _parts(self, taxes: Decimal) -> Iterator[tuple[str, Decimal]]:
        """The formula's members, from the text of message 52."""
        info, tree = self.voucher.info, self.voucher.tree
        yield "net", _amount(info, "totalSinImpuestos")
        yield "less", sum((_amount(one, "descuentoAdicional") for one in info.iter("totalImpuesto")), D(0))
        yield "refund", sum((_amount(one, "valorDevolucionIva") for one in info.iter("totalImpuesto")), D(0))
        yield "compensation", sum((_amount(one, "valor") for one in info.iter("compensacion")), D(0))
        yield "tip", _amount(info, "propina")
        yield "withheld", sum((_amount(one, "valor") for one in tree.iterfind("retenciones/retencion")), D(0))
        names = ("fleteInternacional", "seguroInternacional", "gastosAduaneros", "gastosTransporteOtros")
        yield "export", sum((_amount(info, name) for name in names), D(0))
        yield "others", sum((_amount(one, "total") for one in tree.iterfind("otrosRubrosTerceros/rubro")), D(0))

    def _debit_note(self) -> None:
        info = self.voucher.info
        reasons = sum((_amount(one, "valor") for one in self.voucher.tree.iterfind("motivos/motivo")), D(0))
        self._differ("NotaDebito", _amount(info, "totalSinImpuestos"), reasons,
                     "El total sin impuestos esperado {said} no coincide con el calculado {computed}")
        taxes = D(0)
        for one in info.iterfind("impuestos/impuesto"):
            pair = (one.findtext("codigo"), one.findtext("codigoPorcentaje"))
            self._rate(pair, _amount(one, "tarifa"))
            self._differ("ImpuestoTotalizado", _amount(one, "valor"),
                         _amount(one, "baseImponible") * _amount(one, "tarifa") / 100,
                         f"El valor total [codigo={pair[0]}, codigoPorcentaje={pair[1]}] esperado {{said}} no "
                         "coincide con el calculado {computed}")
            taxes += _amount(one, "valor")
        self._differ("NotaDebito", self.voucher.total, _amount(info, "totalSinImpuestos") + taxes,
                     "El valor total esperado {said} no coincide con el calculado {computed}")


def _amount(parent: Any, name: str) -> Decimal:
    return D(parent.findtext(name) or "0")
