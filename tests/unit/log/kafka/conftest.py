"""The producer is tried with what ingest makes."""

from tests.unit.ingest.conftest import attendance, intake, log, people, schemas, validator

__all__ = ["attendance", "intake", "log", "people", "schemas", "validator"]
