"""Appeals with their pictures; and messages that are about no warning."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_OPEN = sa.text("state = 'open'")
_TEXTS = ("kind", "key", "version", "student", "class_id", "course", "teacher", "department")


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def _instant(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def upgrade() -> None:
    """Two tables more; a delivery may have no warning."""
    op.create_table(
        "appeal",
        sa.Column("id", sa.Integer(), primary_key=True, nullable=False),
        *map(_text, _TEXTS),
        _instant("record_at"),
        _text("source"),
        _text("was"),
        _text("taken_by"),
        _text("person"),
        _text("claim"),
        _text("text"),
        _instant("asked_at"),
        sa.Column("step", sa.Integer(), nullable=False),
        _instant("due_at", null=True),
        _text("state"),
        _text("answer"),
        _text("became"),
        _text("warnings"),
        _text("decided_by", null=True),
        _instant("decided_at", null=True),
        sa.UniqueConstraint("kind", "key", "version", name="appeal_once"),
    )
    op.create_index("appeal_of_student", "appeal", ["student"])
    op.create_index("appeal_of_person", "appeal", ["person"])
    op.create_index("appeal_open", "appeal", ["due_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("appeal_asked", "appeal", ["asked_at"])
    op.create_table(
        "appeal_slip",
        sa.Column("appeal", sa.Integer(), primary_key=True, autoincrement=False, nullable=False),
        _text("person"),
        _text("type"),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        _instant("at"),
    )
    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column("warning", existing_type=sa.BigInteger(), nullable=True)
