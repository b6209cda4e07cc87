"""What happens to contracts and concerns their connections."""

from __future__ import annotations

from core.i18n import lazy
from core.jobs import on
from modules.contracts.events import (
    ContractActivated,
    ContractEnded,
    PlanChanged,
    ServiceRestored,
    ServiceSuspended,
)
from modules.networking import services

FOLLOW = lazy("Bring what happened to a contract onto its router")


@on(ContractActivated, queue="network", words=FOLLOW)
def activated(event: ContractActivated) -> None:
    """On."""
    services.follow([event.contract_id], "activated")


@on(PlanChanged, queue="network", words=FOLLOW)
def plan_changed(event: PlanChanged) -> None:
    """Another speed."""
    services.follow([event.contract_id], "plan")


@on(ServiceSuspended, queue="network", words=FOLLOW)
def suspended(event: ServiceSuspended) -> None:
    """Cut."""
    services.follow([event.contract_id], f"suspended:{event.cause}")


@on(ServiceRestored, queue="network", words=FOLLOW)
def restored(event: ServiceRestored) -> None:
    """On again."""
    services.follow([event.contract_id], "restored")


@on(ContractEnded, queue="network", words=FOLLOW)
def ended(event: ContractEnded) -> None:
    """Gone."""
    services.follow([event.contract_id], "ended")
