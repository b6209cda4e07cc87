"""The actions that this module puts on record, in words."""

from __future__ import annotations

from core.i18n import lazy

WORDS = {
    "einvoice_mx.activate_cancelling": lazy("Digital seal uploaded to the PAC"),
    "einvoice_mx.adopt": lazy("Stamped XML adopted"),
    "einvoice_mx.adopt_acuse": lazy("Acuse of a cancelling kept"),
    "einvoice_mx.cancel_asked": lazy("Cancelling of a CFDI asked for"),
    "einvoice_mx.cancel_paper": lazy("CFDI cancelled"),
    "einvoice_mx.cancel_receipt": lazy("Receipt of payment cancelled"),
    "einvoice_mx.edit_customer": lazy("Customer's data at the SAT changed"),
    "einvoice_mx.edit_profile": lazy("Fiscal profile changed"),
    "einvoice_mx.gather_again": lazy("Sales of a cancelled global invoice gathered again"),
    "einvoice_mx.go_live": lazy("PAC switched to production"),
    "einvoice_mx.install_certificate": lazy("Digital seal installed"),
    "einvoice_mx.never_stamped": lazy("Found not to be stamped, and sent anew"),
    "einvoice_mx.own_cfdi": lazy("CFDI of his own asked for by a customer"),
    "einvoice_mx.retry_global": lazy("Global invoice made again"),
    "einvoice_mx.retry_receipt": lazy("Receipt of payment made again"),
    "einvoice_mx.save_account": lazy("Account at the PAC saved"),
    "einvoice_mx.test_document": lazy("Test document stamped"),
}
