"""Faults on purpose that only the SRI has (reference, section 9)."""

from __future__ import annotations

from core.i18n import lazy

OWN = {
    "stuck_in_process": lazy("It stays in process: 70 and EN PROCESO (minutes, 5)"),
    "received_then_lost": lazy("RECIBIDA, then nothing is found (asks: how often, 2)"),
    "already_registered": lazy("It is stored, and answered as if it had been stored before: 43"),
    "sequence_taken": lazy("The number exists under another key: 45"),
    "internal_error_50": lazy("Error 50; nothing was done"),
    "html_maintenance_page": lazy("HTTP 200 with a page instead of SOAP; nothing was done"),
    "two_authorizations": lazy("Autorización shows a refusal before the authorisation"),
    "clock_ahead": lazy("Today's date counts as later than the server's: 65"),
    "certificate_expired": lazy("The certificate is taken as expired: 39"),
    "wrong_key_answered": lazy("Autorización answers about another key"),
    "unsigned_returned": lazy("Autorización returns no voucher with the authorisation"),
    "annulled_in_portal": lazy("ConsultaComprobante says ANULADO"),
}
