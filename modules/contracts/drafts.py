"""A contract as it comes in: from a form, a spreadsheet, a demo. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class ContractData:
    """A contract to be made. Without `number` the next one is taken; without `billing_from` it is billed from today.

    `price` is a price of its own instead of the plan's; `price_until` promises it until that day.
    """

    customer_id: int
    plan_id: int
    number: str = ""
    address_id: int | None = None
    profile_id: int | None = None
    state: str = "active"
    installed_on: dt.date | None = None
    billing_from: dt.date | None = None
    ends_on: dt.date | None = None
    end_reason: str = ""
    in_advance: bool | None = None
    billing_day: int | None = None
    due_day: int | None = None
    price: Decimal | None = None
    price_until: dt.date | None = None
    courtesy_from: dt.date | None = None
    courtesy_until: dt.date | None = None
    courtesy_reason: str = ""
    ip: str = ""
    pppoe_user: str = ""
    pppoe_password: str = ""
    notes: str = ""
    # a form sent twice makes one contract
    form_key: str | None = None
