"""daily sales for the reports

Revision ID: 57c2e4b80a6d
Revises:
Create Date: 2025-04-22 11:20:36.664127
"""

import sqlalchemy as sa
from alembic import op

revision = "57c2e4b80a6d"
down_revision = None
branch_labels = ("reporting",)
depends_on = "8e52d7c3b610"


# A line of history of its own, with a label: it reads the orders, so it depends on them, but it
# can be rolled back without touching the shop.
def upgrade():
    op.create_table(
        "daily_sales",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("orders", sa.Integer, nullable=False),
        sa.Column("revenue_cents", sa.BigInteger, nullable=False),
    )


def downgrade():
    op.drop_table("daily_sales")
