"""PayU: cards, PSE and cash in Colombia."""
