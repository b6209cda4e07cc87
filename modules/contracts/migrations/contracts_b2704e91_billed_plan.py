"""billed plan

Revision: contracts_b2704e91
After: contracts_8f31d0b6
"""

import sqlalchemy as sa
from alembic import op

revision = 'contracts_b2704e91'
down_revision = 'contracts_8f31d0b6'
branch_labels = None
depends_on = None

TABLE = 'contracts_billed_period'
# what was billed before this was noted: the plans of those days, as the changes of the contract tell
CHANGE = """(SELECT c.{plan} FROM contracts_plan_change c
    WHERE c.contract_id = contracts_billed_period.contract_id AND c.state <> 'cancelled' AND {when}
    ORDER BY c.valid_from {order} LIMIT 1)"""
LAST_DAY = "COALESCE(contracts_billed_period.service_to, contracts_billed_period.month)"
FILL = "UPDATE contracts_billed_period SET plan_id = COALESCE({}, {}, {}), changed_from_id = {}".format(
    CHANGE.format(plan="new_plan_id", when=f"c.valid_from <= {LAST_DAY}", order="DESC"),
    CHANGE.format(plan="old_plan_id", when=f"c.valid_from > {LAST_DAY}", order="ASC"),
    "(SELECT k.plan_id FROM contracts_contract k WHERE k.id = contracts_billed_period.contract_id)",
    CHANGE.format(plan="old_plan_id", when="c.valid_from > contracts_billed_period.service_from "
                  "AND c.valid_from <= contracts_billed_period.service_to", order="ASC"))


def upgrade() -> None:
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        for name in ('plan_id', 'changed_from_id'):
            batch_op.add_column(sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
            batch_op.create_foreign_key(op.f(f'fk_contracts_billed_period_{name}'), 'contracts_plan', [name], ['id'])
    op.execute(FILL)
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.create_index('ix_contracts_billed_period_plan', ['plan_id', 'invoice_id'], unique=False)
        batch_op.create_index('ix_contracts_billed_period_changed', ['changed_from_id', 'invoice_id'], unique=False,
                              sqlite_where=sa.text('changed_from_id IS NOT NULL'),
                              postgresql_where=sa.text('changed_from_id IS NOT NULL'))


def downgrade() -> None:
    with op.batch_alter_table(TABLE, schema=None) as batch_op:
        batch_op.drop_index('ix_contracts_billed_period_changed')
        batch_op.drop_index('ix_contracts_billed_period_plan')
        for name in ('changed_from_id', 'plan_id'):
            batch_op.drop_constraint(op.f(f'fk_contracts_billed_period_{name}'), type_='foreignkey')
            batch_op.drop_column(name)
