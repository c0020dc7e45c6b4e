"""A home of Prewarn whose clock stands at one instant: commands in, warnings out."""

import json
import subprocess

from tests.acceptance.timetable import CLOCKED, rules_of
from tests.faults.running import ROOT, environment

_SECONDS = 1800
_LEVELS = ("yellow", "orange", "red")


class ClockedHome:
    """The default pack's `rules` alone; the rest of the pack costs minutes and changes nothing of theirs."""

    def __init__(self, folder, at, rules, seconds=_SECONDS):
        self.folder, self.rules, self.seconds = folder, rules, seconds
        self.home = folder / "home"
        self.home.mkdir()
        self.clock = folder / "clock"
        self.clock.write_text(at.isoformat(), "ascii")
        rules_of(self.home / "rules", rules)

    def prewarn(self, *arguments, codes=(0,)):
        told = subprocess.run(
            [*CLOCKED, "--home", self.home, *arguments], cwd=ROOT, text=True, capture_output=True, check=False,
            env=environment(PREWARN_TEST_CLOCK=str(self.clock)), timeout=self.seconds,
        )  # fmt: skip
        assert told.returncode in codes, told.stdout + told.stderr
        return told

    def set_calendar(self, text):
        (self.home / "rules" / "calendar.yaml").write_text(text, "utf-8")

    def ingest(self, events_by_name):
        """Each as a file, in this order; what is refused is told, and no failure."""
        paths = []
        for name, events in events_by_name.items():
            paths.append(self.folder / f"{name}.ndjson")
            with paths[-1].open("w", encoding="utf-8") as file:
                file.writelines(f"{json.dumps(one, ensure_ascii=False)}\n" for one in events)
        return self.prewarn("ingest", *paths, codes=(0, 1))

    def open_warnings(self):
        """As `prewarn warnings --json` gives them."""
        told = (json.loads(line) for line in self.prewarn("warnings", "--json").stdout.splitlines())
        return [one for one in told if one["status"] == "open"]


def higher(level, other):
    return max(level, other, key=_LEVELS.index)
