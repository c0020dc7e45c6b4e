"""Which take-in last wrote a warning: what is new since is one walk along an index. The figure at an act."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Two columns more, and an index."""
    op.add_column("warning", sa.Column("taken_in", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("warning_taken_in", "warning", ["taken_in"])
    op.add_column("act", sa.Column("value", sa.Float()))
