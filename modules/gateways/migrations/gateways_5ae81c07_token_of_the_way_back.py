"""token of the way back

Revision: gateways_5ae81c07
After: gateways_01cab2e5
"""

import secrets

import sqlalchemy as sa
from alembic import op


revision = 'gateways_5ae81c07'
down_revision = 'gateways_01cab2e5'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('gateways_account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('return_token', sa.String(length=43), nullable=True))

    account = sa.table('gateways_account', sa.column('id', sa.BigInteger), sa.column('return_token', sa.String))
    connection = op.get_bind()
    for key in connection.scalars(sa.select(account.c.id)).all():
        connection.execute(account.update().where(account.c.id == key).values(return_token=secrets.token_urlsafe(32)))

    with op.batch_alter_table('gateways_account', schema=None) as batch_op:
        batch_op.alter_column('return_token', existing_type=sa.String(length=43), nullable=False)
        batch_op.create_unique_constraint(batch_op.f('uq_gateways_account_return_token'), ['return_token'])


def downgrade() -> None:
    with op.batch_alter_table('gateways_account', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_gateways_account_return_token'), type_='unique')
        batch_op.drop_column('return_token')
