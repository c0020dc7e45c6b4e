"""A rebalance in the middle of a step: what the step knows of its partitions stays until it is through."""

import asyncio
from types import SimpleNamespace

from services.rules.cluster.app import Job


def message(offset):
    return SimpleNamespace(message=SimpleNamespace(partition=0, offset=offset))


async def rebalanced_while_it_works(monkeypatch):
    """What happened, in its order, when partitions were given out anew while the first of two steps was at work."""
    job = Job("route", brokers=["127.0.0.1:9"], prefix="t.", source="t.campus.events", session=0.2, patience=10)
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

    monkeypatch.setattr(job, "_in_order", as_they_are)
    monkeypatch.setattr(job, "_commit", nothing)
    job.step, job.revoked = step, lambda: told.append("forgotten")
    drain = asyncio.create_task(job._drain())
    try:
        job._buffer.append(message(1))
        job._some.set()
        await at_work.wait()
        await job._on_revoked(set())  # waits for half the session time-out, and no longer
        may_end.set()
        await job._idle.wait()
        job._buffer.append(message(2))
        job._some.set()
        await ended.wait()
        await job._idle.wait()
        await job._on_revoked(set())
    finally:
        drain.cancel()
    return told


def test_a_step_that_outlasts_a_rebalance_keeps_what_it_knows(monkeypatch):
    told = asyncio.run(rebalanced_while_it_works(monkeypatch))
    assert told == ["begins 1", "ends 1", "forgotten", "begins 2", "ends 2", "forgotten"]
