"""Mercado Pago: links, cash tickets, signed notices, polling, refunds and settlement reports in eight countries."""
