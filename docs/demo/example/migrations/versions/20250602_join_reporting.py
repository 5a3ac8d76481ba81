"""join reporting with the shop

Revision ID: 70ad3c5e1984
Revises: 2fb8605d9ce1, e90d16a7f3c5
Create Date: 2025-06-02 13:36:40.349612
"""

import sqlalchemy as sa
from alembic import op

revision = "70ad3c5e1984"
down_revision = ("2fb8605d9ce1", "e90d16a7f3c5")
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE VIEW best_day AS SELECT * FROM daily_sales ORDER BY revenue_cents DESC LIMIT 1")


def downgrade():
    op.execute("DROP VIEW best_day")
