"""What happened to contracts and billing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ContractActivated:
    """Service begins."""

    contract_id: int


@dataclass(frozen=True)
class PlanChanged:
    """The contract has another plan from today on."""

    contract_id: int
    old_plan_id: int
    new_plan_id: int


@dataclass(frozen=True)
class ServiceSuspended:
    """Service is cut; cause: request, arrears, other."""

    contract_id: int
    cause: str


@dataclass(frozen=True)
class ServiceRestored:
    """Service is back."""

    contract_id: int


@dataclass(frozen=True)
class ContractEnded:
    """The last day of service has passed or was set."""

    contract_id: int


@dataclass(frozen=True)
class BillingRunFinished:
    """Every chunk of the run is billed; authorities, PDFs and notices may still be at work."""

    run_id: int


@dataclass(frozen=True)
class PricesRevised:
    """A price revision was applied."""

    revision_id: int
