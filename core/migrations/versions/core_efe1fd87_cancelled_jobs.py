"""cancelled jobs

Revision: core_efe1fd87
After: core_e7e4eee9
"""

from alembic import op

revision = 'core_efe1fd87'
down_revision = 'core_e7e4eee9'
branch_labels = None
depends_on = None

BEFORE = "state IN ('pending', 'running', 'done', 'failed')"
AFTER = "state IN ('pending', 'running', 'done', 'failed', 'cancelled')"
NAME = 'ck_core_job_state'


def upgrade() -> None:
    _states(AFTER)


def downgrade() -> None:
    op.execute("UPDATE core_job SET state = 'failed' WHERE state = 'cancelled'")
    _states(BEFORE)


def _states(rule: str) -> None:
    with op.batch_alter_table("core_job") as batch_op:
        batch_op.drop_constraint(op.f(NAME), type_="check")
        batch_op.create_check_constraint(op.f(NAME), rule)
