"""What CobroDigital plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.cobrodigital.checkout import Checkout
from modules.gateways.providers.cobrodigital.coupon import Coupons
from modules.gateways.providers.cobrodigital.entes import PaymentFile
from modules.gateways.providers.cobrodigital.poll import Poll
from modules.gateways.providers.cobrodigital.provider import PROVIDER

ports.providers.register("cobrodigital", PROVIDER)
ports.checkouts.register("cobrodigital", Checkout())
ports.coupons.register("cobrodigital", Coupons())
ports.payment_files.register("cobrodigital", PaymentFile())
ports.polls.register("cobrodigital", Poll())
