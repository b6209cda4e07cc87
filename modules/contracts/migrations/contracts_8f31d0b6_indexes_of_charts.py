"""indexes of charts

Revision: contracts_8f31d0b6
After: contracts_4c95d2b9
"""

from alembic import op

revision = 'contracts_8f31d0b6'
down_revision = 'contracts_4c95d2b9'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('contracts_contract', schema=None) as batch_op:
        batch_op.create_index('ix_contracts_contract_began', ['company_id', 'billing_from', 'state'], unique=False)
        batch_op.create_index('ix_contracts_contract_ended', ['company_id', 'ends_on', 'state'], unique=False)
        batch_op.create_index('ix_contracts_contract_by_plan', ['company_id', 'state', 'plan_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('contracts_contract', schema=None) as batch_op:
        batch_op.drop_index('ix_contracts_contract_by_plan')
        batch_op.drop_index('ix_contracts_contract_ended')
        batch_op.drop_index('ix_contracts_contract_began')
