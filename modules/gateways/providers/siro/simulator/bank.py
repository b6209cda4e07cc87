"""The bank: debts of its base, payments that it takes, days on which it processes and credits them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.i18n import lazy
from core.simulators import Faults, kept
from core.simulators.settings import Settings
from modules.crm import holidays
from modules.gateways.providers.siro.simulator import base, slips
from modules.gateways.providers.siro.simulator.slips import BadSlip

OWN: dict[str, Any] = {
    "expired_token": lazy("The session in use is suddenly no longer good"),
    "base_partial_error": lazy("The first record of a debt file is refused, the others pass"),
    "duplicate_base": lazy("Every record of a debt file is refused: it was sent before"),
    "late_rendition": lazy("The payment is processed a business day later"),
    "rejected_card": lazy("The card or account is refused: a line that is no payment"),
    "reversal_next_day": lazy("The payment is taken back on the next business day (DD-)"),
    "wrong_amount": lazy("The payer pays another amount than is owed (centavos: 100)"),
    "paid_twice": lazy("The payer pays the same twice"),
    "unknown_cpe": lazy("The payment comes under a code that nobody has"),
    "closed_window": lazy("The payer pays and never comes back"),
}
CREDIT_DAYS = {"MC": 10, "VS": 10, "TQR": 1, "QRE": 1, "DB": 1, "TI": 1, "SNP": 1, "LNK": 1, "IBK": 1, "DD+": 1}
# a payer writes the amount, with or without a debt
FREE = frozenset({"TI", "SNP", "LNK", "IBK", "QRE", "TQR", "DB", "FSF", "RSF", "CEF", "ASF", "PSF", "PSP"})
CASH = frozenset({"FSF", "RSF", "CEF", "ASF", "PSF", "PSP"})
NETWORKS = frozenset({"LK", "PC"})
OVERDUE = frozenset({"PCA", "LKA"})
REFUSED = {"MC": ("MCR", "051"), "VS": ("VSR", "051"), "DD+": ("DDR", "R10"), "BPC": ("BPR", "402"),
           "BPD": ("BPR", "402")}
DAY = dt.timedelta(days=1)


class Refused(Exception):
    """A payer cannot pay that; the sentence says why."""


@dataclass(frozen=True)
class Config(Settings):
    """The bank's clock; `processing_seconds` is how long a debt file stays pending."""

    ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
    READ = {"processing_seconds": int}

    processing_seconds: int = 0


class Kept(kept.Kept):
    """Accounts stay good when all else is forgotten."""

    STAYS = ("account",)

    def __init__(self, folder: Path | None) -> None:
        super().__init__(folder, "siro")


