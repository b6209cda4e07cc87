"""PagoMisCuentas of the Banelco network: debts for home banking and ATMs, collections, files that were refused."""
