"""The directory in use, of one process or of a cluster, for commands that ask it of people."""

from __future__ import annotations

from collections.abc import Callable

from services.directory import Directory, load_installed
from services.rules.registry.files import FileRegistry
from services.settings import Settings


def directory_in_use(settings: Settings) -> tuple[Directory, Callable[[Directory], None] | None]:
    """The directory, and of a cluster what puts another one into use."""
    if not settings.brokers:
        return load_installed(settings.directory_folder, FileRegistry(settings).zone().key), None
    from services.app.cluster.directory import publish_directory, published_directory  # noqa: PLC0415 - kafka costs the others 0.1 s
    from services.rules.registry.kafka import KafkaRegistry  # noqa: PLC0415

    in_use = published_directory(settings, KafkaRegistry(settings).current().zone.key).value()
    return in_use, lambda new: publish_directory(settings, new)
