"""What PayU plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.payu.about import PROVIDER
from modules.gateways.providers.payu.checkout import PayUCheckout
from modules.gateways.providers.payu.poll import PayUPoll
from modules.gateways.providers.payu.refund import PayURefund
from modules.gateways.providers.payu.webhook import PayUWebhook

ports.providers.register("payu", PROVIDER)
ports.checkouts.register("payu", PayUCheckout())
ports.webhooks.register("payu", PayUWebhook())
ports.polls.register("payu", PayUPoll())
ports.refunds.register("payu", PayURefund())
