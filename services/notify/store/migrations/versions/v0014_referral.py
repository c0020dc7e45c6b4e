"""Questions to offices about a warning, and talks about it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _of_warning() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("warning", sa.BigInteger(), sa.ForeignKey("warning.number"), nullable=False),
    )


def upgrade() -> None:
    """Two tables more."""
    op.create_table(
        "referral",
        *_of_warning(),
        _instant("at"),
        _text("person"),
        _text("office"),
        _text("note"),
        _text("state"),
        sa.Column("taken_by", sa.Text()),
        _instant("taken_at", nullable=True),
        _text("answer"),
        _instant("answered_at", nullable=True),
        _instant("raised_at", nullable=True),
    )
    op.create_index("referral_of_warning", "referral", ["warning"])
    op.create_index("referral_of_office", "referral", ["office", "state"])
    op.create_index("referral_of_person", "referral", ["person"])
    op.create_table(
        "talk",
        *_of_warning(),
        _instant("at"),
        _text("person"),
        _text("role"),
        _text("day"),
        _text("clock"),
        _text("way"),
        _text("place"),
        _text("agreed"),
        _text("next_day"),
        _text("notes"),
        _text("visibility"),
    )
    op.create_index("talk_of_warning", "talk", ["warning"])
