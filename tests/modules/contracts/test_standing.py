"""What modules below are told of a customer's service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modules.contracts import services
from modules.crm.ports import service_of


def test_a_service_that_was_cut_is_told_as_cut_whatever_else_he_has(make_contract: Callable[..., Any],
                                                                    make_customer: Callable[..., Any]) -> None:
    first = make_contract()
    second = make_contract(customer=first.customer)
    assert service_of(first.customer_id) == "active"
    services.suspend(second)
    assert service_of(first.customer_id) == "cut"
    services.restore(second)
    assert service_of(first.customer_id) == "active"
    assert service_of(make_customer("Sin servicio").id) == ""
