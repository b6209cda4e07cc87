"""ageing

Revision: accounting_91b7e3d0
After: accounting_5d2c8a41
"""

import sqlalchemy as sa
from alembic import op

revision = 'accounting_91b7e3d0'
down_revision = 'accounting_5d2c8a41'
branch_labels = None
depends_on = None

NAME, TABLE = 'ix_accounting_invoice_ageing', 'accounting_invoice'
OWED = "open_amount <> 0 AND state = 'issued' AND kind <> 'credit_note'"


def upgrade() -> None:
    op.create_index(NAME, TABLE, ['company_id', 'currency', 'due_date', 'issue_date', 'open_amount', 'kind', 'state'],
                    unique=False,
                    sqlite_where=sa.text(OWED), postgresql_where=sa.text(OWED))


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
