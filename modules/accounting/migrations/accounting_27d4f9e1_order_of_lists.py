"""order of lists

Revision: accounting_27d4f9e1
After: accounting_b6f0a2c4
"""

import sqlalchemy as sa
from alembic import op

revision = 'accounting_27d4f9e1'
down_revision = 'accounting_b6f0a2c4'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('accounting_invoice', sa.Column('due_on', sa.Date(), nullable=True))
    op.execute("UPDATE accounting_invoice SET due_on = coalesce(due_date, issue_date)")
    with op.batch_alter_table('accounting_invoice', schema=None) as batch_op:
        batch_op.alter_column('due_on', existing_type=sa.Date(), nullable=False)
        batch_op.create_index('ix_accounting_invoice_due_list', ['company_id', 'due_on', 'id'], unique=False)
        batch_op.create_index('ix_accounting_invoice_total_list', ['company_id', 'total', 'id'], unique=False)
    op.create_index('ix_accounting_payment_amount_list', 'accounting_payment', ['company_id', 'amount', 'id'],
                    unique=False)


def downgrade() -> None:
    op.drop_index('ix_accounting_payment_amount_list', 'accounting_payment')
    with op.batch_alter_table('accounting_invoice', schema=None) as batch_op:
        batch_op.drop_index('ix_accounting_invoice_total_list')
        batch_op.drop_index('ix_accounting_invoice_due_list')
        batch_op.drop_column('due_on')
