"""The topics of the cluster mode: their names, what deploy/topics.yaml declares of them, and bringing Kafka to it."""

from __future__ import annotations

import re

from services.errors import ConfigurationError
from services.i18n import say

EVENTS = "campus.events"
REJECTED = "campus.rejected"
OBSERVATIONS = "campus.observations"
WARNINGS = "campus.warnings"
STATE = "campus.state"
LATE = "campus.late"
RULES = "campus.rules"
DIRECTORY = "campus.directory"
TOPICS = (EVENTS, REJECTED, OBSERVATIONS, STATE, WARNINGS, LATE, RULES, DIRECTORY)

_SILENT = 9.0
"""Seconds, so that it is known within ten."""
_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,100}")


def full_name(prefix: str, topic: str) -> str:
    """The topic's name on Kafka. Raises ConfigurationError if Kafka does not take such a prefix."""
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(say("log.topic_prefix_at_most_100", prefix=repr(prefix)))
    return prefix + topic


def unanswered(seconds: float) -> str | None:
    """What /healthz says of a broker that has not answered for so long. One that is frozen raises nothing."""
    return f"Kafka has not answered for {seconds:.0f} s" if seconds > _SILENT else None
