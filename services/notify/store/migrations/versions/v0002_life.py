"""The life of a warning: measure, deadline, relapse; escalation chains; what goes back into the log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TOLD = ("warning", "sequence", "recipient", "channel", "news")


def upgrade() -> None:
    """Adds to what is there; nothing is lost."""
    for column in (
        sa.Column("closed_reason", sa.Text()),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("deadline", sa.BigInteger()),
        sa.Column("overdue_at", sa.BigInteger()),
        sa.Column("predecessor", sa.Text()),
        sa.Column("reporter", sa.Text()),
    ):
        op.add_column("warning", column)
    op.create_index("warning_of_subject", "warning", ["subject", "rule"])
    running = sa.text("deadline IS NOT NULL AND overdue_at IS NULL")
    op.create_index("warning_deadline", "warning", ["deadline"], sqlite_where=running, postgresql_where=running)
    op.add_column("act", sa.Column("detail", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("event", sa.Text(), nullable=False),
    )
    _escalation()
    _news()


def _escalation() -> None:
    op.create_table(
        "escalation",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("warning", sa.BigInteger(), sa.ForeignKey("warning.number"), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
    )
    op.create_index("escalation_of_warning", "escalation", ["warning"])
    waiting = sa.text("status = 'waiting'")
    op.create_index("escalation_due", "escalation", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)


def _news() -> None:
    """Somebody can be told of the same change twice, for different reasons."""
    op.add_column("delivery", sa.Column("news", sa.Text(), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("delivery_warning_sequence_recipient_channel_key", "delivery", type_="unique")
        op.create_unique_constraint(None, "delivery", _TOLD)
        return
    names = {"uq": "uq_%(table_name)s_%(column_0_name)s"}  # SQLite finds a nameless constraint only so
    with op.batch_alter_table("delivery", naming_convention=names) as delivery:
        delivery.drop_constraint("uq_delivery_warning", type_="unique")
        delivery.create_unique_constraint("told_once", _TOLD)
