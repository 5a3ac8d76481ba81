"""index orders by customer

Revision ID: 2fb8605d9ce1
Revises: 1b75f3e8c0d9
Create Date: 2025-05-19 15:02:58.537791
"""

import sqlalchemy as sa
from alembic import op

revision = "2fb8605d9ce1"
down_revision = "1b75f3e8c0d9"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            "orders_customer_id", "orders", ["customer_id"], postgresql_concurrently=True
        )


def downgrade():
    op.drop_index("orders_customer_id", table_name="orders")
