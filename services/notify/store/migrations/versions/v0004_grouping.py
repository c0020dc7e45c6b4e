"""Messages that wait for more, cases that mute their parts, summaries."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """What a message waits for, and what goes out as one."""
    op.add_column("warning", sa.Column("mutes", sa.Text()))
    op.add_column("delivery", sa.Column("not_before", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("urgent", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("batch", sa.BigInteger()))
    op.create_index("delivery_of_person", "delivery", ["recipient", "channel", "next_try_at"])
    op.create_table(
        "contact",
        sa.Column("recipient", sa.Text(), primary_key=True),
        sa.Column("channel", sa.Text(), primary_key=True),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
    )
