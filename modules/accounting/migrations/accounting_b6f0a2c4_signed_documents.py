"""Documents that are signed and decided later

Revision: accounting_b6f0a2c4
After: accounting_633a4e36
"""

import sqlalchemy as sa
from alembic import op

revision = 'accounting_b6f0a2c4'
down_revision = 'accounting_633a4e36'
branch_labels = None
depends_on = None

BEFORE = "legal_state IN ('not_required', 'pending', 'authorized', 'rejected', 'unknown', 'cancelled')"
AFTER = "legal_state IN ('not_required', 'pending', 'signed', 'authorized', 'rejected', 'unknown', 'cancelled')"


def upgrade() -> None:
    _allow(AFTER)


def downgrade() -> None:
    op.execute(sa.text("UPDATE accounting_invoice SET legal_state = 'authorized' WHERE legal_state = 'signed'"))
    _allow(BEFORE)


def _allow(states: str) -> None:
    with op.batch_alter_table('accounting_invoice', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_accounting_invoice_legal_state'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_accounting_invoice_legal_state'), states)