class Bank:
    """What the bank knows at a moment."""

    def __init__(self, state: Kept, faults: Faults, now: dt.datetime) -> None:
        self.kept, self.faults, self.now = state, faults, now

    def convenios(self) -> dict[str, dict[str, Any]]:
        """{convenio: account}"""
        return {one: account for account in self.kept.all("account") for one in account["convenios"]}

    # --- the base ------------------------------------------------------------------------------------

    def take_base(self, text: str, account: Mapping[str, Any]) -> int:
        """Read a debt file; its number."""
        number = self.kept.count("base") + 1
        kept_debts, errors = 0, []
        totals = [0, 0, 0]
        try:
            for place, one in base.records(text):
                why = one if isinstance(one, str) else self._keep(one, account, place)
                if why:
                    errors.append(f"Registro {place}: {why}")
                elif not isinstance(one, str):
                    kept_debts += 1
                    for index in range(3):
                        totals[index] += one.dues[min(index, len(one.dues) - 1)][1]
        except base.BadBase as error:
            errors, kept_debts = [str(error)], 0
        self.kept.put("base", "", str(number), {
            "nro_transaccion": number, "cantidad_registros_correctos": kept_debts,
            "cantidad_registros_erroneos": len(errors), "cantidad_registros_procesados": kept_debts + len(errors),
            "totals": totals, "errores": errors, "sent": self.now.isoformat(), "usuario_id": account["usuario"]})
        return number

    def _keep(self, owed: base.Owed, account: Mapping[str, Any], place: int) -> str:
        """Why a debt is refused, "" where it is taken."""
        key = owed.cpe + owed.five
        if owed.cpe[9:] not in account["convenios"]:
            return f"El convenio {owed.cpe[9:]} no pertenece al administrador"
        if owed.dues[-1][0] < self.now.date().isoformat():
            return "Todos los vencimientos están vencidos"
        if self.faults.strikes("duplicate_base") or self.kept.get("debt", owed.cpe, key):
            return f"El registro {owed.five} ya fue informado para {owed.cpe}"
        if place == 2 and self.faults.strikes("base_partial_error"):
            return "Error al procesar el registro"
        self.kept.put("debt", owed.cpe, key, {**owed.as_dict(), "sent": self.now.isoformat(), "paid": False})
        return ""

    def base_state(self, number: str, pending: int) -> dict[str, Any] | None:
        """What became of a debt file."""
        found = self.kept.get("base", "", number)
        if found is None:
            return None
        sent = dt.datetime.fromisoformat(found.pop("sent"))
        waits = (self.now - sent).total_seconds() < pending
        state = "PENDIENTE" if waits else "ERROR" if found["errores"] else "PROCESADA"
        names = ("total_primer_vencimiento", "total_segundo_vencimiento", "total_tercer_vencimiento")
        found |= {name: Decimal(cents).scaleb(-2) for name, cents in zip(names, found.pop("totals"), strict=True)}
        if waits:
            found |= {name: 0 for name in found if name.startswith(("cantidad", "total"))} | {"errores": []}
        return {**found, "estado": state, "error_descripcion": "; ".join(found["errores"])[:200],
                "confirmar_automaticamente": True, "fecha_envio": sent.replace(tzinfo=None).isoformat(),
                "fecha_registro": sent.replace(tzinfo=None).isoformat(), "via_ingreso": "API", "registro": None,
                "fecha_proceso": None if waits else self.now.replace(tzinfo=None).isoformat()}

    # --- payers --------------------------------------------------------------------------------------

    def pay(self, cpe: str, channel: str, amount: int | None = None, five: str = "") -> list[dict[str, Any]]:
        """Pay a debt of the base, or whatever amount where the channel lets the payer write it."""
        if cpe[9:] not in self.convenios() or len(cpe) != 19:
            raise Refused(f"El código {cpe} no existe")
        debt = self._debt(cpe, channel, five)
        if debt is None and (channel not in FREE or not amount):
            raise Refused(f"El código {cpe} no tiene deuda")
        owed = self._owed_today(debt, channel) if debt else 0
        if struck := self.faults.strikes("wrong_amount"):
            amount = (amount or owed) + int(struck.options.get("centavos", 100))
        if debt and channel not in FREE and amount not in (None, owed):
            raise Refused("El importe no es el de la deuda")
        if debt:
            self.kept.put("debt", cpe, cpe + debt["five"], {**debt, "paid": True})
        return self.take(cpe, channel, amount or owed, debt)

    def _debt(self, cpe: str, channel: str, five: str) -> dict[str, Any] | None:
        found = [one for one in self.kept.all("debt", cpe) if not one["paid"] and five in ("", one["five"])
                 and self._payable(one, channel)]
        return min(found, key=lambda one: one["dues"][0][0], default=None)

    def _payable(self, debt: Mapping[str, Any], channel: str) -> bool:
        """The networks have it from the next day on, counters without slip from 15:00, the button at once."""
        sent = dt.datetime.fromisoformat(debt["sent"])
        on_time = sent.hour < 14 and holidays.is_business_day(sent.date(), "AR")
        day = sent.date() if on_time else holidays.after_business_days(sent.date(), 1, "AR")
        if channel in NETWORKS:
            return self.now.date() > day
        start = dt.datetime.combine(day, dt.time(15), self.now.tzinfo)
        return channel not in CASH or self.now >= start

    def _owed_today(self, debt: Mapping[str, Any], channel: str) -> int:
        today = self.now.date().isoformat()
        for day, amount in debt["dues"]:
            if today <= day:
                return int(amount)
        if channel in OVERDUE:
            return int(debt["dues"][-1][1])
        raise Refused("La deuda está vencida")

    def pay_slip(self, barcode: str, channel: str, amount: int | None = None) -> list[dict[str, Any]]:
        """Pay a printed slip at a counter."""
        try:
            slip = slips.read(barcode)
            owed = slip.amount_on(self.now.date()) if slip.dues else amount
        except BadSlip as error:
            raise Refused(str(error)) from error
        if slip.convenio not in self.convenios():
            raise Refused(f"El convenio {slip.convenio} no existe")
        if not owed:
            raise Refused("Comprobante abierto: falta el importe")
        due = slip.dues[0][0].isoformat() if slip.dues else None
        more = {"barcode": barcode, "due": due, "extended": slip.customer if slip.code == "0448" else ""}
        return self.take(slip.customer[-9:] + slip.convenio, channel, owed, None, **more)

    def take(self, cpe: str, channel: str, amount: int, debt: Mapping[str, Any] | None,
             **more: Any) -> list[dict[str, Any]]:
        """A payment as the rendition will show it, and what faults make of it."""
        if self.faults.strikes("unknown_cpe"):
            cpe = f"{(int(cpe[:9]) + 500_000_000) % 10**9:09d}" + cpe[9:]
        refused = channel in REFUSED and (more.pop("refuse", False) or self.faults.strikes("rejected_card"))
        found = [self._record(cpe, channel, amount, debt, bool(refused), **more)]
        if self.faults.strikes("paid_twice"):
            found.append(self._record(cpe, channel, amount, debt, bool(refused), **more))
        if channel == "DD+" and self.faults.strikes("reversal_next_day"):
            back = self._record(cpe, "DD-", amount, debt, False, **more)
            back["processed"] = holidays.after_business_days(
                dt.date.fromisoformat(back["processed"]), 1, "AR").isoformat()
            self.kept.put("payment", cpe[9:], back["id"], back)
            found.append(back)
        return found

    def _record(self, cpe: str, channel: str, amount: int, debt: Mapping[str, Any] | None, refused: bool,
                **more: Any) -> dict[str, Any]:
        today = self.now.date()
        processed = holidays.after_business_days(today, 2 if self.faults.strikes("late_rendition") else 1, "AR")
        code = ""
        if refused:
            channel, code = REFUSED[channel]
        credited = None if refused else holidays.after_business_days(today, CREDIT_DAYS.get(channel, 3), "AR")
        dues = list(debt["dues"]) if debt else []
        number = f"{self.kept.count('payment') + 1:010d}"
        made = {"id": number, "paid": today.isoformat(), "processed": processed.isoformat(),
                "credited": credited.isoformat() if credited else None, "due": dues[0][0] if dues else None,
                "amount": amount, "cpe": cpe, "channel": channel, "code": code,
                "text": "FONDOS INSUFICIENTES" if refused else "", "invoice": debt["invoice"] if debt else "0" * 20,
                "barcode": slips.rebuilt(cpe[:9], dues or [(today.isoformat(), 0)], cpe[9:]), "result": "",
                "reference": "", "extended": "", "card": "VISA" if channel in ("VS", "BPC") else "",
                "instalments": "01" if channel in ("VS", "MC", "BPC") else "", **more}
        self.kept.put("payment", cpe[9:], number, made)
        return made

    # --- renditions ----------------------------------------------------------------------------------

    def lines(self, first: str, last: str, convenio: str, form: str) -> list[str]:
        """What was processed in these days, as far as it is published (9:00 of the day)."""
        today, early = self.now.date().isoformat(), self.now.hour < 9
        found = [one for one in self.kept.all("payment", convenio) if first <= one["processed"] <= last
                 and (one["processed"] < today or (one["processed"] == today and not early))]
        return [line(one, form) for one in found]


def line(one: Mapping[str, Any], form: str) -> str:
    """A payment in the rendition's form."""
    days = "".join((one[name] or "1900-01-01").replace("-", "") for name in ("paid", "credited", "due"))
    nine = one["cpe"][:9]
    if form == "alternate":
        return f"{days}{one['amount']:07d}{nine[1:]}{nine[0]}{one['barcode'][:56]:<56}{one['channel']:<3}"
    text = (f"{days}{one['amount']:011d}{nine[1:]}{nine[0]}{one['barcode']:<59}{one['invoice']:<20}"
            f"{one['channel']:<3}{one['code']:<3}{one['text']:<20}{one['instalments']:<2}{one['card']:<15}{'':60}")
    if form == "unified":
        text += f"{one['id']}{one['result']:<36}{one['reference']:<100}{one['extended']:<15}{'':89}"
    return text
