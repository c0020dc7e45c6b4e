"""Columns as the migrations write them."""

import sqlalchemy as sa


def text(name: str, *, key: bool = False, null: bool = False) -> sa.Column[str]:
    """A text."""
    return sa.Column(name, sa.Text(), primary_key=key, nullable=null)


def instant(name: str, *, null: bool = False) -> sa.Column[int]:
    """Milliseconds, or another whole number of 64 bits."""
    return sa.Column(name, sa.BigInteger(), nullable=null)


def number(name: str, *, key: bool = False) -> sa.Column[int]:
    """A whole number of 32 bits, which the database does not give by itself."""
    return sa.Column(name, sa.Integer(), primary_key=key, nullable=False, autoincrement=False)
