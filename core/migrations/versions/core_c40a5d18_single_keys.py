"""single keys of people

Revision: core_c40a5d18
After: core_91b3c7d4
"""

import sqlalchemy as sa
from alembic import op

revision = 'core_c40a5d18'
down_revision = 'core_91b3c7d4'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('core_user', schema=None) as batch_op:
        batch_op.add_column(sa.Column('single_keys', sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('core_user', schema=None) as batch_op:
        batch_op.drop_column('single_keys')
