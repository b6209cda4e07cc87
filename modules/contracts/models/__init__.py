"""Tables of plans, contracts and billing."""

from modules.contracts.models.billing import (
    BilledPeriod,
    BillingChunk,
    BillingDraft,
    BillingException,
    BillingPreview,
    BillingRun,
)
from modules.contracts.models.contracts import (
    Charge,
    ChargeInstalment,
    Contract,
    ContractItem,
    ContractNumbering,
    ContractPrice,
    Discount,
    PlanChange,
    Suspension,
)
from modules.contracts.models.equipment import Equipment
from modules.contracts.models.plans import (
    BillingProfile,
    ExchangeRate,
    Plan,
    PlanPrice,
    PriceRevision,
    ZoneProfile,
)

__all__ = [
    "BilledPeriod", "BillingChunk", "BillingDraft", "BillingException", "BillingPreview", "BillingProfile",
    "BillingRun", "Charge", "ChargeInstalment", "Contract", "ContractItem", "ContractNumbering", "ContractPrice",
    "Discount", "Equipment", "ExchangeRate", "Plan", "PlanChange", "PlanPrice", "PriceRevision", "Suspension",
    "ZoneProfile",
]
