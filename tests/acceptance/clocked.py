"""`prewarn` whose wall clock stands where a file says: days of a timetable pass in seconds, in every process alike."""

import os
from datetime import UTC, datetime
from pathlib import Path

import services.clock

_FILE = Path(os.environ["PREWARN_TEST_CLOCK"])


def of_the_file():
    return datetime.fromisoformat(_FILE.read_text("ascii")).astimezone(UTC)


if __name__ == "__main__":
    services.clock.wall_clock = of_the_file  # before anybody has imported it by name
    from services.cli import main

    main()
