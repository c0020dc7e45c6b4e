"""A consumer of the warnings that its group gives nothing joins anew, since a join can be lost without a word."""

import threading

from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient, NewTopic

from services.app.cluster import notify as intake_of
from services.app.cluster.notify import Intake
from services.log.kafka import WARNINGS
from services.settings import Settings
from tests.patience import PATIENCE


class Asked:
    """Of notify: where its store says that a partition goes on."""

    def __init__(self):
        self.given = threading.Event()

    def offset(self, consumer):
        self.given.set()
        return 0

    def beat(self, *_):
        pass


def test_a_consumer_that_gets_no_partition_joins_anew(broker, tmp_path, monkeypatch):
    made = []

    class FirstJoinIsLost(KafkaConsumer):
        def __init__(self, **settings):
            super().__init__(**settings)
            made.append(self)

        def poll(self, **more):
            return {} if self is made[0] else super().poll(**more)

    monkeypatch.setattr(intake_of, "KafkaConsumer", FirstJoinIsLost)
    monkeypatch.setattr(intake_of, "_EMPTY_HANDED", (0.2, 60.0))
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic(f"joins.{WARNINGS}", 1, 1)])
    admin.close()
    notify = Asked()
    intake = Intake(Settings(brokers=broker.address, topic_prefix="joins.", home=tmp_path), notify, None)
    intake.start()
    try:
        assert notify.given.wait(PATIENCE)
    finally:
        intake.stop()
    assert len(made) > 1
