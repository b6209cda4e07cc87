"""second factor

Revision: core_2c535259
After: core_efe1fd87
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = 'core_2c535259'
down_revision = 'core_efe1fd87'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('core_user', schema=None) as batch_op:
        batch_op.add_column(sa.Column('recovery_hashes', sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), server_default='[]', nullable=False))

    with op.batch_alter_table('core_role', schema=None) as batch_op:
        batch_op.add_column(sa.Column('needs_second_factor', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('core_role', schema=None) as batch_op:
        batch_op.drop_column('needs_second_factor')

    with op.batch_alter_table('core_user', schema=None) as batch_op:
        batch_op.drop_column('recovery_hashes')
