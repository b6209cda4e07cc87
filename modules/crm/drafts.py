"""A customer as it comes in: from a form, a command, or a spreadsheet. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class AddressData:
    """An address; `extra` holds what only one country has, under its own names."""

    kind: str = "fiscal"
    street: str = ""
    number: str = ""
    unit: str = ""
    district: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""
    reference: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    latitude: Decimal | None = None
    longitude: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing but the kind and country was given."""
        return not any((self.street, self.number, self.unit, self.district, self.city, self.region,
                        self.postal_code, self.reference, self.extra, self.latitude))


@dataclass(frozen=True)
class CustomerData:
    """A customer to be created. Emails and phones may be one text with several in it: "a@x; b@y".

    Empty `code` is numbered, empty `kind` and `tax_id_kind` follow from the tax number.
    """

    name: str
    code: str = ""
    kind: str = ""
    trade_name: str = ""
    tax_id_kind: str = ""
    tax_id: str = ""
    tax_condition: str = ""
    zone_id: int | None = None
    language: str = ""
    notes: str = ""
    active: bool = True
    deactivation_reason: str = ""
    emails: str | Sequence[str] = ()
    phones: str | Sequence[str] = ()
    addresses: Sequence[AddressData] = ()
    tag_ids: Sequence[int] = ()
