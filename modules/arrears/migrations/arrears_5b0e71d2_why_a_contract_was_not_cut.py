"""why a contract was not cut

Revision: arrears_5b0e71d2
After: arrears_c84d0c0b
"""

import sqlalchemy as sa
from alembic import op

revision = 'arrears_5b0e71d2'
down_revision = 'arrears_c84d0c0b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('arrears_batch_item', schema=None) as batch_op:
        batch_op.add_column(sa.Column('note', sa.String(length=300), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('arrears_batch_item', schema=None) as batch_op:
        batch_op.drop_column('note')
