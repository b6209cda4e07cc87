"""Sequences of paper, which never give a number

Revision: einvoice_5d3b70c1
After: einvoice_41c9d7e2
"""

import sqlalchemy as sa
from alembic import op

revision = 'einvoice_5d3b70c1'
down_revision = 'einvoice_41c9d7e2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('einvoice_sequence', schema=None) as batch_op:
        batch_op.add_column(sa.Column('by_hand', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table('einvoice_sequence', schema=None) as batch_op:
        batch_op.drop_column('by_hand')
