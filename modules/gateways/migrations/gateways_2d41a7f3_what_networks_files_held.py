"""what networks' own files held

Revision: gateways_2d41a7f3
After: gateways_6bfe89c2
"""

import sqlalchemy as sa
from alembic import op

revision = 'gateways_2d41a7f3'
down_revision = 'gateways_6bfe89c2'
branch_labels = None
depends_on = None

# files that were imported before: what they told first is known of them
TOLD_FIRST = "UPDATE gateways_transaction SET held_at = seen_at, held_id = file_id WHERE file_id IS NOT NULL"
# what they told second is not: of accounts that have files, days are compared from today on
BEFORE_TODAY = """
    UPDATE gateways_transaction SET held_at = seen_at
    WHERE held_at IS NULL AND kind = 'payment' AND state = 'booked' AND paid_on < CURRENT_DATE AND account_id IN (
        SELECT account_id FROM gateways_file WHERE direction = 'in' AND kind = 'payments' AND state = 'imported')
"""


def upgrade() -> None:
    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('held_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_gateways_transaction_held_id'), 'gateways_file', ['held_id'], ['id'])

    op.create_table(
        'gateways_held_again',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column('transaction_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(['transaction_id'], ['gateways_transaction.id'],
                                name=op.f('fk_gateways_held_again_transaction_id')),
        sa.ForeignKeyConstraint(['file_id'], ['gateways_file.id'], name=op.f('fk_gateways_held_again_file_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_gateways_held_again')),
        sa.UniqueConstraint('transaction_id', 'file_id', name=op.f('uq_gateways_held_again_transaction_id_file_id')))
    op.create_index(op.f('ix_gateways_held_again_file_id'), 'gateways_held_again', ['file_id'])

    op.execute(TOLD_FIRST)
    op.execute(BEFORE_TODAY)
    op.create_index('ix_gateways_transaction_held', 'gateways_transaction', ['account_id', 'paid_on'],
                    sqlite_where=sa.text("held_at IS NOT NULL"), postgresql_where=sa.text("held_at IS NOT NULL"))


def downgrade() -> None:
    op.drop_index('ix_gateways_transaction_held', table_name='gateways_transaction')
    op.drop_table('gateways_held_again')
    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_gateways_transaction_held_id'), type_='foreignkey')
        batch_op.drop_column('held_id')
        batch_op.drop_column('held_at')
