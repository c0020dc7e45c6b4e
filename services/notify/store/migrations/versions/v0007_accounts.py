"""Who signs in, who is signed in, and what was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=key, nullable=False)


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    """Five tables more."""
    op.create_table("account", _text("person", key=True), _text("password"), _number("operator"), _instant("made"))
    op.create_table(
        "session", _text("digest", key=True), _text("person"), _text("provider"), _instant("made"), _instant("seen")
    )
    op.create_index("session_of_person", "session", ["person"])
    op.create_table("one_time_link", _text("digest", key=True), _text("person"), _instant("ends"))
    op.create_table("attempt", _text("key", key=True), _number("failures"), _instant("at"))
    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), primary_key=True),
        _instant("at"),
        _text("person"),
        _text("what"),
        _text("why"),
    )
    op.create_index("access_of_person", "access", ["person"])
