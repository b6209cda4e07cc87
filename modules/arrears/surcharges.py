"""The charge for paying a document late: by which key it is made once, and whether an invoice brought it already."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from core.db import among, db
from modules.contracts.models import BilledPeriod, Charge, ChargeInstalment


def key_of(invoice_id: int) -> str:
    """What makes the charge for a document unique."""
    return f"arrears.surcharge:{invoice_id}"


class BilledSurcharges:
    """The entry in accounting's port `surcharges`."""

    def billed(self, invoice_ids: Sequence[int]) -> Collection[int]:
        """Those whose charge stands in an invoice."""
        keys = {key_of(one): one for one in invoice_ids}
        found = db.session.scalars(
            sa.select(Charge.form_key).join(ChargeInstalment, ChargeInstalment.charge_id == Charge.id)
            .join(BilledPeriod, BilledPeriod.id == ChargeInstalment.billed_period_id)
            .where(among(Charge.form_key, list(keys)), BilledPeriod.invoice_id.is_not(None)))
        return {keys[key] for key in found if key}
