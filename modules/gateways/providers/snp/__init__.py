"""Direct debit on bank accounts (CBU), "SNP", in the layout of 250 characters that some banks take (Argentina)."""
