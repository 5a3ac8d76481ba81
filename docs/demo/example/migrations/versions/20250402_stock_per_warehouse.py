"""stock per warehouse

Revision ID: a3907be15f42
Revises: 8e52d7c3b610
Create Date: 2025-04-02 10:05:51.430018
"""

import sqlalchemy as sa
from alembic import op

revision = "a3907be15f42"
down_revision = "8e52d7c3b610"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "stock",
        sa.Column("warehouse", sa.Text, primary_key=True),
        sa.Column("product_id", sa.BigInteger, sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("quantity", sa.Integer, nullable=False, server_default="0"),
    )


def downgrade():
    op.drop_table("stock")
