"""What Pagoralia plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.pagoralia.about import PROVIDER
from modules.gateways.providers.pagoralia.checkout import PagoraliaCheckout, PagoraliaPoll
from modules.gateways.providers.pagoralia.webhook import PagoraliaWebhook

ports.providers.register("pagoralia", PROVIDER)
ports.checkouts.register("pagoralia", PagoraliaCheckout())
ports.webhooks.register("pagoralia", PagoraliaWebhook())
ports.polls.register("pagoralia", PagoraliaPoll())
