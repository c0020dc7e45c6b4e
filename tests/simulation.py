"""The sample college's term run through the engine: what is published, in the order in which it is."""

import csv
from itertools import groupby

import msgspec

from services import directory as directories
from services.app.demo.college import arrival
from services.app.demo.dates import ZONE
from services.messages import to_ms
from services.rules.runner import EngineRunner

PACK = 500


def directory_of(college, folder):
    folder.mkdir()
    for name, rows in college.directory().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return directories.load(folder)


def changes_of(engine, events, end, directory):
    """Everything that is published while the events come, and until the end; warnings come back at once.

    As ingest and the worker do it: each event is completed from the directory.
    """

    def complete(kind, data, at):
        return directory.enrich(kind, data, at)[0]

    def completed(event):
        return msgspec.structs.replace(event, data=complete(event.kind, dict(event.data), event.time))

    runner = EngineRunner(engine, complete)

    def passing(moment):
        while (due := engine.next_due()) <= moment:
            yield from runner.hand_back(engine.advance(due))
        yield from runner.hand_back(engine.advance(moment))

    for _, day in groupby(events, lambda event: arrival(event).astimezone(ZONE).date()):
        today = [completed(event) for event in day]
        yield from passing(min(to_ms(event.time) for event in today))
        for start in range(0, len(today), PACK):
            pack = today[start : start + PACK]
            yield from runner.hand_back(runner.process(msgspec.json.encode(pack)))
            yield from passing(max(engine.now, *(to_ms(event.time) for event in pack)))
    yield from passing(to_ms(end))
