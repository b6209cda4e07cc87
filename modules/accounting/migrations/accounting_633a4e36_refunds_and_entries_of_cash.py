"""refunds and entries of cash

Revision: accounting_633a4e36
After: accounting_3e6f10ac
"""

import sqlalchemy as sa
from alembic import op


revision = 'accounting_633a4e36'
down_revision = 'accounting_3e6f10ac'
branch_labels = None
depends_on = None

BEFORE = "kind IN ('issue', 'cancel', 'payment', 'reversal', 'opening', 'manual')"
AFTER = "kind IN ('issue', 'cancel', 'payment', 'reversal', 'refund', 'fee', 'transfer', 'opening', 'manual')"


def upgrade() -> None:
    op.create_table('accounting_refund',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('payment_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('refunded_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('external_id', sa.String(length=120), nullable=True),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_accounting_refund_amount')),
    sa.ForeignKeyConstraint(['company_id'], ['core_company.id'], name=op.f('fk_accounting_refund_company_id')),
    sa.ForeignKeyConstraint(['created_by'], ['core_user.id'], name=op.f('fk_accounting_refund_created_by')),
    sa.ForeignKeyConstraint(['entry_id'], ['accounting_entry.id'], name=op.f('fk_accounting_refund_entry_id')),
    sa.ForeignKeyConstraint(['payment_id'], ['accounting_payment.id'], name=op.f('fk_accounting_refund_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounting_refund')),
    sa.UniqueConstraint('company_id', 'source', 'external_id', name=op.f('uq_accounting_refund_company_id_source_external_id')),
    sa.UniqueConstraint('entry_id', name=op.f('uq_accounting_refund_entry_id'))
    )
    with op.batch_alter_table('accounting_refund', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accounting_refund_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_accounting_refund_payment_id'), ['payment_id'], unique=False)

    with op.batch_alter_table('accounting_payment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('refunded', sa.BigInteger(), server_default='0', nullable=False))
    _allow(AFTER)


def _allow(kinds: str) -> None:
    """Let entries be of these kinds."""
    name = op.f('ck_accounting_entry_kind')
    with op.batch_alter_table('accounting_entry', schema=None) as batch_op:
        batch_op.drop_constraint(name, type_='check')
        batch_op.create_check_constraint(name, kinds)


def downgrade() -> None:
    _allow(BEFORE)
    op.drop_column('accounting_payment', 'refunded')

    with op.batch_alter_table('accounting_refund', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_accounting_refund_payment_id'))
        batch_op.drop_index(batch_op.f('ix_accounting_refund_company_id'))

    op.drop_table('accounting_refund')