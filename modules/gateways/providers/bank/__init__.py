"""Statements of a bank account, in the formats of the trade."""
