"""Rule sets with their revisions: one port (`port.py`), in the files of a home and on Kafka."""

from __future__ import annotations

from services.rules.registry.port import Registry, RuleSetRevision
from services.settings import Settings

__all__ = ["Registry", "RuleSetRevision", "open_registry"]


def open_registry(settings: Settings) -> Registry:
    """The registry of the cluster where brokers are set, else that of the home."""
    if settings.brokers is not None:
        from services.rules.registry.kafka import KafkaRegistry  # noqa: PLC0415 - kafka costs every other command 0.1 s

        return KafkaRegistry(settings)
    from services.rules.registry.files import FileRegistry  # noqa: PLC0415 - as above, in the other direction

    return FileRegistry(settings)
