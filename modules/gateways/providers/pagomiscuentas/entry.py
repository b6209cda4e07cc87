"""What PagoMisCuentas plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.pagomiscuentas import mapping
from modules.gateways.providers.pagomiscuentas.provider import PROVIDER

ports.providers.register("pagomiscuentas", PROVIDER)
ports.debt_files.register("pagomiscuentas", mapping.DebtFile())
ports.debt_answers.register("pagomiscuentas", mapping.DebtAnswer())
ports.payment_files.register("pagomiscuentas", mapping.PaymentFile())
