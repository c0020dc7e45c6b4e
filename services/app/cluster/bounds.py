"""What bounds records in the cluster: the directory and the calendar that were published last."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Self

from services.app.cluster.directory import published_directory
from services.directory import Directory
from services.errors import PrewarnError
from services.log.kafka import unanswered
from services.rules.engine.calendar import Calendar, Term
from services.rules.language.load import RuleSet
from services.rules.registry.kafka import KafkaRegistry
from services.settings import Settings

_log = logging.getLogger(__name__)


class PublishedBounds:
    """Follows the topics; what this release cannot read is not used, and what was right stays."""

    def __init__(self, settings: Settings) -> None:
        """Raises PrewarnError."""
        self.registry = KafkaRegistry(settings)
        """Of the rule sets."""
        self._number, self._rules = self.registry.newest(), self.registry.current()
        self._refused = False
        self.zone = self._rules.zone
        """Of the days that people name."""
        self._directory = published_directory(settings, self.zone.key)

    def __enter__(self) -> Self:
        self.registry.start()
        self._directory.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.close()
        self.registry.close()

    def unwell(self) -> str | None:
        """Why nothing that is published can be heard of, if nothing can."""
        return unanswered(self._directory.silent())

    def present_directory(self) -> Directory:
        """The directory as of now."""
        return self._directory.value()

    def closed(self, at: datetime) -> bool:
        """Whether the college is closed on the day of an instant; not if the calendar is not known."""
        rules = self.rule_set()
        return rules.plan.times.day_off(at.astimezone(rules.zone).date()) is True

    def times(self) -> Calendar:
        """The calendar as of now."""
        return self.rule_set().plan.times

    def terms(self) -> list[Term]:
        """The terms of the calendar that is in force."""
        return list(self.times().terms)

    def held(self, now: int) -> int:
        """Back to which instant all rules hold records, when time has come to `now`; milliseconds."""
        return self.rule_set().plan.held(now)

    def bounds(self) -> str:
        """Changes with whatever decides which records count."""
        return f"{self.present_directory().version} {self.rule_set().plan.times.signature}"

    def refresh(self) -> bool:
        """Reads what was published by now; whether all of it can be used here. Raises BrokerError."""
        self.registry.refresh()
        self._directory.followed.look()
        self.rule_set()
        return not self._refused and not self._directory.followed.problems

    def rule_set(self) -> RuleSet:
        """The rules as of now; what this release cannot read is not used."""
        newest = self.registry.newest()
        if newest != self._number:
            try:
                self._rules, self._refused = self.registry.rule_set(newest), False
            except PrewarnError as error:
                _log.error("the calendar stays that of rule set revision %d: %s", self._number, error)
                self._refused = True
            self._number = newest
        return self._rules
