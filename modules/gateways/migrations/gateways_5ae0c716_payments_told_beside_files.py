"""payments told beside files

Revision: gateways_5ae0c716
After: gateways_5ae81c07
"""

import sqlalchemy as sa
from alembic import op

revision = 'gateways_5ae0c716'
down_revision = 'gateways_5ae81c07'
branch_labels = None
depends_on = None

# what notices told beside a file, as far as they name the payment; of what no file told it does not matter
BY_NOTICES = """
    UPDATE gateways_transaction SET told_at = told.moment
    FROM (SELECT account_id, payment_ref, min(received_at) AS moment FROM gateways_notice
          WHERE state = 'done' AND payment_ref <> '' GROUP BY account_id, payment_ref) AS told
    WHERE gateways_transaction.file_id IS NOT NULL AND told.account_id = gateways_transaction.account_id
    AND told.payment_ref = gateways_transaction.external_id
"""


def upgrade() -> None:
    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.add_column(sa.Column('told_at', sa.DateTime(timezone=True), nullable=True))
    op.execute(BY_NOTICES)


def downgrade() -> None:
    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.drop_column('told_at')
