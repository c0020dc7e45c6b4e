"""A timetable is played in one process, and on Kafka by a process for each service."""

from typing import ClassVar

from services import directory as directories
from services.app.cluster.directory import publish_directory
from services.settings import Settings
from tests.acceptance.timetable import Playing
from tests.cluster import Cluster
from tests.faults.running import free_port


class Embedded(Playing):
    """Everything in one process."""

    of_mode: ClassVar[dict[str, str]] = {}
    of_ingest: ClassVar[dict[str, str]] = {}
    of_store: ClassVar[dict[str, str]] = {}

    @property
    def store_url(self):
        return f"sqlite:///{self.home / 'notify.db'}"

    def prepare(self):
        directories.install(self.people, Settings(home=self.home).directory_folder)
        self.port = free_port()
        self.pages = self.way_in = f"http://127.0.0.1:{self.port}"

    def start(self):
        self.run(["run"], "run.log", port=self.port, rules=self.rules)
        self.wait_for(self.pages)


class OnKafka(Playing):
    """One process per service, on a broker."""

    def __init__(self, story, tmp_path, broker, prefix, database):
        super().__init__(story, tmp_path)
        self.store_url = database
        self.cluster = self.enter_context(Cluster(broker, prefix, self.rules, tmp_path, 2))

        self.of_mode = {"PREWARN_BROKERS": broker.address, "PREWARN_TOPIC_PREFIX": prefix}
        self.of_store = {"PREWARN_DATABASE_URL": database}
        self.of_ingest = self.of_mode | self.of_store

    def prepare(self):
        publish_directory(self.cluster.settings, directories.load(self.people, "Asia/Shanghai"))
        self.ports = free_port(), free_port()
        self.way_in, self.pages = (f"http://127.0.0.1:{port}" for port in self.ports)

    def start(self):
        settings = {
            "brokers": self.cluster.broker.address, "topic_prefix": self.cluster.prefix, "session_timeout": 10,
            "patience": 40,
        }  # fmt: skip
        self.run(["run", "ingest"], "ingest.log", port=self.ports[0], database_url=self.store_url, **settings)
        self.run(["run", "route"], "route.log", **settings)
        self.run(["run", "evaluate"], "evaluate.log", **settings)
        self.run(["run", "notify"], "notify.log", port=self.ports[1], database_url=self.store_url, **settings)
        self.wait_for(self.way_in)
        self.wait_for(self.pages)
