"""What every registry of rule sets can do, and what its two adapters have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import say
from services.rules.language.differences import differences
from services.rules.language.load import RuleSet


class RuleSetRevision(msgspec.Struct, frozen=True):
    """Who published which rule set, when and why. Revisions of the rule set are counted from 1."""

    number: int
    version: str
    """Content hash of the rule set."""
    at: datetime
    """UTC."""
    author: str = ""
    reason: str = ""
    changed: list[str] = []
    """What is other than in the rule set revision before, a line each."""

    @classmethod
    def after(
        cls, known: Sequence[RuleSetRevision], before: RuleSet | None, rule_set: RuleSet, author: str, reason: str
    ) -> RuleSetRevision:
        """The one that follows the newest of `known`, whose rule set is `before`."""
        number = known[-1].number + 1 if known else 1
        changed = [] if before is None else differences(before, rule_set)
        return cls(number, rule_set.version, wall_clock(), author, reason, changed)


class Registry(Protocol):
    """The rule sets of a college, from the first to the one in use."""

    def current(self) -> RuleSet:
        """The rule set in use. Raises ConfigurationError if there is none, and RuleError if it has errors."""

    def publish(self, folder: Path, *, author: str = "", reason: str = "") -> RuleSetRevision:
        """Checks a folder and puts it into use; the newest revision, if it is that already.

        Raises RuleError with everything that is wrong, and ConfigurationError where nothing can be published now.
        """

    def roll_back(self, number: int, *, author: str = "", reason: str = "") -> RuleSetRevision:
        """Publishes the rules of a revision once more. Raises as `publish`, also if there is no such revision."""

    def revisions(self) -> Sequence[RuleSetRevision]:
        """All publications, the newest last."""

    def evaluated(self) -> Mapping[int, int]:
        """Partition → number of the revision by which it is evaluated, 0: not yet; empty where nothing is partitioned.

        Raises BrokerError.
        """


def find(known: Sequence[RuleSetRevision], number: int, topic: str = "") -> RuleSetRevision:
    """The revision with that number. Raises ConfigurationError with those that there are."""
    for one in known:
        if one.number == number:
            return one
    listed = ", ".join(str(one.number) for one in known) or say("registry.none_so_far")
    if topic:
        raise ConfigurationError(say("registry.no_revision_on_topic", number=number, topic=topic, listed=listed))
    raise ConfigurationError(say("registry.no_revision", number=number, listed=listed))


def reason_to_return(number: int) -> str:
    """What stands on record where nobody gave a reason."""
    return f"back to rule set revision {number}"
