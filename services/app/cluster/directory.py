"""What every process of the cluster knows from compacted topics, and hears of when it changes: people and rule sets."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from services import directory as directories
from services.directory import Directory
from services.errors import PrewarnError
from services.log.kafka import DIRECTORY, RULES, full_name
from services.log.kafka.feed import Feed
from services.log.kafka.records import read_latest, write_records
from services.messages import RuleCard
from services.rules.registry.bundles import ACTIVE, bundle_of, rule_set_of, unpacked
from services.settings import Settings

_log = logging.getLogger(__name__)


def published_directory(settings: Settings, zone: str) -> Directory:
    """The directory of this prefix; where none was published, the empty one. Raises BrokerError."""
    return _read(read_latest(settings.broker_list, full_name(settings.topic_prefix, DIRECTORY)), zone)


def publish_directory(settings: Settings, new: Directory) -> None:
    """Makes it the directory of this prefix. Raises BrokerError."""
    topic = full_name(settings.topic_prefix, DIRECTORY)
    with tempfile.TemporaryDirectory(prefix="prewarn-") as name:
        folder = Path(name)
        directories.write(new.tables, folder)
        write_records(settings.broker_list, topic, {ACTIVE: bundle_of(new.version, folder, folder.iterdir())})


def _read(found: Mapping[bytes, bytes], zone: str) -> Directory:
    if (packed := found.get(ACTIVE)) is None:
        return Directory(time_zone=zone)
    with unpacked(packed) as (_, folder):
        return directories.load(folder, zone)


class KnownDirectory:
    """The directory on `campus.directory`, as of now; where none was published, the empty one."""

    def __init__(self, settings: Settings, zone: str) -> None:
        self._zone = zone
        self.value = Directory(time_zone=zone)
        self._feed = Feed(settings.broker_list, full_name(settings.topic_prefix, DIRECTORY), self._changed)

    def start(self) -> None:
        """Reads it. Raises BrokerError."""
        self._feed.start()

    def close(self) -> None:
        """Follows it no more."""
        self._feed.close()

    def __call__(self) -> Directory:
        """As notify and ingest ask for it."""
        return self.value

    def _changed(self, found: Mapping[bytes, bytes]) -> None:
        try:
            self.value = _read(found, self._zone)
        except PrewarnError as error:
            _log.error("the new directory is not used, the one before stays:\n%s", error)
        else:
            _log.info("directory %s is in use", self.value.version)


class KnownRules:
    """The rule sets on `campus.rules`: for notify, what to tell about each of them."""

    def __init__(self, settings: Settings) -> None:
        self._topic = full_name(settings.topic_prefix, RULES)
        self._found: Mapping[bytes, bytes] = {}
        self._cards: dict[str, dict[str, RuleCard]] = {}
        self._lock = Lock()
        self._feed = Feed(settings.broker_list, self._topic, self._changed)

    def start(self) -> None:
        """Reads them. Raises BrokerError."""
        self._feed.start()

    def close(self) -> None:
        """Follows them no more."""
        self._feed.close()

    def _changed(self, found: Mapping[bytes, bytes]) -> None:
        self._found = dict(found)

    def card(self, version: str, rule: str) -> RuleCard | None:
        """What notify must know of a rule; none if no such set was published."""
        with self._lock:
            if version not in self._cards:
                try:
                    self._cards[version] = dict(rule_set_of(self._found, version, self._topic).cards)
                except PrewarnError as error:
                    _log.error("%s", error)
                    return None
            return self._cards[version].get(rule)
