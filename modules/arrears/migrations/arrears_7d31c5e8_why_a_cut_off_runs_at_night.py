"""why a cut-off runs at night or on a free day

Revision: arrears_7d31c5e8
After: arrears_66d6a906
"""

import sqlalchemy as sa
from alembic import op

revision = 'arrears_7d31c5e8'
down_revision = 'arrears_66d6a906'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('arrears_batch', schema=None) as batch_op:
        batch_op.add_column(sa.Column('although', sa.String(length=200), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('arrears_batch', schema=None) as batch_op:
        batch_op.drop_column('although')
