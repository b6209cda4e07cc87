"""What direct debit plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.snp import mapping
from modules.gateways.providers.snp.provider import PROVIDER

ports.providers.register("snp", PROVIDER)
ports.debt_files.register("snp", mapping.DebtFile())
ports.payment_files.register("snp", mapping.PaymentFile())
