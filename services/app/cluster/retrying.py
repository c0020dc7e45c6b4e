"""Rejects of a cluster tried again: inputs through ingest, changes of warnings into notify's store."""

from __future__ import annotations

from collections.abc import Sequence

from services.app.cluster.ingest import Ingest
from services.app.cluster.notify import opened
from services.app.cluster.set_aside import take_again
from services.clock import wall_clock
from services.errors import ConfigurationError
from services.i18n import say
from services.ingest.intake import Outcome
from services.ingest.rejected import Retried, retry
from services.log.kafka import WARNINGS
from services.log.kafka.rejects import Rejects
from services.messages import Problem, Rejection
from services.settings import Settings


class _Again:
    """The way in; `take` is asked for one reject after the other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def take(self, raw: bytes, origin: str, position: str = "", *, keep: bool = True) -> Outcome:
        """See `Intake.take`."""
        if origin != WARNINGS:
            with Ingest(self._settings) as cluster:
                return cluster.intake.take(raw, origin, position, keep=keep)
        found = Rejection(received_at=wall_clock(), origin=origin, position=position, reasons=[], raw=raw)
        with opened(self._settings) as (notify, *_):
            why = take_again(notify, found)
        if why is None:
            return Outcome(accepted=1)
        found.reasons.append(Problem(where="warning", what=why, expected=say("app.change_retry")))
        return Outcome(rejections=[found])


def again(settings: Settings, rejects: Rejects, numbers: Sequence[int]) -> Retried:
    """Tries these again. Raises PrewarnError; ConfigurationError without numbers: Kafka does not know what is done."""
    if not numbers:
        raise ConfigurationError(say("app.retry_by_number"))
    return retry(rejects, _Again(settings), numbers)
