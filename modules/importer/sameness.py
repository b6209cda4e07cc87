"""By what people and places of a file are told apart. Pure."""

from __future__ import annotations

import hashlib

from modules.crm import names
from modules.crm.drafts import AddressData, CustomerData
from modules.importer.rows import NOBODY, Record


def telling(document: str) -> str:
    """The document, if it tells people apart."""
    return "" if document in NOBODY else document


def place(address: AddressData | None) -> str:
    """An address in the form that is compared: without the words that one writes or leaves out."""
    if address is None:
        return ""
    words = names.fold(f"{address.street} {address.number} {address.city}").split()
    return " ".join(word for word in words if word not in {"av", "avenida", "calle", "bv", "pje"})


def name_mark(data: CustomerData, address: AddressData | None) -> str:
    return f"name:{names.fold(data.name)}@{place(address)}"


def marks(record: Record) -> list[str]:
    """By what the person of a row is told apart, the surest first."""
    data = record.customer
    if data is None:
        return []
    found = [f"code:{names.fold(data.code)}"] if data.code else []
    found += [f"tax:{data.tax_id}"] if telling(data.tax_id) else []
    return found or [name_mark(data, record.address)]


def short(key: str, longest: int) -> str:
    """The key as it is, or cut with a hash of all of it, so that two long ones stay two."""
    if len(key) <= longest:
        return key
    return f"{key[:longest - 20]}~{hashlib.sha256(key.encode()).hexdigest()[:19]}"
