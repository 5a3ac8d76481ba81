"""discounts on orders

Revision ID: d6408c91e7fa
Revises: 8e52d7c3b610
Create Date: 2025-04-04 16:41:27.902255
"""

import sqlalchemy as sa
from alembic import op

revision = "d6408c91e7fa"
down_revision = "8e52d7c3b610"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("orders", sa.Column("discount_cents", sa.BigInteger, server_default="0"))


def downgrade():
    op.drop_column("orders", "discount_cents")
