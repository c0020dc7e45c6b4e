"""How soon a roll-call's warning is in the tutor's inbox, in both modes: from the save to the page that shows it.

    python tests/benchmarks/tap_to_inbox.py [--times 10] [--mode one|kafka|both] [--json]

Each time the teacher of a class marks two of twelve absent, and the tutor's inbox is asked for, again and again, until
it has one warning more. The roll is called on the pages, by the processes that a college runs; with Kafka that is a
broker, PostgreSQL and a process for each service, all on this machine.
"""

import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.acceptance.timetable import TERM, Playing
from tests.benchmarks.both_modes import asked, played, tell

WAITED = 60.0


def story(times: int) -> dict[str, object]:
    return {"rules": ["arrival-rate"], "each": {}, "timetable": [], "warnings": [], "times": times}


def lessons(times: int) -> list[dict[str, object]]:
    begins, ends = ((TERM + timedelta(hours=hours)).isoformat() for hours in (8, 9))
    about = {"type": "lesson", "source": "timetable", "course": "geometry", "class": "k2", "teacher": "dai"}
    moments = {"starts_at": begins, "ends_at": ends, "status": "planned"}
    return [about | moments | {"lesson": f"g{n}", "id": f"g{n}"} for n in range(times)]


def shown(playing: Playing) -> int:
    """How many warnings the tutor's inbox links to."""
    page = playing.browser_of("anna").open(f"{playing.pages}/inbox/anna", timeout=30).read().decode()
    return page.count('class="line" href="/warnings/')


def measured(playing: Playing, times: int) -> list[float]:
    playing.prepare()
    playing.start()
    playing.send(lessons(times))
    playing.set_clock(TERM + timedelta(hours=8, minutes=12))
    found = []
    for n in range(times):
        before = shown(playing)
        playing.call_roll("dai", f"g{n}", {"t1": "absent", "t2": "absent"})
        saved = time.monotonic()
        while shown(playing) == before:
            if time.monotonic() > saved + WAITED:
                raise SystemExit(f"no warning within {WAITED} s\n{playing.said()}")
            time.sleep(0.02)
        found.append(time.monotonic() - saved)
    return found


def figures(times: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(times), 2), "slowest": round(max(times), 2), "times": len(times)}


def main() -> None:
    given = asked(__doc__, times=10)
    found = played(given.mode, story(given.times), "tap.", lambda playing: figures(measured(playing, given.times)))
    tell(
        found,
        lambda one: f"median {one['median']} s, slowest of {one['times']} {one['slowest']} s",
        as_json=given.json,
    )


if __name__ == "__main__":
    main()
