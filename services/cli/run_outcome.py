"""What became of the records of an import, told to whoever gave it."""

from __future__ import annotations

from typing import Protocol

import typer

from services.cli import telling
from services.i18n import say
from services.log.records import Run
from services.messages import Problem


class Lateness(Protocol):
    """Of one process, or of the cluster."""

    def count(self) -> int | None:
        """How many records came too late for the rules, if that is known."""


def tell_late(lateness: Lateness) -> int | None:
    """What was taken in and is about a time that the rules do not hold any more, if that is known; how many."""
    late = lateness.count()
    if late:
        telling.tell(Problem(where=f"late 迟到 {late}", what=say("ingest.put_aside_as_late")))
    return late


COUNTS = {
    "accepted": "接收",
    "replaced": "更正",
    "retracted": "撤回",
    "unchanged": "未变",
    "refused": "拒收",
    "late": "迟到",
}


def counts_of(run: Run) -> str:
    """What the records of a run were; how many were late is not known everywhere."""
    known = {**dict.fromkeys(COUNTS, 0), "late": "-", **run.counts}
    return ", ".join(f"{name} {chinese} {known[name]}" for name, chinese in COUNTS.items())


def tell_run(run: Run) -> None:
    """The number by which an import can be undone, and what it brought."""
    again = " went on 续前" if run.resumed else ""
    typer.echo(f"run 批次 {run.id}{again}: {counts_of(run)}")
