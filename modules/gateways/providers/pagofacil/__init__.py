"""Pago Fácil of Argentina by its own files and codes, where a company has its contract without SIRO."""
