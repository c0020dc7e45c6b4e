"""A consumer of the warnings that its group gives nothing joins anew, since a join can be lost without a word."""

import threading
import time
from contextlib import contextmanager

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


@contextmanager
def taking_in(broker, prefix, home):
    """An intake of its own topic; yields the notify that it asks where to go on."""
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics([NewTopic(f"{prefix}{WARNINGS}", 1, 1)])
    admin.close()
    notify = Asked()
    intake = Intake(Settings(brokers=broker.address, topic_prefix=prefix, home=home), notify, None)
    intake.start()
    try:
        yield notify
    finally:
        intake.stop()


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
    with taking_in(broker, "joins.", tmp_path) as notify:
        assert notify.given.wait(PATIENCE)
    assert len(made) > 1


def test_a_join_that_ends_between_two_looks_for_messages_is_not_for_ever(broker, tmp_path, monkeypatch):
    class OnABusyMachine(KafkaConsumer):
        def poll(self, **more):
            time.sleep(0.3)
            return super().poll(**more)

    monkeypatch.setattr(intake_of, "KafkaConsumer", OnABusyMachine)
    monkeypatch.setattr(intake_of, "_POLL", 1)
    monkeypatch.setattr(intake_of, "_EMPTY_HANDED", (2 * PATIENCE, 2 * PATIENCE))
    with taking_in(broker, "joins-slowly.", tmp_path) as notify:
        assert notify.given.wait(PATIENCE)
