"""When students can check in to a lesson, and by which phones they did."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=key, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Two tables more."""
    op.create_table(
        "check_in_window",
        _text("window_id", key=True),
        _text("lesson"),
        _text("secret"),
        _instant("opened"),
        _instant("ends"),
        _text("person"),
    )
    op.create_index("check_in_window_of_lesson", "check_in_window", ["lesson", "opened"])
    op.create_index("check_in_window_ends", "check_in_window", ["ends"])
    op.create_table(
        "check_in",
        _text("window_id", key=True),
        _text("person", key=True),
        _text("other", key=True),
        _text("device"),
        _instant("at"),
    )
    op.create_index("check_in_of_person", "check_in", ["person"])
