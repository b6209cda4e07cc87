"""What people did, in words: the actions of the audit as screens name them. Modules add theirs in `providers.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.i18n import _, lazy

WORDS: dict[str, Any] = {
    "core.add_user": lazy("Person added"),
    "core.cancel_job": lazy("Job cancelled"),
    "core.cancel_jobs": lazy("Jobs cancelled"),
    "core.check_data": lazy("Data checked"),
    "core.create_company": lazy("Company created"),
    "core.default_view": lazy("View opens the list"),
    "core.delete_role": lazy("Role deleted"),
    "core.delete_view": lazy("View deleted"),
    "core.disable_user": lazy("Person disabled"),
    "core.edit_company": lazy("Company edited"),
    "core.edit_profile": lazy("Own data edited"),
    "core.enable_user": lazy("Person enabled"),
    "core.export": lazy("List exported"),
    "core.give_role": lazy("Role given"),
    "core.lock_user": lazy("Locked after wrong passwords or codes"),
    "core.log_in": lazy("Logged in"),
    "core.make_backup": lazy("Backup made"),
    "core.prove_audit": lazy("Record of who did what proved"),
    "core.reset_password": lazy("Password chosen by link"),
    "core.restore_backup": lazy("Backup restored"),
    "core.revoke_session": lazy("Device logged out"),
    "core.revoke_sessions": lazy("Logged out everywhere"),
    "core.rotate_keys": lazy("Keys changed"),
    "core.run_action": lazy("Mass action"),
    "core.run_job_again": lazy("Job run again"),
    "core.run_jobs_again": lazy("Jobs run again"),
    "core.save_role": lazy("Role changed"),
    "core.see_as_role": lazy("Looked through a role"),
    "core.set_admin": lazy("Administrator named or dismissed"),
    "core.set_password": lazy("Password set"),
    "core.share_view": lazy("View shared"),
    "core.stop_seeing_as_role": lazy("Stopped looking through a role"),
    "core.switch_module_off": lazy("Module switched off"),
    "core.switch_module_on": lazy("Module switched on"),
    "core.take_role": lazy("Role taken away"),
    "core.take_second_factor": lazy("Second factor taken away"),
    "core.turn_off_second_factor": lazy("Second factor switched off"),
    "core.turn_on_second_factor": lazy("Second factor set up"),
    "core.use_recovery_code": lazy("Recovery code used"),
    "admin.create": lazy("Master data added"),
    "admin.edit": lazy("Master data changed"),
    "admin.delete": lazy("Master data deleted"),
}


def add(words: Mapping[str, Any]) -> None:
    """Name more actions: code of the audit -> words."""
    WORDS.update(words)


def named(action: str) -> str:
    """An action in words; its code where its module is gone."""
    return str(WORDS.get(action, action))


# what the record says of a change, by its name there; other names are shown as they are
FIELDS: dict[str, Any] = {
    "amount": lazy("Amount"), "name": lazy("Name"), "from": lazy("From"), "to": lazy("To"), "count": lazy("How many"),
    "first": lazy("First"), "last": lazy("Last"), "number": lazy("Number"), "until": lazy("Until"),
    "serial": lazy("Serial number"), "on": lazy("Date"), "total": lazy("Total"), "price": lazy("Price"),
    "invoice": lazy("Invoice"), "router": lazy("Router"), "role": lazy("Role"), "list": lazy("List"),
    "customer": lazy("Customer"), "company": lazy("Company"), "code": lazy("Code"), "channel": lazy("Channel"),
    "address": lazy("Address"), "gateway": lazy("Gateway"), "account": lazy("Account"), "payments": lazy("Payments"),
    "kind": lazy("Kind"), "file": lazy("File"), "cause": lazy("Cause"), "zone": lazy("Zone"), "state": lazy("State"),
    "plan": lazy("Plan"), "person": lazy("Person"), "month": lazy("Month"), "method": lazy("Payment method"),
    "reason": lazy("Reason"), "environment": lazy("Environment"), "email": lazy("E-mail"), "phone": lazy("Phone"),
    "tax_id": lazy("Tax number"), "tax_condition": lazy("Tax condition"), "region": lazy("Province or state"),
    "city": lazy("City"), "street": lazy("Street and number"), "postal_code": lazy("Postal code"),
    "payment": lazy("Payment"), "rows": lazy("Rows"), "records": lazy("Records"), "debts": lazy("Debts"),
}


def told(changes: Mapping[str, Any] | None) -> str:
    """What was changed, as people read it: "Name: Ana → Ana María · Amount: 150.00"."""
    return " · ".join(f"{FIELDS.get(name, name.replace('_', ' '))}: {_value(value)}"
                      for name, value in (changes or {}).items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({told(value)})"
    if isinstance(value, list):  # before and after; what is longer is a list of things
        return (" → " if len(value) == 2 else ", ").join(_value(one) for one in value) or "—"
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return "—" if value is None or value == "" else str(value)
