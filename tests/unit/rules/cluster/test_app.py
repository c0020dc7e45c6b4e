"""A rebalance in the middle of a step: what the step knows of its partitions stays until it is through."""

import asyncio
from types import SimpleNamespace

from services.rules.cluster.app import StreamApp
from services.settings import Settings


def message(offset):
    return SimpleNamespace(message=SimpleNamespace(partition=0, offset=offset))


async def rebalanced_while_it_works(monkeypatch):
    """What happened, in its order, when partitions were given out anew while the first of two steps was at work."""
    settings = Settings(brokers="127.0.0.1:9", topic_prefix="t.", session_timeout=0.2, patience=10)
    app = StreamApp("route", settings, "t.campus.events")
    told, at_work, may_end = [], asyncio.Event(), asyncio.Event()
    ended = asyncio.Event()

    async def as_they_are(events):
        return events

    async def step(events):
        told.append(f"begins {events[0].message.offset}")
        at_work.set()
        await may_end.wait()
        told.append(f"ends {events[0].message.offset}")
        if events[0].message.offset > 1:
            ended.set()

    async def nothing():
        """There is no Kafka to commit to."""

    monkeypatch.setattr(app, "_in_order", as_they_are)
    monkeypatch.setattr(app, "_commit", nothing)
    app.step, app.revoked = step, lambda: told.append("forgotten")
    drain = asyncio.create_task(app._drain())
    try:
        app._buffer.append(message(1))
        app._some.set()
        await at_work.wait()
        await app._on_revoked(set())  # waits for half the session time-out, and no longer
        may_end.set()
        await app._idle.wait()
        app._buffer.append(message(2))
        app._some.set()
        await ended.wait()
        await app._idle.wait()
        await app._on_revoked(set())
    finally:
        drain.cancel()
    return told


def test_a_step_that_outlasts_a_rebalance_keeps_what_it_knows(monkeypatch):
    told = asyncio.run(rebalanced_while_it_works(monkeypatch))
    assert told == ["begins 1", "ends 1", "forgotten", "begins 2", "ends 2", "forgotten"]
