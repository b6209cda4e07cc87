"""CobroDigital: slips that it makes, codes for home banking, transactions that it collected (Argentina)."""
