"""Electronic invoices for the made-up companies: the steps of the guided set-up that a rehearsal needs."""

from __future__ import annotations

from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.demo import facts
from modules.einvoice.ports import enablers

# the keys of the steps, in every country: the company's data, and the simulator in the authority's place
STEPS = ("data", "rehearsal.start")


def enable(company: Company) -> None:
    """Do the steps that are not done; repeatable. Commits, as the steps do. The simulators must answer."""
    enabler, known = enablers.get(company.country), facts.of(company.country).authority
    with company_scope(company):
        for key in STEPS:
            step = next(one for one in enabler.steps() if one.key == key)
            if not step.done:
                enabler.run(key, {one.name: known.get(one.name, one.value) for one in step.inputs})
            db.session.commit()
