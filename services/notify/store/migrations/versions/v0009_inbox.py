"""What the inbox finds a warning by, its department, and to whom it was handed over.

Of warnings that are there, what they are about follows from their key alone: the card of their rule is not known here.
"""

import json
from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from alembic import op

from services.notify.chunk import matter
from services.notify.store.engine import slices

revision = "0009"
down_revision = "0008"
_OF_BOTH = ("about", "class_id")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def upgrade() -> None:
    """Columns, what they hold of what is there, and the index of the inbox over them."""
    for name in (*_OF_BOTH, "department"):
        op.add_column("warning", _text(name))
    op.add_column("warning", sa.Column("handed_to", sa.Text()))
    for name in (*_OF_BOTH, "rule", "holder"):
        op.add_column("recipient", _text(name))
    for name in ("taken", "overdue"):
        op.add_column("recipient", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    _fill(op.get_bind())
    op.drop_index("recipient_inbox", "recipient")
    op.create_index(
        "recipient_inbox",
        "recipient",
        [
            "person",
            "is_open",
            "rank",
            "opened_at",
            "warning",
            "about",
            "class_id",
            "rule",
            "holder",
            "taken",
            "overdue",
        ],
    )


def _fill(connection: sa.Connection) -> None:
    known = "SELECT number, subject, context, rule, acknowledged_by, acknowledged_at, overdue_at FROM warning"
    rows = connection.exec_driver_sql(known).fetchall()
    for part in slices(rows):
        values = [*_values(part)]
        connection.execute(
            sa.text(
                "UPDATE warning SET about = :about, class_id = :class_id, department = :department"
                " WHERE number = :number"
            ),
            values,
        )
        connection.execute(
            sa.text(
                "UPDATE recipient SET about = :about, class_id = :class_id, rule = :rule, holder = :holder,"
                " taken = :taken, overdue = :overdue WHERE warning = :number"
            ),
            values,
        )


def _values(rows: Sequence[sa.Row[tuple[object, ...]]]) -> Iterator[dict[str, object]]:
    for row in rows:
        found = matter(None, row.subject, json.loads(row.context))
        yield {
            **found._asdict(),
            "number": row.number,
            "rule": row.rule,
            "holder": row.acknowledged_by or "",
            "taken": int(row.acknowledged_at is not None),
            "overdue": int(row.overdue_at is not None),
        }
