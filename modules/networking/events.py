"""What happened on routers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ConnectionsApplied:
    """Routers were read, and these contracts are now as they should be."""

    contract_ids: list[int]
