"""Pagoralia: one permanent page per customer, in Mexico."""
