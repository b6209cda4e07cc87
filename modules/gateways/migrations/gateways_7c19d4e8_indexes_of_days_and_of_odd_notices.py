"""indexes of days and of odd notices

Revision: gateways_7c19d4e8
After: gateways_2d41a7f3
"""

import sqlalchemy as sa
from alembic import op

revision = 'gateways_7c19d4e8'
down_revision = 'gateways_2d41a7f3'
branch_labels = None
depends_on = None

ODD = "state IN ('failed', 'refused')"


def upgrade() -> None:
    op.create_index('ix_gateways_transaction_unheld', 'gateways_transaction', ['account_id', 'paid_on'],
                    sqlite_where=sa.text('held_at IS NULL'), postgresql_where=sa.text('held_at IS NULL'))
    op.create_index('ix_gateways_transaction_held_id', 'gateways_transaction', ['held_id'],
                    sqlite_where=sa.text('held_id IS NOT NULL'), postgresql_where=sa.text('held_id IS NOT NULL'))
    op.create_index('ix_gateways_notice_odd', 'gateways_notice', ['company_id', 'state', 'received_at', 'id'],
                    sqlite_where=sa.text(ODD), postgresql_where=sa.text(ODD))


def downgrade() -> None:
    op.drop_index('ix_gateways_notice_odd', table_name='gateways_notice')
    op.drop_index('ix_gateways_transaction_held_id', table_name='gateways_transaction')
    op.drop_index('ix_gateways_transaction_unheld', table_name='gateways_transaction')
