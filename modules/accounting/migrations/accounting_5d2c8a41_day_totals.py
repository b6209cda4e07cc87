"""day totals

Revision: accounting_5d2c8a41
After: accounting_c675707f
"""

import sqlalchemy as sa
from alembic import op

revision = 'accounting_5d2c8a41'
down_revision = 'accounting_c675707f'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('accounting_day_total',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('what', sa.String(length=10), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('last_entry_id', sa.BigInteger(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.CheckConstraint("what IN ('billed', 'collected', 'other')", name=op.f('ck_accounting_day_total_what')),
    sa.ForeignKeyConstraint(['company_id'], ['core_company.id'], name=op.f('fk_accounting_day_total_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounting_day_total')),
    sa.UniqueConstraint('company_id', 'day', 'currency', 'what', name=op.f('uq_accounting_day_total_company_id_day_currency_what'))
    )
    with op.batch_alter_table('accounting_day_total', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accounting_day_total_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounting_day_total_last_entry_id'), ['last_entry_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('accounting_day_total', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_accounting_day_total_last_entry_id'))
        batch_op.drop_index(batch_op.f('ix_accounting_day_total_company_id'))

    op.drop_table('accounting_day_total')
