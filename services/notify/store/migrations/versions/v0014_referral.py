"""Questions to offices about a warning, and talks about it."""

import sqlalchemy as sa
from alembic import op

from services.notify.store.migrations.columns import instant, text

revision = "0014"
down_revision = "0013"


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
        instant("at"),
        text("person"),
        text("office"),
        text("note"),
        text("state"),
        sa.Column("taken_by", sa.Text()),
        instant("taken_at", null=True),
        text("answer"),
        instant("answered_at", null=True),
        instant("raised_at", null=True),
    )
    op.create_index("referral_of_warning", "referral", ["warning"])
    op.create_index("referral_of_office", "referral", ["office", "state"])
    op.create_index("referral_of_person", "referral", ["person"])
    op.create_table(
        "talk",
        *_of_warning(),
        instant("at"),
        text("person"),
        text("role"),
        text("day"),
        text("clock"),
        text("way"),
        text("place"),
        text("agreed"),
        text("next_day"),
        text("notes"),
        text("visibility"),
    )
    op.create_index("talk_of_warning", "talk", ["warning"])
