"""The ledger: documents, payments and the current account of every subscriber."""

from core.i18n import lazy as _
from core.modules import Manifest, MenuItem

MANIFEST = Manifest(
    title=_("Accounting"),
    depends=("notifications",),
    permissions=(
        ("accounting.view_documents", _("See invoices and current accounts")),
        ("accounting.issue_documents", _("Issue invoices and debit notes by hand")),
        ("accounting.issue_credit_notes", _("Issue credit notes")),
        ("accounting.send_documents", _("Send documents and receipts by e-mail")),
        ("accounting.cancel_documents", _("Annul documents that no authority knows")),
        ("accounting.view_payments", _("See payments")),
        ("accounting.record_payments", _("Record payments")),
        ("accounting.reverse_payments", _("Take payments back")),
        ("accounting.edit_accounts", _("Change the chart of accounts, cash and bank accounts")),
        ("accounting.edit_design", _("Change how documents look")),
        ("accounting.lock_periods", _("Lock and unlock periods")),
    ),
    menu=(
        MenuItem(_("Invoices"), "accounting.invoices", "accounting.view_documents", group="documents", order=10),
        MenuItem(_("Payments"), "accounting.payments", "accounting.view_payments", group="money", order=10),
        MenuItem(_("Record a payment"), "accounting.new_payment", "accounting.record_payments", group="money",
                 order=20),
        MenuItem(_("Who owes"), "accounting.debtors", "accounting.view_documents", group="money", order=30),
        MenuItem(_("Locked periods"), "accounting.lock", "accounting.lock_periods", group="settings", order=60),
    ),
)
