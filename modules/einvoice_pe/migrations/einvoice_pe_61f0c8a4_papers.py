"""Documents that were written on paper of contingency first

Revision: einvoice_pe_61f0c8a4
After: einvoice_pe_2979af19
"""

import sqlalchemy as sa
from alembic import op

revision = 'einvoice_pe_61f0c8a4'
down_revision = 'einvoice_pe_2979af19'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'einvoice_pe_paper',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column('invoice_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column('environment', sa.String(length=12), nullable=False),
        sa.Column('kind', sa.Integer(), nullable=False),
        sa.Column('series', sa.String(length=4), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("environment IN ('rehearsal', 'testing', 'production')",
                           name=op.f('ck_einvoice_pe_paper_environment')),
        sa.CheckConstraint('kind BETWEEN 1 AND 4', name=op.f('ck_einvoice_pe_paper_kind')),
        sa.CheckConstraint('number BETWEEN 1 AND 99999999', name=op.f('ck_einvoice_pe_paper_number')),
        sa.ForeignKeyConstraint(['company_id'], ['core_company.id'], name=op.f('fk_einvoice_pe_paper_company_id')),
        sa.ForeignKeyConstraint(['invoice_id'], ['accounting_invoice.id'],
                                name=op.f('fk_einvoice_pe_paper_invoice_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_einvoice_pe_paper')),
        sa.UniqueConstraint('invoice_id', name=op.f('uq_einvoice_pe_paper_invoice_id')),
        sa.UniqueConstraint('company_id', 'environment', 'kind', 'series', 'number',
                            name=op.f('uq_einvoice_pe_paper_company_id_environment_kind_series_number')))
    with op.batch_alter_table('einvoice_pe_paper', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_einvoice_pe_paper_company_id'), ['company_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('einvoice_pe_paper', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_einvoice_pe_paper_company_id'))
    op.drop_table('einvoice_pe_paper')
