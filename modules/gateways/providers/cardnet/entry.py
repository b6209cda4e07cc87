"""What CardNET plugs in."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.cardnet.about import PROVIDER
from modules.gateways.providers.cardnet.checkout import CardNETCheckout, CardNETPoll
from modules.gateways.providers.cardnet.webhook import CardNETWebhook

ports.providers.register("cardnet", PROVIDER)
ports.checkouts.register("cardnet", CardNETCheckout())
ports.webhooks.register("cardnet", CardNETWebhook())
ports.polls.register("cardnet", CardNETPoll())
