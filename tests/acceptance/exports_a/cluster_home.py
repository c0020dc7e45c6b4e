"""The college on a cluster: its files by the command into PostgreSQL and Kafka, and what the log then says, evaluated.

Kafka stamps messages with its own clock, and the warnings of truth.json are those of one evening: so the log is read
back from Kafka and evaluated by a worker under the test's clock. That route and evaluate say of a log what a worker
does is the business of test_real_data_cluster.py.
"""

import msgspec

from services import directory as directories
from services.app.cluster.directory import published_directory
from services.app.embedded import Embedded
from services.log.kafka import EVENTS
from services.log.kafka.producer import Publisher
from services.log.postgres_records import PostgresRecords, address_of
from services.messages import CampusEvent, to_ms
from services.settings import Settings
from tests.acceptance.exports_a.home import Commands, kept, told
from tests.acceptance.exports_a.product import State

_AT_ONCE = 500
_decode = msgspec.json.Decoder(list[CampusEvent]).decode


class OnCluster(Commands):
    """Each file is a process of its own, which ends with it."""

    def __init__(self, folder, calendar, database, made):
        """`made`: the running cluster that goes by the rules of a folder."""
        super().__init__(folder, calendar)
        self._cluster, self._database = made(folder / "rules"), database
        self._mode = {
            "PREWARN_BROKERS": self._cluster.broker.address, "PREWARN_TOPIC_PREFIX": self._cluster.prefix,
            "PREWARN_DATABASE_URL": database,
        }  # fmt: skip

    def import_directory(self, source):
        self._prewarn("directory", "publish", source)

    def state(self):
        prefix = self._cluster.prefix
        publisher = Publisher([self._cluster.broker.address], prefix)
        store = PostgresRecords(address_of(self._database), prefix, publisher)
        try:
            with store.transaction() as commit:
                counted, uncounted = kept(commit.records)
        finally:
            store.close()
            publisher.close()
        directory = published_directory(self._cluster.settings, "Asia/Shanghai").value()
        return State(counted, uncounted, self._evaluated(directory), directory)

    def _evaluated(self, directory):
        """The open warnings as of now, of what Kafka has."""
        home = self._settings.home.parent / f"read-{len(list(self._settings.home.parent.iterdir()))}"
        home.mkdir()
        settings = Settings(home=home, rules=self._settings.home / "rules")
        settings.directory_folder.mkdir()
        directories.write(directory.tables, settings.directory_folder)
        now = to_ms(self.now)
        with Embedded(settings, clock=lambda: self.now, push=False) as embedded:
            for _, value in self._cluster.values(EVENTS):
                events = _decode(value)
                embedded.journal.append(events, [now] * len(events))
            assert embedded.try_evaluating()
            embedded.catch_up()
            embedded.journal.tick(now)
            embedded.catch_up()
            return told(embedded)
