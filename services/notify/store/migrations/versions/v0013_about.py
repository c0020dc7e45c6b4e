"""The warnings about one student, found by an index: for their page and for the list of a class."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """An index more."""
    op.create_index("warning_about", "warning", ["about", "status"])
