"""The screens that `make pictures` shows, by the name of the picture."""

from __future__ import annotations

# name of the picture -> address; "@" follows the links of that page that lead deeper until one is there, "+" goes on
# from there, ">" follows a link that begins so
SCREENS = {
    "home": "/", "setup": "/setup", "services": "/setup/services",
    "customers": "/customers/", "customer": "@/customers/", "search": "/search?q=romero",
    "contracts": "/contracts/", "contract": "@/contracts/", "plans": "/plans/", "plan": "@/plans/",
    "billing-desk": "/billing/", "billing-runs": "/billing/runs", "billing-run": "@/billing/runs/",
    "exceptions": "/billing/exceptions", "exceptions-list": "/billing/exceptions/all",
    "preview-exceptions": "/billing/preview/exceptions", "drafts": "/billing/drafts",
    "revisions": "/billing/revisions",
    "new-contract": "/contracts/new", "contract-plan": "@/contracts/+plan", "contract-end": "@/contracts/+end",
    "contract-charge": "@/contracts/+charges/new", "contract-discount": "@/contracts/+discounts/new",
    "contract-suspend": "@/contracts/+suspend", "second-factor": "/account/second-factor",
    "credit-note": "@/invoices/+credit", "debit-note": "@/invoices/+debit", "wrong-name": "@/invoices/+reissue",
    "invoices": "/invoices", "invoice": "@/invoices/", "new-invoice": "/invoices/new", "payments": "/payments",
    "payment": "@/payments/", "payment-files": "/imports/payments", "customer-account": "@/customers/?tab=account",
    "customer-history": "@/customers/?tab=history", "month-end": "/month-end", "ledger": "/ledger",
    "entries": "/ledger/entries", "entry": "@/ledger/entries/",
    "debtors": "/debtors", "documents": "/einvoice/", "document": "@/einvoice/",
    "refused": "/einvoice/refused", "enable": "/einvoice/enable", "outbox": "/notices/", "notice": "@/notices/",
    "texts": "/notices/texts", "text": "/notices/texts/accounting.invoice_ready", "design": "/design",
    "mail-server": "/notices/server", "imports": "/imports/", "company": "/company",
    "people": "/people", "logins": "/people/logins", "roles": "/roles", "role": "@/roles/",
    "role-sees": "/roles/1/sees",
    "jobs": "/jobs?state=all", "queues": "/jobs/queues", "audit": "/audit", "account": "/account",
    "health": "/health", "modules": "/modules", "settings": "/settings",
    "locked-periods": "/locked-periods", "master-data": "/admin/", "help": "/help", "help-topic": "/help>/help/",
    "gateway-payments": "/gateways", "gateway-payment": "/gateways>/gateways/payments/",
    "gateway-notices": "/gateways/notices", "gateway-files": "/gateways/files",
    "gateway-file": "@/gateways/files/", "gateway-debts": "/gateways/debts",
    "gateways": "/gateways/accounts", "gateway-account": "@/gateways/accounts/",
    "gateway-plan": "@/gateways/accounts/+plan", "gateway-settlements": "/gateways/settlements",
    "bank-movements": "/gateways/bank", "bank-movement": "@/gateways/bank/",
    "reconciliation": "/gateways/reconciliation",
    "arrears": "/arrears/", "cut-offs": "/arrears/cut-offs", "cuts": "/arrears/cuts", "cut-off": "@/arrears/cut-offs/",
    "promises": "/arrears/promises", "proofs": "/arrears/proofs", "proof": "@/arrears/proofs/",
    "moratoria": "/arrears/moratoria", "customer-arrears": "@/customers/?tab=arrears",
    "routers": "/network/routers", "router": "@/network/routers/", "new-router": "/network/routers/new",
    "router-import": "@/network/routers/+import", "router-script": "@/network/routers/+script",
    "connections": "/network/connections", "network-changes": "/network/changes", "cut-page": "/cut",
    "exports": "/einvoice/exports",
    "runs": "/runs", "run": "@/runs/", "revision": "@/billing/revisions/", "draft": "@/billing/drafts/",
    "revision-contracts": "@/billing/revisions/+contracts", "job": "@/jobs/", "person": "@/people/",
    "new-person": "/people/new", "new-role": "/roles/new", "new-customer": "/customers/new", "new-plan": "/plans/new",
    "plan-form": "@/plans/+edit", "new-payment": "/payments/new", "new-revision": "/billing/revisions/new",
    "payment-file": "@/imports/payments/", "many-payments": "/imports/payments/form",
    "customer-form": "@/customers/+edit",
    "customer-contact": "@/customers/+contacts/new", "contact-form": "@/customers/>/customers/contacts/",
    "address-form": "@/customers/>/customers/addresses/", "pay": "@/invoices/>/pay/",
    "customer-address": "@/customers/+addresses/new",
    "customer-contracts": "@/customers/?tab=contracts", "customer-documents": "@/customers/?tab=documents",
    "customer-payments": "@/customers/?tab=payments", "customer-notices": "@/customers/?tab=notices",
    "contract-form": "@/contracts/+edit", "contract-courtesy": "@/contracts/+courtesy",
    "contract-item": "@/contracts/+items/new", "contract-price": "@/contracts/+price",
    "contract-cancel": "@/contracts/+cancel", "contract-restore": "@/contracts/+restore",
    "contract-activate": "@/contracts/+activate", "contract-equipment": "@/contracts/+equipment/new",
    "equipment": "/contracts/equipment", "equipment-lost": "@/contracts/>/contracts/equipment/",
    "why": "@/contracts/>/arrears/contracts/", "contract-link": "@/contracts/>/network/contracts/",
    "router-form": "@/network/routers/+edit", "gateway-notice": "@/gateways/notices/",
    "debts-left-out": "/gateways/debts/left-out", "new-gateway": "/gateways/accounts/new/mercadopago",
    "layout": "@/gateways/accounts/>/gateways/layouts/",
    "cash-accounts": "/admin/accounting-cash-account/", "cash-account-form": "/admin/accounting-cash-account/new/",
    "billing-profile-form": "/admin/contracts-billing-profile/new/",
}
# what nobody has entered sees
OUTSIDE = {"login": "/login", "password": "/password", "not-found": "/nothing-is-here"}
# the country of the company that is shown whole
HOME = "AR"
# what the companies of the other countries have beside it; the address of the first may depend on the one before
ABROAD = {
    "EC": {"ec-enable": "/einvoice/enable", "ec-invoice": "@/invoices/", "ec-document": "@/einvoice/"},
    "CO": {"co-enable": "/einvoice/enable", "co-invoice": "@/invoices/", "co-attachments": "/einvoice-co/attachments",
           "co-customer": "@/customers/", "co-siigo-customer": "@/customers/>/einvoice-co/customers/",
           "co-debit-note": "@/einvoice/>/einvoice-co/debit-notes/"},
    "MX": {"mx-enable": "/einvoice/enable", "mx-invoice": "@/invoices/", "mx-receipts": "/einvoice-mx/receipts",
           "mx-receipt": "@/einvoice-mx/receipts/", "mx-recover": "/einvoice-mx/recover",
           "mx-globals": "/einvoice-mx/globals", "mx-global": "@/einvoice-mx/globals/"},
    "PE": {"pe-enable": "/einvoice/enable", "pe-invoice": "@/invoices/", "pe-detractions": "/einvoice-pe/detracciones",
           "pe-detraction": "@/einvoice-pe/detracciones/"},
}
# of these the text is empty, wrong or too long when they are sent
FORMS = {"customer": "/customers/new", "plan": "/plans/new", "invoice": "/invoices/new", "payment": "/payments/new",
         "revision": "/billing/revisions/new", "person": "/people/new", "mail-server": "/notices/server"}
# screens that only an administrator sees, in the company that has nothing yet
ADMINS = {"new-company": "/setup/company", "new-company-data": "/setup/company?country=AR"}
# screens of a company that has nothing yet
NOBODY = ("home", "customers", "contracts", "plans", "billing-desk", "billing-runs", "exceptions", "drafts",
          "revisions", "invoices", "payments", "debtors", "documents", "refused", "outbox", "imports", "jobs")
