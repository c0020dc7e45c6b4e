"""The directory of a topic prefix, on the compacted topic `campus.directory`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from services import directory as directories
from services.directory import Directory
from services.log.followed import Followed
from services.log.kafka import DIRECTORY, full_name
from services.log.kafka.bundles import bundle_of, unpacked
from services.log.kafka.feed import Feed
from services.log.kafka.records import read_latest, write_records
from services.settings import Settings

_ACTIVE = b"active"


def publish_directory(settings: Settings, new: Directory) -> None:
    """Makes it the directory of this prefix. Raises BrokerError."""
    topic = full_name(settings.topic_prefix, DIRECTORY)
    with tempfile.TemporaryDirectory(prefix="prewarn-") as name:
        folder = Path(name)
        directories.write(new.tables, folder)
        write_records(settings.broker_list, topic, {_ACTIVE: bundle_of(new.version, folder, folder.iterdir())})


class KafkaDirectory:
    """The directory that was published last; where none was, the empty one. Raises BrokerError."""

    def __init__(self, settings: Settings, zone: str) -> None:
        brokers, topic = settings.broker_list, full_name(settings.topic_prefix, DIRECTORY)

        def read(found: Mapping[bytes, bytes]) -> Directory:
            if (packed := found.get(_ACTIVE)) is None:
                return Directory(time_zone=zone)
            with unpacked(packed) as (_, folder):
                return directories.load(folder, zone)

        self._followed: Followed[Mapping[bytes, bytes], Directory] = Followed(lambda: read_latest(brokers, topic), read)
        self._feed = Feed(brokers, topic, self._followed.offer)

    def follow(self) -> None:
        """Is the newest one from here on."""
        self._feed.start()

    def close(self) -> None:
        """Follows it no more."""
        self._feed.close()

    def __call__(self) -> Directory:
        """The directory as of now."""
        return self._followed.value
