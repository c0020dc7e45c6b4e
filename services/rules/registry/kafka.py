"""The rule sets of a topic prefix, on the compacted topic `campus.rules`, and how far the cluster has come with them.

A rule set lies there as the files it was made of. Beside the rule sets and the list of their revisions lies what route
and evaluate write down on the way to a new one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

import msgspec

from services.errors import ConfigurationError, PrewarnError
from services.i18n import say
from services.log.kafka import EVENTS, OBSERVATIONS, RULES, full_name
from services.log.kafka.bundles import bundle_of, unpacked
from services.log.kafka.feed import Feed
from services.log.kafka.records import count_partitions, read_again, write_records
from services.messages import RuleCard
from services.rules.engine.plan import Plan
from services.rules.language.load import RuleSet, load
from services.rules.registry.port import RuleSetRevision, find, reason_to_return
from services.settings import Settings, resource

_log = logging.getLogger(__name__)
_REVISIONS = b"editions"  # as releases wrote it that said edition: another key would buy nothing
_SWITCHES_KEPT = 8


class KafkaRegistry:
    """As `Registry`, which see; and as route, evaluate and notify ask for the revisions, which follow the topic.

    All but the questions about what is known already raise BrokerError.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._brokers = settings, settings.broker_list
        self._topic = full_name(settings.topic_prefix, RULES)
        self._sets: dict[str, RuleSet] = {}
        self._loading = Lock()

    @cached_property
    def _feed(self) -> Feed[list[RuleSetRevision]]:
        return Feed(self._brokers, self._topic, _revisions_in)

    def start(self) -> None:
        """Reads what is there, and follows. Raises ConfigurationError if there is no rule set."""
        self.newest()
        self._feed.start()

    def close(self) -> None:
        """Follows it no more."""
        self._feed.close()

    def refresh(self) -> None:
        """Reads what others have written down by now."""
        self._feed.followed.look()

    def current(self) -> RuleSet:
        """The rules of the newest revision."""
        return self.rule_set(self.newest())

    def publish(self, folder: Path, *, author: str = "", reason: str = "") -> RuleSetRevision:
        """Makes a folder the next revision. Raises ConfigurationError while the cluster is on its way to one."""
        rule_set = load(folder, resource("schemas"))
        paths = [*folder.glob("*.yaml"), *folder.glob("standards/*.yaml")]
        self.refresh()
        return self._publish(rule_set, bundle_of(rule_set.version, folder, paths), author, reason)

    def roll_back(self, number: int, *, author: str = "", reason: str = "") -> RuleSetRevision:
        """Makes the rules of a revision the next one. Raises as `publish`."""
        self.refresh()
        rule_set = self.rule_set(number)
        bundle = self._feed.followed.state[_key_of_set(rule_set.version)]
        return self._publish(rule_set, bundle, author, reason or reason_to_return(number))

    def revisions(self) -> list[RuleSetRevision]:
        """All that are known here."""
        return self._feed.value()

    def evaluated(self) -> dict[int, int]:
        """As it was when this registry was read."""
        topic = full_name(self._settings.topic_prefix, OBSERVATIONS)
        count = count_partitions(self._brokers, [topic])[topic]
        records = self._feed.followed.state
        return {partition: int(records.get(_key_evaluated(partition), b"0")) for partition in range(count)}

    def _publish(self, rule_set: RuleSet, bundle: bytes, author: str, reason: str) -> RuleSetRevision:
        known = self.revisions()
        if known and known[-1].version == rule_set.version:
            return known[-1]
        if len(known) > 1 and (waiting := [one for one in self.evaluated().values() if one < known[-1].number]):
            raise ConfigurationError(
                say("registry.on_its_way", number=known[-1].number, waiting=len(waiting), topic=OBSERVATIONS)
            )
        before = self.rule_set(known[-1].number) if known else None
        revision = RuleSetRevision.after(known, before, rule_set, author, reason)
        self._write(
            {
                _key_of_set(rule_set.version): bundle,
                _REVISIONS: msgspec.json.encode([*known, revision]),
            }
        )
        return revision

    def first(self) -> int:
        """The number of the oldest revision that is kept."""
        return self.revisions()[0].number

    def newest(self) -> int:
        """The revision that was published last. Raises ConfigurationError if there is none."""
        if not self.revisions():
            raise ConfigurationError(say("input.has_no_rule_set_run", topic=self._topic))
        return self.revisions()[-1].number

    def rule_set(self, number: int) -> RuleSet:
        """The rules of a revision. Raises PrewarnError if this release cannot read them, or there is no such one."""
        return self._rule_set(find(self.revisions(), number, self._topic).version)

    def plan(self, number: int) -> Plan:
        """What the engine needs of it. Raises as `rule_set`."""
        return self.rule_set(number).plan

    def card(self, version: str, rule: str) -> RuleCard | None:
        """What notify must know of a rule; None if no such set was published."""
        try:
            return self._rule_set(version).cards.get(rule)
        except PrewarnError as error:
            _log.error("%s", error)
            return None

    def _rule_set(self, version: str) -> RuleSet:
        with self._loading:
            if version not in self._sets:
                self._sets[version] = self._read(version)
            return self._sets[version]

    def _read(self, version: str) -> RuleSet:
        if (packed := self._feed.followed.state.get(_key_of_set(version))) is None:
            raise ConfigurationError(say("registry.has_no_rule_set_run", topic=self._topic, version=version))
        with unpacked(packed) as (bundle, folder):
            rule_set = load(folder, resource("schemas"))
        if rule_set.version != bundle.version:
            raise ConfigurationError(
                say("registry.reads_as", topic=self._topic, version=bundle.version, found=rule_set.version)
            )
        return rule_set

    def switched(self, source: int) -> Sequence[tuple[int, int]]:
        """(revision, offset from which on the source goes by it), in their order; the last few."""
        found = self._feed.followed.state.get(_key_switched(source), b"[]")
        return msgspec.json.decode(found, type=list[tuple[int, int]])

    def caught_up(self, number: int) -> Mapping[int, int]:
        """Source → offset up to which its past was sent again for this revision."""
        begin = _key_caught_up(number)
        found = self._feed.followed.state.items()
        return {int(key[len(begin) :]): int(value) for key, value in found if key.startswith(begin)}

    def note_caught_up(self, number: int, source: int, offset: int) -> None:
        """Writes it to the topic of the rules, for all processes."""
        self._write({_key_caught_up(number) + b"%d" % source: b"%d" % offset})

    def note_switched(self, number: int, source: int, offset: int) -> None:
        """Writes it to the topic of the rules, for all processes."""
        switched = [*self.switched(source), (number, offset)][-_SWITCHES_KEPT:]
        self._write({_key_switched(source): msgspec.json.encode(switched)})

    def note_evaluated(self, numbers: Mapping[int, int]) -> None:
        """Writes down by which revision each partition is evaluated."""
        self._write({_key_evaluated(partition): b"%d" % number for partition, number in numbers.items()})

    def _write(self, records: Mapping[bytes, bytes]) -> None:
        write_records(self._brokers, self._topic, records)
        self.refresh()

    def history(self, source: int, begin: int, end: int) -> Iterator[tuple[int, list[bytes | None]]]:
        """What `campus.events` holds of a partition: (offset behind them, messages)."""
        return read_again(self._brokers, full_name(self._settings.topic_prefix, EVENTS), source, begin, end)


def _revisions_in(records: Mapping[bytes, bytes]) -> list[RuleSetRevision]:
    try:
        return msgspec.json.decode(records.get(_REVISIONS, b"[]"), type=list[RuleSetRevision])
    except msgspec.MsgspecError as error:
        raise ConfigurationError(say("registry.list_unreadable", error=error)) from error


def _key_of_set(version: str) -> bytes:
    return b"set/" + version.encode()


def _key_evaluated(partition: int) -> bytes:
    return b"evaluated/%d" % partition


def _key_switched(source: int) -> bytes:
    return b"switched/%d" % source


def _key_caught_up(number: int) -> bytes:
    """Before the number of a source."""
    return b"caught-up/%d/" % number
