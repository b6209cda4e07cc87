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


def upgrade() -> None:
    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.add_column(sa.Column('held_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('held_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_gateways_transaction_held_id'), 'gateways_file', ['held_id'], ['id'])

    # files that were imported before: what they told first is what is known of them
    op.execute("UPDATE gateways_transaction SET held_at = seen_at, held_id = file_id WHERE file_id IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table('gateways_transaction', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_gateways_transaction_held_id'), type_='foreignkey')
        batch_op.drop_column('held_id')
        batch_op.drop_column('held_at')
