"""Who signs in, who is signed in, and what was refused."""

import sqlalchemy as sa
from alembic import op

from services.notify.store.migrations.columns import instant, number, text

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Five tables more."""
    op.create_table("account", text("person", key=True), text("password"), number("operator"), instant("made"))
    op.create_table(
        "session", text("digest", key=True), text("person"), text("provider"), instant("made"), instant("seen")
    )
    op.create_index("session_of_person", "session", ["person"])
    op.create_table("one_time_link", text("digest", key=True), text("person"), instant("ends"))
    op.create_table("attempt", text("key", key=True), number("failures"), instant("at"))
    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), primary_key=True),
        instant("at"),
        text("person"),
        text("what"),
        text("why"),
    )
    op.create_index("access_of_person", "access", ["person"])
