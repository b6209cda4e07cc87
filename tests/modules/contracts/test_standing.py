"""What modules below are told of a customer's service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.db import db
from modules.contracts import services
from modules.crm import lists
from modules.crm import services as crm
from modules.crm.errors import StillBound
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


def test_who_still_has_a_contract_in_use_cannot_leave(make_contract: Callable[..., Any]) -> None:
    """Else he would be billed on, out of sight."""
    contract = make_contract()
    second = make_contract(customer=contract.customer, state="draft")
    customer = contract.customer
    for leave in (lambda: crm.deactivate_customer(customer, "moved"), lambda: lists.leave(customer.id, {})):
        with pytest.raises(StillBound, match=rf"2 contracts are still in use \({contract.number}, {second.number}\)"):
            leave()
    services.cancel(second)
    services.suspend(contract)
    with pytest.raises(StillBound, match=f"contract {contract.number} is still in use"):
        crm.deactivate_customer(customer)
    assert customer.active
    services.end(contract)
    crm.deactivate_customer(customer, "moved")
    assert not customer.active


def test_the_page_says_so_before_one_tries_and_leads_there(make_contract: Callable[..., Any],
                                                           login: Callable[..., Any]) -> None:
    contract = make_contract()
    db.session.commit()
    browser = login("crm.view_customers", "crm.deactivate_customers", "contracts.view_contracts")
    own = f"/customers/{contract.customer_id}"
    page = browser.get(f"{own}?tab=data").get_data(as_text=True)
    assert f"el contrato {contract.number} sigue en uso" in page and f"{own}?tab=contracts" in page
    assert 'name="reason"' not in page
    refused = browser.post(f"{own}/deactivate", data={"reason": "x"}, follow_redirects=True)
    assert "sigue en uso" in refused.get_data(as_text=True) and contract.customer.active
