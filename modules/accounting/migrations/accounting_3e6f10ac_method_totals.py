"""method totals

Revision: accounting_3e6f10ac
After: accounting_91b7e3d0
"""

import sqlalchemy as sa
from alembic import op

revision = 'accounting_3e6f10ac'
down_revision = 'accounting_91b7e3d0'
branch_labels = None
depends_on = None

# they begin where the totals of days have arrived: both have one border
FILL = """
INSERT INTO accounting_method_total (company_id, day, currency, method, amount)
SELECT e.company_id, e.date, e.currency, m.method,
       SUM(CASE WHEN e.kind = 'payment' THEN m.amount ELSE -m.amount END)
FROM accounting_entry e JOIN accounting_payment_medium m ON m.payment_id = e.payment_id
WHERE e.kind IN ('payment', 'reversal')
  AND e.id <= (SELECT COALESCE(MAX(last_entry_id), 0) FROM accounting_day_total)
GROUP BY e.company_id, e.date, e.currency, m.method
"""


def upgrade() -> None:
    op.create_table('accounting_method_total',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['core_company.id'], name=op.f('fk_accounting_method_total_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounting_method_total')),
    sa.UniqueConstraint('company_id', 'day', 'currency', 'method', name=op.f('uq_accounting_method_total_company_id_day_currency_method'))
    )
    with op.batch_alter_table('accounting_method_total', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accounting_method_total_company_id'), ['company_id'], unique=False)

    op.execute(FILL)


def downgrade() -> None:
    op.drop_table('accounting_method_total')
