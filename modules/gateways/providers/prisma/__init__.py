"""PRISMA: automatic debits on cards by files (Visa credit and debit, Mastercard, and the layout of First Data)."""
