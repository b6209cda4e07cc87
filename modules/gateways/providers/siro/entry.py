"""What SIRO plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.siro.checkout import Checkout
from modules.gateways.providers.siro.coupon import Coupons
from modules.gateways.providers.siro.debts import DebtFile
from modules.gateways.providers.siro.delivery import Delivery
from modules.gateways.providers.siro.poll import Poll
from modules.gateways.providers.siro.provider import PROVIDER
from modules.gateways.providers.siro.rendition import PaymentFile

ports.providers.register("siro", PROVIDER)
ports.checkouts.register("siro", Checkout())
ports.coupons.register("siro", Coupons())
ports.debt_files.register("siro", DebtFile())
ports.deliveries.register("siro", Delivery())
ports.payment_files.register("siro", PaymentFile())
ports.polls.register("siro", Poll())
