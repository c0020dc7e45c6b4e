"""Whom and what a warning is about, and its id."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha1
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

CONTEXT = (
    "student",
    "class",
    "course",
    "teacher",
    "lesson",
    "test",
    "ticket",
    "task",
    "indicator",
    "period",
    "department",
    "teaching_office",
    "major",
    "cohort",
    "teacher_stage",
    "source_name",
    "responsible",
    "room",
    "location",
    "known_at",
)
"""Fields that say whom and what a warning is about, and `known_at`, when the college could know of it: kept of the
subject's newest event."""
_NAMESPACE = UUID("7c1c6f0e-7a53-5d0c-9c4e-0f5b8f6f3a11").bytes


def warning_id(rule: str, subject: str, number: int) -> str:
    """uuid5 of rule, subject and number of the episode (RFC 9562; `uuid.uuid5` says the same, in thrice the time)."""
    hashed = sha1(_NAMESPACE + f"{rule}\n{subject}\n{number}".encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(hashed[16], 16) & 3]
    return f"{hashed[:8]}-{hashed[8:12]}-5{hashed[13:16]}-{variant}{hashed[17:20]}-{hashed[20:32]}"


def context(latest: object) -> dict[str, str]:
    """The fields of a subject's newest event that say whom and what a warning is about."""
    if latest is None:
        return {}
    if isinstance(latest, dict):
        return {name: str(latest[name]) for name in CONTEXT if latest.get(name) is not None}
    kind: Any = type(latest)
    names, read = _context_of(kind)
    found = zip(names, read(latest), strict=False)
    return {name: value if type(value) is str else str(value) for name, value in found if value is not None}


@cache
def _context_of(data: Any) -> tuple[list[str], Callable[[object], tuple[Any, ...]]]:
    """Names of the fields of the context that an event kind has, and what reads their values."""
    known = {field.encode_name: field.name for field in msgspec.structs.fields(data)}
    names = [name for name in CONTEXT if name in known]
    # Twice the last name: of a single one `attrgetter` makes no tuple.
    return names, attrgetter(*[known[name] for name in names], known[names[-1]]) if names else lambda _: ()
