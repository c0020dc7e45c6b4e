"""Who was erased: pseudonyms, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """One table more."""
    texts = [sa.Column(name, sa.Text(), nullable=False) for name in ("pseudonym", "author", "reason", "counts")]
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *texts,
    )
