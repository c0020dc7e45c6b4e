"""The sample college on one day: its directory, its history, the events of the day, and what was planted in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

from services.app.demo import directory, noise, rendering, scores
from services.app.demo.dates import at
from services.app.demo.scenarios import SCENARIOS
from services.app.demo.scene import Scene
from services.app.demo.truth import Planted
from services.messages import CampusEvent

_STAGES: tuple[Callable[[Scene], None], ...] = (*SCENARIOS, noise.add_noise, scores.give_scores)


class College:
    """A sample college, the same for the same day and seed.

    On a day without lessons it stands at the last school day before it. Raises ValueError before the first term.
    """

    def __init__(self, day: date, seed: int = 1) -> None:
        scene = Scene(day, seed)
        for stage in _STAGES:
            scene.scenario = stage.__name__
            stage(scene)
        self.day = scene.day
        """The demo day."""
        self.seed = seed
        self.end: datetime = at(scene.day, "23:59").astimezone(UTC)
        """The last minute of the demo day: with it, day, month and term have not ended yet."""
        self.to_be_called = scene.to_be_called
        """The lesson of the demo day whose roll whoever looks at the college can call."""
        self._midnight = scene.midnight
        self._campus = scene.campus
        self.planted: list[Planted] = scene.planted
        """Every problem that was planted, in the order of the scenarios."""
        events = [*rendering.lesson_events(scene), *scene.events]
        self._events = sorted(events, key=lambda one: (arrival(one), one.source, one.id, one.revision))

    def directory(self) -> dict[str, list[dict[str, str]]]:
        """File stem → rows, as services/directory reads them."""
        return directory.tables(self._campus)

    def history(self) -> Iterator[CampusEvent]:
        """Everything that arrived before the demo day, in the order in which it came."""
        return (event for event in self._events if arrival(event) < self._midnight)

    def today(self) -> Iterator[CampusEvent]:
        """What arrives during the demo day, in the order in which it comes."""
        return (event for event in self._events if arrival(event) >= self._midnight)

    def write_truth(self, path: Path) -> None:
        """Writes what was planted as a JSON file."""
        planted = [{**asdict(one), "why": {"zh": one.why.zh, "en": one.why.en}} for one in self.planted]
        content = {"day": str(self.day), "seed": self.seed, "end": self.end.isoformat(), "planted": planted}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")


def arrival(event: CampusEvent) -> datetime:
    """When an event came: late and corrected records were recorded after they occurred."""
    return event.recordedat or event.time
