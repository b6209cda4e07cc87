"""What ComboPay plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.combopay.about import PROVIDER
from modules.gateways.providers.combopay.checkout import ComboPayCheckout, ComboPayPoll
from modules.gateways.providers.combopay.webhook import ComboPayWebhook

ports.providers.register("combopay", PROVIDER)
ports.checkouts.register("combopay", ComboPayCheckout())
ports.webhooks.register("combopay", ComboPayWebhook())
ports.polls.register("combopay", ComboPayPoll())
