"""What Pago Fácil plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.pagofacil.coupon import Coupons
from modules.gateways.providers.pagofacil.payments import PaymentFile
from modules.gateways.providers.pagofacil.provider import PROVIDER

ports.providers.register("pagofacil", PROVIDER)
ports.coupons.register("pagofacil", Coupons())
ports.payment_files.register("pagofacil", PaymentFile())
