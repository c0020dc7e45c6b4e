"""When students can check in to a lesson, and by which phones they did."""

from alembic import op

from services.notify.store.migrations.columns import instant, text

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Two tables more."""
    op.create_table(
        "check_in_window",
        text("window_id", key=True),
        text("lesson"),
        text("secret"),
        instant("opened"),
        instant("ends"),
        text("person"),
    )
    op.create_index("check_in_window_of_lesson", "check_in_window", ["lesson", "opened"])
    op.create_index("check_in_window_ends", "check_in_window", ["ends"])
    op.create_table(
        "check_in",
        text("window_id", key=True),
        text("person", key=True),
        text("other", key=True),
        text("device"),
        instant("at"),
    )
    op.create_index("check_in_of_person", "check_in", ["person"])
