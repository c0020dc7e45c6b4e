"""The rule sets of a topic prefix, on the compacted topic `campus.rules`, and how far the cluster has come with them.

Each publication is an *edition*: a number, counted from 1, and who published which rule set, when and why. Beside the
editions and the files of their rule sets lies what route and evaluate write down on the way to a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

import msgspec

from services.errors import ConfigurationError
from services.i18n import say
from services.log.kafka import EVENTS, RULES, full_name
from services.log.kafka.feed import Feed
from services.log.kafka.history import read_again
from services.log.kafka.records import read_latest, write_records
from services.rules.engine.plan import Plan
from services.rules.language.load import RuleSet
from services.rules.registry.bundles import rule_set_of
from services.rules.registry.revisions import Edition
from services.settings import Settings

EDITIONS = b"editions"
_SWITCHES_KEPT = 8


def editions_in(found: Mapping[bytes, bytes]) -> list[Edition]:
    """All editions, the newest last."""
    return msgspec.json.decode(found.get(EDITIONS, b"[]"), type=list[Edition])


def key_evaluated(partition: int) -> bytes:
    """Key of the edition by which a partition of `campus.observations` is evaluated."""
    return b"evaluated/%d" % partition


def _key_switched(source: int) -> bytes:
    return b"switched/%d" % source


def _key_caught_up(edition: int, source: int) -> bytes:
    return b"caught-up/%d/%d" % (edition, source)


class Editions:
    """As route and evaluate ask for them; follows the topic."""

    def __init__(self, settings: Settings) -> None:
        self._brokers = settings.broker_list
        self._topic = full_name(settings.topic_prefix, RULES)
        self._events = full_name(settings.topic_prefix, EVENTS)
        self._found: Mapping[bytes, bytes] = {}
        self._sets: dict[str, RuleSet] = {}
        self._loading = Lock()
        self._feed = Feed(settings.broker_list, self._topic, self._changed)

    def start(self) -> None:
        """Reads what is there, and follows. Raises BrokerError, and ConfigurationError if there is no rule set."""
        self._feed.start()
        if not editions_in(self._found):
            raise ConfigurationError(say("input.has_no_rule_set_run", topic=self._topic))

    def _changed(self, found: Mapping[bytes, bytes]) -> None:
        self._found = dict(found)

    def refresh(self) -> None:
        """Reads what others have written down by now. Raises BrokerError."""
        self._found = read_latest(self._brokers, self._topic)

    def first(self) -> int:
        """The oldest edition."""
        return editions_in(self._found)[0].number

    def newest(self) -> int:
        """The edition that was published last."""
        return editions_in(self._found)[-1].number

    def rule_set(self, edition: int) -> RuleSet:
        """The rules of an edition. Raises PrewarnError if this release cannot read them, or there is no such one."""
        version = next((one.version for one in editions_in(self._found) if one.number == edition), None)
        if version is None:
            raise ConfigurationError(say("registry.has_no_edition_rules", topic=self._topic, edition=edition))
        with self._loading:
            if version not in self._sets:
                self._sets[version] = rule_set_of(self._found, version, self._topic)
            return self._sets[version]

    def plan(self, edition: int) -> Plan:
        """What the engine needs of it. Raises as `rule_set`."""
        return self.rule_set(edition).plan

    def switched(self, source: int) -> Sequence[tuple[int, int]]:
        """(edition, offset from which on the source goes by it), in their order; the last few."""
        return msgspec.json.decode(self._found.get(_key_switched(source), b"[]"), type=list[tuple[int, int]])

    def caught_up(self, edition: int) -> Mapping[int, int]:
        """Source → offset up to which its past was sent again for this edition."""
        begin = b"caught-up/%d/" % edition
        return {int(key[len(begin) :]): int(value) for key, value in self._found.items() if key.startswith(begin)}

    def note_caught_up(self, edition: int, source: int, offset: int) -> None:
        """Writes that down. Raises BrokerError."""
        self._write({_key_caught_up(edition, source): b"%d" % offset})

    def note_switched(self, edition: int, source: int, offset: int) -> None:
        """Writes that down. Raises BrokerError."""
        switched = [*self.switched(source), (edition, offset)][-_SWITCHES_KEPT:]
        self._write({_key_switched(source): msgspec.json.encode(switched)})

    def note_evaluated(self, editions: Mapping[int, int]) -> None:
        """Writes down by which edition each partition is evaluated. Raises BrokerError."""
        self._write({key_evaluated(partition): b"%d" % edition for partition, edition in editions.items()})

    def _write(self, records: Mapping[bytes, bytes]) -> None:
        write_records(self._brokers, self._topic, records)
        self.refresh()

    def history(self, source: int, begin: int, end: int) -> Iterator[tuple[int, list[bytes | None]]]:
        """What `campus.events` holds of a partition: (offset behind them, messages). Raises BrokerError."""
        return read_again(self._brokers, self._events, source, begin, end)
