"""The taxes that a plan or an extra may be offered with: those of a document's lines."""

from modules.accounting.taxes import CATEGORIES, NAMES, RATES, Taxes, choices, parse, text, value

__all__ = ["CATEGORIES", "NAMES", "RATES", "Taxes", "choices", "parse", "text", "value"]
