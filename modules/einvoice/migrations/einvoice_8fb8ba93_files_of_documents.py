"""Files kept with legal documents

Revision: einvoice_8fb8ba93
After: einvoice_ed203440
"""

import sqlalchemy as sa
from alembic import op

revision = 'einvoice_8fb8ba93'
down_revision = 'einvoice_ed203440'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('einvoice_document_file',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.Column('role', sa.String(length=10), nullable=False),
    sa.Column('file_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['einvoice_document.id'], name=op.f('fk_einvoice_document_file_document_id')),
    sa.ForeignKeyConstraint(['file_id'], ['core_file.id'], name=op.f('fk_einvoice_document_file_file_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_einvoice_document_file')),
    sa.UniqueConstraint('document_id', 'role', name=op.f('uq_einvoice_document_file_document_id_role'))
    )
    with op.batch_alter_table('einvoice_document_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_einvoice_document_file_file_id'), ['file_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('einvoice_document_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_einvoice_document_file_file_id'))

    op.drop_table('einvoice_document_file')
