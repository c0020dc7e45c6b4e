"""What people set for themselves; measures that were taken before they were named; acts that can be undone."""

import sqlalchemy as sa
from alembic import op

from services.notify.store.migrations.columns import instant, number, text

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """One column and three tables more."""
    op.add_column("warning", sa.Column("done_at", sa.BigInteger()))
    op.create_table(
        "own_channel",
        text("person", key=True),
        number("proved", key=True),
        text("kind"),
        text("address"),
        text("code"),
        number("tries"),
        instant("at"),
    )
    op.create_table("own_choice", text("person", key=True), text("language"), text("quiet"), instant("at"))
    op.create_table("undo", number("act", key=True), instant("warning"), text("person"), instant("at"), text("before"))
    op.create_index("undo_at", "undo", ["at"])
