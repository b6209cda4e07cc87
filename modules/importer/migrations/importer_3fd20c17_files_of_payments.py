"""files of payments

Revision: importer_3fd20c17
After: importer_adedfce1
"""

import sqlalchemy as sa
from alembic import op

revision = 'importer_3fd20c17'
down_revision = 'importer_adedfce1'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('importer_run', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=10), server_default='customers', nullable=False))
        batch_op.create_check_constraint(op.f('ck_importer_run_kind'), "kind IN ('customers', 'payments')")


def downgrade() -> None:
    with op.batch_alter_table('importer_run', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_importer_run_kind'), type_='check')
        batch_op.drop_column('kind')
