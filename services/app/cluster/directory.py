"""The directory of a topic prefix, on the compacted topic `campus.directory`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from services import directory as directories
from services.directory import Directory
from services.log.kafka import DIRECTORY, full_name
from services.log.kafka.bundles import bundle_of, unpacked
from services.log.kafka.feed import Feed
from services.log.kafka.records import write_records
from services.settings import Settings

_ACTIVE = b"active"


def publish_directory(settings: Settings, new: Directory) -> None:
    """Makes it the directory of this prefix. Raises BrokerError."""
    topic = full_name(settings.topic_prefix, DIRECTORY)
    with tempfile.TemporaryDirectory(prefix="prewarn-") as name:
        folder = Path(name)
        directories.write(new.tables, folder)
        write_records(settings.broker_list, topic, {_ACTIVE: bundle_of(new.version, folder, folder.iterdir())})


def published_directory(settings: Settings, zone: str) -> Feed[Directory]:
    """The directory that was published last; where none was, the empty one. Raises PrewarnError."""

    def read(found: Mapping[bytes, bytes]) -> Directory:
        if (packed := found.get(_ACTIVE)) is None:
            return Directory(time_zone=zone)
        with unpacked(packed) as (_, folder):
            return directories.load(folder, zone)

    return Feed(settings.broker_list, full_name(settings.topic_prefix, DIRECTORY), read)
