"""The tables of appeals and of the pictures that go with them; notify/appeals.py has the rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from services.notify.store.tables import Stored

_OPEN = text("state = 'open'")


class AppealTable(Stored, table=True):
    """Appeals against single records."""

    __tablename__ = "appeal"
    __table_args__ = (
        UniqueConstraint("kind", "key", "version", name="appeal_once"),
        Index("appeal_of_student", "student"),
        Index("appeal_of_person", "person"),
        Index("appeal_open", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("appeal_asked", "asked_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    version: str = Field(sa_type=Text)
    student: str = Field(sa_type=Text)
    class_id: str = Field(sa_type=Text)
    course: str = Field(sa_type=Text)
    teacher: str = Field(sa_type=Text)
    department: str = Field(sa_type=Text)
    record_at: int = Field(sa_type=BigInteger)
    source: str = Field(sa_type=Text)
    was: str = Field(sa_type=Text)
    taken_by: str = Field(sa_type=Text)
    person: str = Field(sa_type=Text)
    claim: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    asked_at: int = Field(sa_type=BigInteger)
    step: int
    due_at: int | None = Field(default=None, sa_type=BigInteger)
    state: str = Field(sa_type=Text)
    answer: str = Field(sa_type=Text)
    became: str = Field(sa_type=Text)
    warnings: str = Field(sa_type=Text)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: int | None = Field(default=None, sa_type=BigInteger)


class SlipTable(Stored, table=True):
    """The picture of a slip, one of an appeal at most."""

    __tablename__ = "appeal_slip"

    appeal: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    person: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    picture: bytes = Field(sa_type=LargeBinary)
    at: int = Field(sa_type=BigInteger)


appeal = Stored.metadata.tables["appeal"]
slip = Stored.metadata.tables["appeal_slip"]
