"""Plugs Mercado Pago into the ports of gateways."""

from __future__ import annotations

from modules.gateways import ports
from modules.gateways.providers.mercadopago.about import PROVIDER
from modules.gateways.providers.mercadopago.checkout import MercadoPagoCheckout
from modules.gateways.providers.mercadopago.payments_in import MercadoPagoPayments
from modules.gateways.providers.mercadopago.poll import MercadoPagoPoll
from modules.gateways.providers.mercadopago.refund import MercadoPagoRefund
from modules.gateways.providers.mercadopago.statement import MercadoPagoStatement
from modules.gateways.providers.mercadopago.webhook import MercadoPagoWebhook

ports.providers.register("mercadopago", PROVIDER)
ports.checkouts.register("mercadopago", MercadoPagoCheckout())
ports.webhooks.register("mercadopago", MercadoPagoWebhook())
ports.polls.register("mercadopago", MercadoPagoPoll())
ports.refunds.register("mercadopago", MercadoPagoRefund())
ports.payment_files.register("mercadopago", MercadoPagoPayments())
ports.statements.register("mercadopago", MercadoPagoStatement())
