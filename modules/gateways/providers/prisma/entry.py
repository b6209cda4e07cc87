"""What PRISMA plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.prisma.answers import PaymentFile
from modules.gateways.providers.prisma.mapping import DebtFile
from modules.gateways.providers.prisma.provider import PROVIDER

ports.providers.register("prisma", PROVIDER)
ports.debt_files.register("prisma", DebtFile())
ports.payment_files.register("prisma", PaymentFile())
