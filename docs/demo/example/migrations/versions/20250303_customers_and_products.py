"""customers and products

Revision ID: 4c1f0a9d27be
Revises:
Create Date: 2025-03-03 09:12:44.105310
"""

import sqlalchemy as sa
from alembic import op

revision = "4c1f0a9d27be"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("price_cents", sa.BigInteger, nullable=False),
    )


def downgrade():
    op.drop_table("products")
    op.drop_table("customers")
