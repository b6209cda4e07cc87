"""The ledger: documents, payments and the current account of every subscriber."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Accounting"),
    about=_("Invoices, notes, payments and the current account of every customer."),
    depends=("notifications",),
    permissions=(
        ("accounting.view_documents", _("See invoices and current accounts"),
         _("Opens invoices, notes, current accounts and the list of who owes, and downloads their PDFs.")),
        ("accounting.issue_documents", _("Issue invoices and debit notes by hand"),
         _("Makes invoices and debit notes outside the monthly billing.")),
        ("accounting.issue_credit_notes", _("Issue credit notes"),
         _("Gives back all or part of an invoice by a credit note.")),
        ("accounting.send_documents", _("Send documents and receipts by e-mail"),
         _("Sends invoices, statements and receipts to customers, one or many at a time.")),
        ("accounting.cancel_documents", _("Annul documents that no authority knows"),
         _("Annuls documents that were issued without an authority; those it knows need a credit note.")),
        ("accounting.view_payments", _("See payments"),
         _("Opens the list of payments and their receipts.")),
        ("accounting.record_payments", _("Record payments"),
         _("Takes payments, and says which invoices they pay.")),
        ("accounting.reverse_payments", _("Take payments back"),
         _("Takes a payment back with a reason; both entries stay in the current account.")),
        ("accounting.view_ledger", _("See the ledger and the month-end list"),
         _("Opens every account with its entries, and what keeps a month from being closed.")),
        ("accounting.edit_accounts", _("Change the chart of accounts, cash and bank accounts"),
         _("Changes account numbers and names, cash desks, banks and the rules of the books.")),
        ("accounting.edit_design", _("Change how documents look"),
         _("Changes logo, blocks and texts of the printed documents.")),
        ("accounting.lock_periods", _("Lock and unlock periods"),
         _("Closes a month, so that nothing can be booked into it, and opens it again.")),
    ),
    menu=(
        MenuItem(_("Invoices"), "accounting.invoices", "accounting.view_documents", group="documents", order=10),
        MenuItem(_("Payments"), "accounting.payments", "accounting.view_payments", group="money", order=10),
        MenuItem(_("Record a payment"), "accounting.new_payment", "accounting.record_payments", group="money",
                 order=20),
        MenuItem(_("Who owes"), "accounting.debtors", "accounting.view_documents", group="money", order=30),
        MenuItem(_("Month-end"), "accounting.month_end", "accounting.view_ledger", group="money", order=40),
        MenuItem(_("Ledger"), "accounting.books_page", "accounting.view_ledger", group="money", order=50),
        MenuItem(_("Invoice design"), "accounting.design", "accounting.edit_design", group="settings", order=30,
                 about=_("Logo, colour, texts and blocks of invoices and receipts, seen while you change them.")),
        MenuItem(_("Locked periods"), "accounting.lock", "accounting.lock_periods", group="settings", order=60,
                 about=_("Until which day nothing can be booked any more.")),
    ),
)
