from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.ingest.intake import Intake
from services.ingest.schemas import load_schemas
from services.ingest.testing import KnownPeople, MemoryLog
from services.ingest.validation import Validator

SCHEMAS = Path(__file__).parents[3] / "schemas"
NOW = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def schemas():
    return load_schemas(SCHEMAS)


@pytest.fixture
def validator(schemas):
    return Validator(schemas, lambda: NOW)


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def people():
    return KnownPeople()


@pytest.fixture
def intake(validator, people, log):
    return Intake(validator, lambda: people, log, lambda: NOW)


@pytest.fixture
def attendance():
    """A valid event; keyword arguments replace attributes, those of `data` replace fields (None removes)."""

    def make(data=None, **attributes):
        event = {
            "specversion": "1.0",
            "source": "edu/attendance",
            "id": "1",
            "type": "attendance",
            "time": "2026-09-07T08:00:00+08:00",
            "data": {"lesson": "L1", "student": "S1", "status": "absent"},
        }
        event |= attributes
        event["data"] = {k: v for k, v in {**event["data"], **(data or {})}.items() if v is not None}
        return {name: value for name, value in event.items() if value is not ...}

    return make
