"""ComboPay: payment links in Colombia."""
