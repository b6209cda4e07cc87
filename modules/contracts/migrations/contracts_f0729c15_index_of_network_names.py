"""index of the names and addresses on the network, for the search box

Revision: contracts_f0729c15
After: contracts_30bb0ef0
"""

from alembic import op

revision = 'contracts_f0729c15'
down_revision = 'contracts_30bb0ef0'
branch_labels = None
depends_on = None

COLUMNS = ('pppoe_user', 'ip')


def upgrade() -> None:
    for column in COLUMNS:
        op.create_index(f'ix_contracts_contract_{column}', 'contracts_contract', ['company_id', column])


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f'ix_contracts_contract_{column}', 'contracts_contract')
