"""A talk that was written down can be corrected: which one a talk corrects."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """A column more."""
    op.add_column("talk", sa.Column("corrects", sa.BigInteger()))
