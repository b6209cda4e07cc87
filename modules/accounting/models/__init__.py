"""Tables of accounting: documents, payments, the ledger, its chart and the design of documents."""

from modules.accounting.models.design import BLOCKS, InvoiceDesign
from modules.accounting.models.documents import Invoice, InvoiceLine, InvoiceTax, Numbering
from modules.accounting.models.ledger import Account, AccountRole, Balance, CashAccount, Entry, Policy, Posting
from modules.accounting.models.payments import WITHHOLDING, Allocation, Payment, PaymentMedium, Refund
from modules.accounting.models.replacements import Replacement

__all__ = ["BLOCKS", "WITHHOLDING", "Account", "AccountRole", "Allocation", "Balance", "CashAccount", "Entry",
           "Invoice", "InvoiceDesign", "InvoiceLine", "InvoiceTax", "Numbering", "Payment", "PaymentMedium", "Policy",
           "Posting", "Refund", "Replacement"]
