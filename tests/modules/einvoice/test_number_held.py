"""Whether the company's tax number may still be corrected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import companies
from core.db import db
from modules.einvoice import services
from modules.einvoice.models import Document


@pytest.mark.parametrize(("environment", "number", "is_held"), [
    ("rehearsal", 7, False), ("testing", 7, False), ("production", None, False), ("production", 7, True)])
def test_only_what_the_authority_keeps_binds_a_company_to_its_number(
        make_invoice: Callable[..., Any], environment: str, number: int | None, is_held: bool) -> None:
    """A wrong number is often seen when the first document is rehearsed."""
    services.open_documents([make_invoice("Ana").id])
    db.session.execute(sa.update(Document).values(environment=environment, number=number)
                       .execution_options(synchronize_session=False))
    assert bool(companies.number_held()) is is_held
