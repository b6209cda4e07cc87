"""The life of a contract: (state, action) gives the next state; what is not in the table is refused. Pure."""

from __future__ import annotations

from core.i18n import _, lazy
from modules.contracts.errors import NotPossible

DRAFT, ACTIVE, SUSPENDED, ENDED, CANCELLED = "draft", "active", "suspended", "ended", "cancelled"
STATES = (DRAFT, ACTIVE, SUSPENDED, ENDED, CANCELLED)
# what is billed, or will be
IN_USE = (DRAFT, ACTIVE, SUSPENDED)
TITLES = {DRAFT: lazy("draft"), ACTIVE: lazy("active"), SUSPENDED: lazy("suspended"), ENDED: lazy("ended"),
          CANCELLED: lazy("cancelled")}
ACTIONS = {"activate": lazy("activate"), "suspend": lazy("suspend"), "restore": lazy("restore"), "end": lazy("end"),
           "cancel": lazy("cancel")}
TRANSITIONS = {
    (DRAFT, "activate"): ACTIVE,
    (DRAFT, "cancel"): CANCELLED,
    (ACTIVE, "suspend"): SUSPENDED,
    (ACTIVE, "end"): ENDED,
    (SUSPENDED, "restore"): ACTIVE,
    (SUSPENDED, "end"): ENDED,
}


def after(state: str, action: str) -> str:
    """The state after an action; NotPossible where the contract's state does not allow it."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise NotPossible(_("It is not possible to %(action)s this contract because it is %(state)s.",
                            action=ACTIONS[action], state=TITLES[state])) from None


def possible(state: str) -> list[str]:
    """The actions that this state allows."""
    return [action for found, action in TRANSITIONS if found == state]
