"""What people set for themselves; measures that were taken before they were named; acts that can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=key, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _number(name: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), primary_key=key, nullable=False, autoincrement=False)


def upgrade() -> None:
    """One column and three tables more."""
    op.add_column("warning", sa.Column("done_at", sa.BigInteger()))
    op.create_table(
        "own_channel",
        _text("person", key=True),
        _number("proved", key=True),
        _text("kind"),
        _text("address"),
        _text("code"),
        _number("tries"),
        _instant("at"),
    )
    op.create_table("own_choice", _text("person", key=True), _text("language"), _text("quiet"), _instant("at"))
    op.create_table(
        "undo", _number("act", key=True), _instant("warning"), _text("person"), _instant("at"), _text("before")
    )
    op.create_index("undo_at", "undo", ["at"])
