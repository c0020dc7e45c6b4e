"""Sign-ins that are at a provider's page."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """One table more."""
    texts = [sa.Column(name, sa.Text(), nullable=False) for name in ("provider", "kept", "goal")]
    op.create_table(
        "begun_sign_in",
        sa.Column("digest", sa.Text(), primary_key=True, nullable=False),
        *texts,
        sa.Column("made", sa.BigInteger(), nullable=False),
    )
