"""How soon a roll-call's warning is in the tutor's inbox, in both modes: from the save to the page that shows it.

    python tests/benchmarks/tap_to_inbox.py [--times 10] [--mode one|kafka|both] [--json]

Each time the teacher of a class marks two of twelve absent, and the tutor's inbox is asked for, again and again, until
it has one warning more. The roll is called on the pages, by the processes that a college runs; with Kafka that is a
broker, PostgreSQL and a process for each service, all on this machine.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from deploy.kafka.broker import Broker
from tests.acceptance.modes import Embedded, OnKafka
from tests.acceptance.timetable import TERM, Playing
from tests.postgres import Postgres

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--mode", choices=("one", "kafka", "both"), default="both")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory(prefix="prewarn-") as name, ExitStack() as held:
        place = Path(name)
        (place / "one").mkdir()
        (place / "kafka").mkdir()
        if given.mode != "kafka":
            with Embedded(story(given.times), place / "one") as playing:
                found["one process"] = measured(playing, given.times)
        if given.mode != "one":
            (place / "broker").mkdir()
            broker = Broker(place / "broker")
            held.callback(broker.stop)
            broker.start()
            postgres = Postgres()
            held.callback(postgres.remove)
            postgres.start()
            with OnKafka(story(given.times), place / "kafka", broker, "tap.", postgres.database()) as playing:
                found["on Kafka"] = measured(playing, given.times)
    said = {
        mode: {"median": round(statistics.median(times), 2), "slowest": round(max(times), 2), "times": len(times)}
        for mode, times in found.items()
    }
    if given.json:
        sys.stdout.write(json.dumps(said) + "\n")
    else:
        for mode, one in said.items():
            sys.stdout.write(f"{mode}: median {one['median']} s, slowest of {one['times']} {one['slowest']} s\n")


if __name__ == "__main__":
    main()
