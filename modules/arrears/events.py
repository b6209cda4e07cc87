"""What happened in arrears. That a service was cut or restored is told by contracts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PromiseMade:
    """Somebody promised to pay; where the service was cut it is back."""

    promise_id: int


@dataclass(frozen=True)
class PromiseBroken:
    """The time of a promise ran out and the debt is still there."""

    promise_id: int
