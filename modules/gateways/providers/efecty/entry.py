"""Plugs Efecty in."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy as _
from modules.gateways import barcodes, layouts, ports
from modules.gateways.access import Setting
from modules.gateways.layout_files import LayoutDebts, LayoutPayments
from modules.gateways.providers.asobancaria.entry import REFERENCE_FROM, SETTINGS
from modules.gateways.providers.efecty import mapping


def bad_gln(value: Any) -> str:
    return barcodes.gln_trouble(str(value))


ports.providers.register("efecty", ports.Provider("efecty", _("Efecty"), ("CO",), (
    Setting("convenio", _("Agreement number (convenio)"), help=_("A payment file of another agreement is refused.")),
    Setting("preset", _("Layout of the files"), "choice", default=mapping.V1, choices={
        mapping.V1: _("V1: one name"), mapping.V2: _("V2: names of people apart"),
        mapping.BANKS: _("Asobancaria 2001")}, help=_("Ours, not confirmed by Efecty: compare with your agreement.")),
    REFERENCE_FROM,
    Setting("check_digit", _("Add a check digit to references"), "flag", required=False,
            help=_("Finds slips of the counter where Efecty takes any reference.")),
    Setting("base", _("What Efecty accepts"), "choice", default="with", choices={
        "with": _("Only references of the debt file"), "without": _("Any reference that is well formed")}),
    Setting("minimum", _("Smallest amount that can be collected"), "number", required=False),
    Setting("gln", _("GLN for the bar code"), required=False, check=bad_gln,
            help=_("13 digits, given by GS1 Colombia. Without it no bar code is printed.")),
    Setting("amount_width", _("Digits of the amount in the bar code"), "number", required=False, default=10),
    Setting("amount_decimals", _("Cents in the bar code"), "choice", required=False, default="0",
            choices={"0": _("None: whole pesos"), "2": _("Two digits, only if the agreement says so")}),
    Setting("reference_width", _("Digits of the reference in the bar code"), "number", required=False, default=0,
            help=_("0: as it is. An even number makes the bar code shorter.")),
    Setting("account_code", _("Bank account code before the reference"), required=False,
            help=_("Some banks want it in the bar code.")),
    Setting("layout_in", _("Own layout of payment files"), "json", required=False, check=layouts.trouble),
    Setting("layout_out", _("Own layout of debt files"), "json", required=False, check=layouts.trouble),
    *(Setting(one.name, one.label, one.kind, required=False, help=one.help, check=one.check)
      for one in SETTINGS if one.name != REFERENCE_FROM.name),
), (
    _("Ask Efecty for the agreement (convenio), the layouts of its debt file and of its payment file, and how files "
      "are exchanged."),
    _("Ask whether it accepts any reference, or only those of the debt file."),
    _("Compare our layouts with yours; correct them here, and try them on a sample."),
    _("For the bar code, ask GS1 Colombia for a GLN."),
), ("COP",), "efecty", confirmed=False, counter=mapping.said,
    # debts monthly, payments daily
    extra={"plan": {"every": "monthly", "wait_for_payments": True, "alarm_days": 2},
           "rehearsal": {"CO": {"convenio": "110345"}}, "layouts": {
               "payments": (_("Payments, Efecty"), lambda: mapping.as_data("efecty_pagos_csv")),
               "debts_v1": (_("Debts, Efecty V1"), lambda: mapping.as_data("efecty_deudas_v1")),
               "debts_v2": (_("Debts, Efecty V2"), lambda: mapping.as_data("efecty_deudas_v2"))}}))
ports.payment_files.register("efecty", LayoutPayments(mapping.payments_layout))
ports.debt_files.register("efecty", LayoutDebts(mapping.debts_layout, mapping.file_name, mapping.refusal,
                                                mapping.shaped))
ports.coupons.register("efecty", mapping.Bill())
