"""Appeals with their pictures; and messages that are about no warning."""

import sqlalchemy as sa
from alembic import op

from services.notify.store.migrations.columns import instant, text

revision = "0015"
down_revision = "0014"

_OPEN = sa.text("state = 'open'")
_TEXTS = ("kind", "key", "version", "student", "class_id", "course", "teacher", "department")


def upgrade() -> None:
    """Two tables more; a delivery may have no warning."""
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        *map(text, _TEXTS),
        instant("record_at"),
        text("source"),
        text("was"),
        text("taken_by"),
        text("person"),
        text("claim"),
        text("text"),
        instant("asked_at"),
        sa.Column("step", sa.Integer(), nullable=False),
        instant("due_at", null=True),
        text("state"),
        text("answer"),
        text("became"),
        text("warnings"),
        text("decided_by", null=True),
        instant("decided_at", null=True),
        sa.UniqueConstraint("kind", "key", "version", name="appeal_once"),
    )
    op.create_index("appeal_of_student", "appeal", ["student"])
    op.create_index("appeal_of_person", "appeal", ["person"])
    op.create_index("appeal_open", "appeal", ["due_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("appeal_asked", "appeal", ["asked_at"])
    op.create_table(
        "appeal_slip",
        sa.Column("appeal", sa.Integer(), primary_key=True, autoincrement=False, nullable=False),
        text("person"),
        text("type"),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        instant("at"),
    )
    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column("warning", existing_type=sa.BigInteger(), nullable=True)
