"""words and the text that customers are found by

Revision: crm_7c1b04e5
After: crm_1955b0af
"""

import sqlalchemy as sa
from alembic import op

revision = 'crm_7c1b04e5'
down_revision = 'crm_1955b0af'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Words of at least three letters are found by their trigrams. PostgreSQL has an index for that; SQLite a table, which
# triggers keep. A later revision that makes crm_customer anew (batch_alter_table) must make the triggers anew as well.
TABLE = """CREATE VIRTUAL TABLE crm_customer_text
    USING fts5(search, content='crm_customer', content_rowid='id', tokenize='trigram')"""
OLD = "INSERT INTO crm_customer_text (crm_customer_text, rowid, search) VALUES ('delete', old.id, old.search);"
NEW = "INSERT INTO crm_customer_text (rowid, search) VALUES (new.id, new.search);"
TRIGGERS = {
    "crm_customer_text_new": f"AFTER INSERT ON crm_customer BEGIN {NEW} END",
    "crm_customer_text_gone": f"AFTER DELETE ON crm_customer BEGIN {OLD} END",
    "crm_customer_text_changed": f"AFTER UPDATE OF search ON crm_customer WHEN old.search <> new.search "
                                 f"BEGIN {OLD} {NEW} END",
}


def upgrade() -> None:
    op.create_table('crm_word',
    sa.Column('id', BIG, nullable=False),
    sa.Column('word', sa.String(length=40), nullable=False),
    sa.Column('company_id', BIG, nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['core_company.id'], name=op.f('fk_crm_word_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_crm_word')),
    sa.UniqueConstraint('company_id', 'word', name=op.f('uq_crm_word_company_id_word'))
    )
    with op.batch_alter_table('crm_word', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_crm_word_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_crm_word_trigrams', ['word'], unique=False, postgresql_using='gin', postgresql_ops={'word': 'gin_trgm_ops'})
    _learn()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(TABLE)
        op.execute("INSERT INTO crm_customer_text (crm_customer_text) VALUES ('rebuild')")
        for name, what in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER {name} {what}")


def _learn() -> None:
    """The words of the customers that are there already."""
    bind, found = op.get_bind(), set()
    for company_id, text in bind.execute(sa.text("SELECT company_id, search FROM crm_customer")):
        found.update((company_id, word) for word in text.split() if word.isalpha() and 4 <= len(word) <= 40)
    rows = [{"company": company_id, "word": word} for company_id, word in sorted(found)]
    if rows:
        bind.execute(sa.text("INSERT INTO crm_word (company_id, word) VALUES (:company, :word)"), rows)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in TRIGGERS:
            op.execute(f"DROP TRIGGER IF EXISTS {name}")
        op.execute("DROP TABLE IF EXISTS crm_customer_text")
    with op.batch_alter_table('crm_word', schema=None) as batch_op:
        batch_op.drop_index('ix_crm_word_trigrams', postgresql_using='gin', postgresql_ops={'word': 'gin_trgm_ops'})
        batch_op.drop_index(batch_op.f('ix_crm_word_company_id'))

    op.drop_table('crm_word')
