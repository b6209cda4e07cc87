"""number style of companies

Revision: core_91b3c7d4
After: core_2c535259
"""

import sqlalchemy as sa
from alembic import op

revision = 'core_91b3c7d4'
down_revision = 'core_2c535259'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('core_company', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number_style', sa.String(length=5), server_default='', nullable=False))
        batch_op.create_check_constraint(batch_op.f('ck_core_company_number_style'),
                                         "number_style IN ('', 'point', 'comma')")
    # where documents of the country are printed with a point
    op.execute("UPDATE core_company SET number_style = 'point' WHERE country = 'EC'")


def downgrade() -> None:
    with op.batch_alter_table('core_company', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_core_company_number_style'), type_='check')
        batch_op.drop_column('number_style')
