"""discounts in the daily sales

Revision ID: e90d16a7f3c5
Revises: 57c2e4b80a6d
Create Date: 2025-05-12 09:47:09.220963
"""

import sqlalchemy as sa
from alembic import op

revision = "e90d16a7f3c5"
down_revision = "57c2e4b80a6d"
branch_labels = None
depends_on = "1b75f3e8c0d9"


def upgrade():
    op.add_column("daily_sales", sa.Column("discount_cents", sa.BigInteger, server_default="0"))


def downgrade():
    op.drop_column("daily_sales", "discount_cents")
