"""merge stock and discounts

Revision ID: 1b75f3e8c0d9
Revises: a3907be15f42, d6408c91e7fa
Create Date: 2025-04-07 08:55:13.018446
"""

import sqlalchemy as sa
from alembic import op

revision = "1b75f3e8c0d9"
down_revision = ("a3907be15f42", "d6408c91e7fa")
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
