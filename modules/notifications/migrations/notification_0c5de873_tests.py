"""tests

Revision: notification_0c5de873
After: notification_b7420e1d
"""

import sqlalchemy as sa
from alembic import op

revision = 'notification_0c5de873'
down_revision = 'notification_b7420e1d'
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEST = sa.text('test_by_id IS NOT NULL')


def upgrade() -> None:
    with op.batch_alter_table('notifications_message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('test_by_id', KEY, nullable=True))
        batch_op.alter_column('customer_id', existing_type=KEY, nullable=True)
        batch_op.create_foreign_key(op.f('fk_notifications_message_test_by_id'), 'core_user', ['test_by_id'], ['id'])
        batch_op.create_check_constraint(op.f('ck_notifications_message_to_whom'),
                                         '(customer_id IS NULL) = (test_by_id IS NOT NULL)')
        batch_op.create_index('ix_notifications_message_test', ['company_id', 'state'], unique=False,
                              sqlite_where=TEST, postgresql_where=TEST)


def downgrade() -> None:
    op.execute("DELETE FROM notifications_attempt WHERE message_id IN "
               "(SELECT id FROM notifications_message WHERE test_by_id IS NOT NULL)")
    op.execute("DELETE FROM notifications_message WHERE test_by_id IS NOT NULL")
    with op.batch_alter_table('notifications_message', schema=None) as batch_op:
        batch_op.drop_index('ix_notifications_message_test', sqlite_where=TEST, postgresql_where=TEST)
        batch_op.drop_constraint(op.f('ck_notifications_message_to_whom'), type_='check')
        batch_op.drop_constraint(op.f('fk_notifications_message_test_by_id'), type_='foreignkey')
        batch_op.alter_column('customer_id', existing_type=KEY, nullable=False)
        batch_op.drop_column('test_by_id')
