"""What is deleted when its time is over, and that it was."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """One column and one table more."""
    op.add_column("warning", sa.Column("blanked_at", sa.BigInteger()))
    op.create_table(
        "retention",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Text(), nullable=False),
    )
