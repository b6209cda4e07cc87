"""Documents that are signed and decided later

Revision: einvoice_41c9d7e2
After: einvoice_8fb8ba93
"""

import sqlalchemy as sa
from alembic import op

revision = 'einvoice_41c9d7e2'
down_revision = 'einvoice_8fb8ba93'
branch_labels = None
depends_on = 'accounting_b6f0a2c4'

OLD = {"state": "state IN ('pending', 'sending', 'authorized', 'rejected', 'unknown', 'cancelling', 'cancelled')",
       "authorized_is_complete": "state <> 'authorized' OR (number IS NOT NULL AND authorization_code <> '')"}
NEW = {"state": "state IN ('pending', 'sending', 'signed', 'authorized', 'rejected', 'unknown', 'cancelling', "
                "'cancelled')",
       "authorized_is_complete": "state NOT IN ('signed', 'authorized') OR (number IS NOT NULL AND "
                                 "authorization_code <> '')"}


def upgrade() -> None:
    with op.batch_alter_table('einvoice_document', schema=None) as batch_op:
        batch_op.add_column(sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True))
        _replace(batch_op, NEW)


def downgrade() -> None:
    op.execute(sa.text("UPDATE einvoice_document SET state = 'authorized' WHERE state = 'signed'"))
    with op.batch_alter_table('einvoice_document', schema=None) as batch_op:
        _replace(batch_op, OLD)
        batch_op.drop_column('signed_at')


def _replace(batch_op, constraints) -> None:
    for name, condition in constraints.items():
        batch_op.drop_constraint(batch_op.f(f'ck_einvoice_document_{name}'), type_='check')
        batch_op.create_check_constraint(batch_op.f(f'ck_einvoice_document_{name}'), condition)
