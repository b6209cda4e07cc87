"""state of channels

Revision: notification_b7420e1d
After: notification_290964ae
"""

import sqlalchemy as sa
from alembic import op

revision = 'notification_b7420e1d'
down_revision = 'notification_290964ae'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notifications_channel_state',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('tested_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('live_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['core_company.id'], name=op.f('fk_notifications_channel_state_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notifications_channel_state')),
    sa.UniqueConstraint('company_id', 'channel', name=op.f('uq_notifications_channel_state_company_id_channel'))
    )
    with op.batch_alter_table('notifications_channel_state', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notifications_channel_state_company_id'), ['company_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('notifications_channel_state', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notifications_channel_state_company_id'))

    op.drop_table('notifications_channel_state')
