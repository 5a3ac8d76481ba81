"""add table

Revision ID: ab12
Revises: cd34
Create Date: 2025-12-30 19:00:00.000000

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

revision: str = 'ab12'
down_revision: Union[str, Sequence[str], None] = ('cd34', "ef56")
branch_labels: Union[str, Sequence[str], None] = None
depends_on = ['x'] + ["y"]


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table('t', sa.Column('id', sa.Integer()),
        sa.Column(f'{x!r:{y}}', sa.String()))


@decorated
class K(object):
    def f(self): global revision; revision = 'x'
