"""What other screens show of arrears; imported early, so it loads no view."""

from __future__ import annotations

from typing import Any

from modules.crm.models import Customer


def customer_tab(customer: Customer) -> Any:
    """Why the services of a customer are as they are, and what can be done."""
    from modules.arrears import views

    return views.customer_tab(customer)
