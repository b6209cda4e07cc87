"""order of the lists of plans and price revisions

Revision: contracts_d1a65f38
After: contracts_b2704e91
"""

from alembic import op

revision = 'contracts_d1a65f38'
down_revision = 'contracts_b2704e91'
branch_labels = None
depends_on = None

INDEXES = {'contracts_plan': ('ix_contracts_plan_list', ['company_id', 'name', 'id']),
           'contracts_price_revision': ('ix_contracts_price_revision_list', ['company_id', 'valid_from', 'id'])}


def upgrade() -> None:
    for table, (name, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for table, (name, _columns) in INDEXES.items():
        op.drop_index(name, table)
