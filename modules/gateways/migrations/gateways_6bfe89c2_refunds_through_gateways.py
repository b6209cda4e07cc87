"""refunds through gateways

Revision: gateways_6bfe89c2
After: gateways_c3d919a7
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = 'gateways_6bfe89c2'
down_revision = 'gateways_c3d919a7'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('gateways_refund_request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('transaction_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('key', sa.String(length=36), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('error', sa.String(length=500), nullable=False),
    sa.Column('known', sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
    sa.Column('told_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'asking', 'asked', 'unknown', 'refused')", name=op.f('ck_gateways_refund_request_state')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_gateways_refund_request_amount')),
    sa.ForeignKeyConstraint(['account_id'], ['gateways_account.id'], name=op.f('fk_gateways_refund_request_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['core_company.id'], name=op.f('fk_gateways_refund_request_company_id')),
    sa.ForeignKeyConstraint(['created_by'], ['core_user.id'], name=op.f('fk_gateways_refund_request_created_by')),
    sa.ForeignKeyConstraint(['told_id'], ['gateways_transaction.id'], name=op.f('fk_gateways_refund_request_told_id')),
    sa.ForeignKeyConstraint(['transaction_id'], ['gateways_transaction.id'], name=op.f('fk_gateways_refund_request_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gateways_refund_request')),
    sa.UniqueConstraint('key', name=op.f('uq_gateways_refund_request_key')),
    sa.UniqueConstraint('told_id', name=op.f('uq_gateways_refund_request_told_id'))
    )
    with op.batch_alter_table('gateways_refund_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_gateways_refund_request_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_gateways_refund_request_transaction_id'), ['transaction_id'], unique=False)
        batch_op.create_index('uq_gateways_refund_request_unsure', ['transaction_id'], unique=True, sqlite_where=sa.text("state IN ('pending', 'asking', 'unknown')"), postgresql_where=sa.text("state IN ('pending', 'asking', 'unknown')"))

    with op.batch_alter_table('gateways_settlement', schema=None) as batch_op:
        batch_op.add_column(sa.Column('before', sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), server_default='{}', nullable=False))

    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.add_column(sa.Column('restored_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(sa.Column('restored', sa.Integer(), server_default='0', nullable=False))
        batch_op.create_foreign_key(batch_op.f('fk_gateways_transaction_restored_id'), 'accounting_payment', ['restored_id'], ['id'])

    # two equal returns of one payment are told apart by their day
    op.execute("UPDATE gateways_settlement SET mark = mark || ':' || CAST(settled_on AS VARCHAR(10)) "
               "WHERE kind IN ('refund', 'chargeback')")


def downgrade() -> None:
    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_gateways_transaction_restored_id'), type_='foreignkey')
        batch_op.drop_column('restored')
        batch_op.drop_column('restored_id')

    with op.batch_alter_table('gateways_settlement', schema=None) as batch_op:
        batch_op.drop_column('before')

    with op.batch_alter_table('gateways_refund_request', schema=None) as batch_op:
        batch_op.drop_index('uq_gateways_refund_request_unsure', sqlite_where=sa.text("state IN ('pending', 'asking', 'unknown')"), postgresql_where=sa.text("state IN ('pending', 'asking', 'unknown')"))
        batch_op.drop_index(batch_op.f('ix_gateways_refund_request_transaction_id'))
        batch_op.drop_index(batch_op.f('ix_gateways_refund_request_company_id'))

    op.drop_table('gateways_refund_request')