"""The tables of accounts, sessions and refusals. Instants are whole milliseconds; accounts/rows.py has the rows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, PrimaryKeyConstraint, Text
from sqlmodel import Field

from services.notify.store.tables import Stored


class AccountTable(Stored, table=True):
    """Local accounts."""

    __tablename__ = "account"

    person: str = Field(primary_key=True, sa_type=Text)
    password: str = Field(sa_type=Text)
    operator: int
    made: int = Field(sa_type=BigInteger)


class SessionTable(Stored, table=True):
    """Who is signed in where."""

    __tablename__ = "session"
    __table_args__ = (Index("session_of_person", "person"),)

    digest: str = Field(primary_key=True, sa_type=Text)
    person: str = Field(sa_type=Text)
    provider: str = Field(sa_type=Text)
    made: int = Field(sa_type=BigInteger)
    seen: int = Field(sa_type=BigInteger)


class LinkTable(Stored, table=True):
    """One-time links that can be used still."""

    __tablename__ = "one_time_link"

    digest: str = Field(primary_key=True, sa_type=Text)
    person: str = Field(sa_type=Text)
    ends: int = Field(sa_type=BigInteger)


class BegunTable(Stored, table=True):
    """Sign-ins that are at a provider's page."""

    __tablename__ = "begun_sign_in"

    digest: str = Field(primary_key=True, sa_type=Text)
    provider: str = Field(sa_type=Text)
    kept: str = Field(sa_type=Text)
    goal: str = Field(sa_type=Text)
    made: int = Field(sa_type=BigInteger)


class AttemptTable(Stored, table=True):
    """Sign-ins in vain."""

    __tablename__ = "attempt"

    key: str = Field(primary_key=True, sa_type=Text)
    failures: int
    at: int = Field(sa_type=BigInteger)


class AccessTable(Stored, table=True):
    """The audit trail of what was refused. Rows are added, never changed."""

    __tablename__ = "access"
    __table_args__ = (Index("access_of_person", "person"),)

    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)
    what: str = Field(sa_type=Text)
    why: str = Field(sa_type=Text)


class CheckInWindowTable(Stored, table=True):
    """When students can check in to a lesson."""

    __tablename__ = "check_in_window"
    __table_args__ = (Index("check_in_window_of_lesson", "lesson", "opened"), Index("check_in_window_ends", "ends"))

    window_id: str = Field(primary_key=True, sa_type=Text)
    lesson: str = Field(sa_type=Text)
    secret: str = Field(sa_type=Text)
    opened: int = Field(sa_type=BigInteger)
    ends: int = Field(sa_type=BigInteger)
    person: str = Field(sa_type=Text)


class CheckInTable(Stored, table=True):
    """Who has checked in by which phone, and who was refused."""

    __tablename__ = "check_in"
    __table_args__ = (PrimaryKeyConstraint("window_id", "person", "other"), Index("check_in_of_person", "person"))

    window_id: str = Field(sa_type=Text)
    person: str = Field(sa_type=Text)
    other: str = Field(sa_type=Text)
    device: str = Field(sa_type=Text)
    at: int = Field(sa_type=BigInteger)


_all = Stored.metadata.tables
account, session, link = _all["account"], _all["session"], _all["one_time_link"]
attempt, access, begun = _all["attempt"], _all["access"], _all["begun_sign_in"]
check_in_window, check_in = _all["check_in_window"], _all["check_in"]
