"""What benchmarks share that play one story in one process and on Kafka."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from deploy.kafka.broker import Broker
from tests.acceptance.modes import Embedded, OnKafka
from tests.acceptance.timetable import Playing
from tests.postgres import Postgres


def asked(doc: str | None, **numbers: int) -> argparse.Namespace:
    """The command line: numbers with their defaults, `--mode` and `--json`."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--mode", choices=("one", "kafka", "both"), default="both")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def played(mode: str, story: dict[str, Any], prefix: str, measured: Callable[[Playing], Any]) -> dict[str, Any]:
    """What was measured, by mode; `prefix`: of the topics."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="prewarn-") as name, ExitStack() as held:
        place = Path(name)
        for one in ("one", "kafka", "broker"):
            (place / one).mkdir()
        if mode != "kafka":
            with Embedded(dict(story), place / "one") as playing:
                found["one process"] = measured(playing)
        if mode != "one":
            broker = Broker(place / "broker", measured=True)
            held.callback(broker.stop)
            broker.start()
            postgres = Postgres()
            held.callback(postgres.remove)
            postgres.start()
            with OnKafka(dict(story), place / "kafka", broker, prefix, postgres.database()) as playing:
                found["on Kafka"] = measured(playing)
    return found


def tell(found: dict[str, Any], line: Callable[[Any], str], *, as_json: bool) -> None:
    """One JSON object, or a line for each mode."""
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for mode, one in found.items():
        sys.stdout.write(f"{mode}: {line(one)}\n")
