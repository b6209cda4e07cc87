"""What people did, in words: the actions of the audit as screens name them. Modules add theirs in `providers.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.i18n import lazy

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
