"""What can go wrong in the cluster: each kind hurts it while a stream of events goes through, and says what was sent.

A kind starts the services itself, and returns the packs in the order in which they are in the log: at the end, the
cluster must have published what the embedded worker says of them. `LONG`: the times of the long form.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from services.log.kafka import EVENTS, OBSERVATIONS, STATE
from tests.cluster import Cluster, kill
from tests.harness import packed, school
from tests.patience import PATIENCE

BEGIN = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
LONG = os.environ.get("PREWARN_FAULTS") == "long"
Packs = list[list[dict]]
Kind = Callable[[Cluster, random.Random], Packs]
KINDS: dict[str, Kind] = {}


def kind(function: Kind) -> Kind:
    KINDS[function.__name__.replace("_", "-")] = function
    return function


def stream(rng: random.Random, count: int = 200, days: int = 28) -> Packs:
    return packed(school(rng, count, BEGIN, timedelta(days=days)), rng, 5)


def parts(packs: Packs, count: int) -> list[Packs]:
    size = -(-len(packs) // count)
    return [packs[n : n + size] for n in range(0, len(packs), size)]


def until(condition: Callable[[], bool], within: float = PATIENCE, said: Callable[[], object] = lambda: "") -> None:
    """Waits until it holds; what `said` says then is told where it never does."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, said()
        time.sleep(0.05)


def routed(cluster: Cluster, more_than: int = 0) -> Callable[[], bool]:
    return lambda: sum(cluster.ends(OBSERVATIONS).values()) > more_than


def dies_at(cluster: Cluster, packs: Packs, *points: str) -> None:
    """Evaluate is killed at each point in turn, the first time it comes there; then one lives."""
    for part, point in zip(parts(packs, len(points) + 1), (*points, ""), strict=True):
        victim = cluster.start("evaluate", die_at=point)
        cluster.append(part)
        if point:
            assert victim.wait(PATIENCE) == -signal.SIGKILL, cluster.said()


def ended(process: subprocess.Popen[bytes], within: float) -> int | None:
    with suppress(subprocess.TimeoutExpired):
        return process.wait(within)
    return None


@kind
def evaluate_killed_after_publishing(cluster, rng):
    packs = stream(rng)
    cluster.start("route")
    dies_at(cluster, packs, "published", "published")
    return packs


@kind
def evaluate_killed_before_the_commit(cluster, rng):
    packs = stream(rng)
    cluster.start("route")
    dies_at(cluster, packs, "written", "written")
    return packs


@kind
def evaluate_killed_before_the_commit_and_nothing_follows(cluster, rng):
    packs = stream(rng, 40)
    cluster.start("route")
    cluster.append(packs)
    until(routed(cluster, 20), said=cluster.said)
    # The last one has nothing to evaluate, but to commit what those before it have written.
    while (went := ended(cluster.start("evaluate", die_at="written"), 20)) is not None:
        assert went == -signal.SIGKILL, cluster.said()
    return packs


@kind
def evaluate_killed_in_recovery_and_at_random(cluster, rng):
    packs = stream(rng)
    cluster.start("route")
    for part in parts(packs, 5 if LONG else 3):
        victim = cluster.start("evaluate")
        cluster.append(part)
        time.sleep(rng.uniform(1, 12))
        kill(victim)
    cluster.start("evaluate")
    return packs


@kind
def route_killed(cluster, rng):
    packs = stream(rng)
    cluster.start("evaluate")
    first, rest = parts(packs, 2)
    victim, before = cluster.start("route"), sum(cluster.ends(OBSERVATIONS).values())
    cluster.append(first)
    until(routed(cluster, before + rng.randrange(10)), said=cluster.said)
    kill(victim)
    cluster.append(rest)
    cluster.start("route")
    return packs


@kind
def broker_killed(cluster, rng):
    packs = stream(rng)
    first, rest = parts(packs, 2)
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(first)
    until(routed(cluster), said=cluster.said)
    cluster.broker.kill()
    cluster.broker.start()
    cluster.append(rest)
    return packs


@kind
def broker_stopped_and_away(cluster, rng):
    packs = stream(rng)
    first, rest = parts(packs, 2)
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(first)
    until(routed(cluster), said=cluster.said)
    cluster.broker.stop()
    time.sleep(60 if LONG else 6)
    cluster.broker.start()
    cluster.append(rest)
    return packs


@kind
def broker_frozen(cluster, rng):
    packs = stream(rng)
    first, rest = parts(packs, 2)
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(first)
    until(routed(cluster), said=cluster.said)
    cluster.broker.signal(signal.SIGSTOP)
    try:
        time.sleep(60 if LONG else 8)
    finally:
        cluster.broker.signal(signal.SIGCONT)
    cluster.append(rest)
    return packs


@kind
def workers_one_three_one_and_one_frozen(cluster, rng):
    packs = stream(rng)
    cluster.start("route")
    cluster.start("evaluate")
    one, two, three = parts(packs, 3)
    cluster.append(one)
    until(lambda: bool(cluster.committed("evaluate", OBSERVATIONS)), said=cluster.said)
    cluster.start("evaluate"), cluster.start("evaluate")
    until(lambda: all("Worker ready" in log.read_text() for log in cluster.folder.glob("evaluate-*.log")))
    cluster.append(two)
    cluster.wait_until_done()
    cluster.supervise()
    first, second, *_ = cluster.alive("evaluate")
    os.kill(second.pid, signal.SIGSTOP)
    kill(first)
    cluster.append(three)
    cluster.wait_until_done()
    os.kill(second.pid, signal.SIGCONT)
    assert second.wait(PATIENCE) == 75, cluster.said()  # it noticed, and ended before it sent anything
    assert cluster.alive("evaluate")
    return packs


@kind
def ten_restarts(cluster, rng):
    packs = stream(rng)
    cluster.start("route")
    for part in parts(packs, 10 if LONG else 3):
        worker = cluster.start("evaluate")
        cluster.append(part)
        cluster.wait_until_done()
        worker.send_signal(rng.choice((signal.SIGTERM, signal.SIGKILL)))
        worker.wait(PATIENCE)
    cluster.start("evaluate")
    return packs


@kind
def everything_one_to_five_times(cluster, rng):
    packs = [pack for pack in stream(rng) for _ in range(rng.randint(1, 5))]
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(packs)
    return packs


@kind
def shuffled_within_the_lateness(cluster, rng):
    packs = stream(rng)
    rng.shuffle(packs)
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(packs)
    return packs


@kind
def shuffled_beyond_the_lateness(cluster, rng):
    packs = stream(rng, days=100)
    rng.shuffle(packs)
    cluster.start("route"), cluster.start("evaluate")
    cluster.append(packs)
    return packs


@kind
def poison(cluster, rng):
    packs = stream(rng, 60)
    wide = '[{"type": "attendance", "data": {' + ", ".join(f'"f{n}": {n}' for n in range(300)) + "}}]"
    bad = [
        b"nonsense", b"[1, null]", None, wide.encode(), b'[{"type": "attendance", "data": NaN}]', b"x" * 900_000,
        b"[" * 3000 + b"]" * 3000,
    ]  # fmt: skip
    _, evaluate = cluster.start("route"), cluster.start("evaluate")
    send = cluster.publisher._connected().send
    for n, pack in enumerate(packs):
        if n < len(bad):
            send(cluster.prefix + EVENTS, bad[n], key=b"k").get(10)
        if n == len(packs) // 2:  # it must read its changelog anew, which has what it has not written
            for key, value in ((b"no slash", b"x"), (b"p/0/0/0", b"x"), (b"p/x/0", b"x"), (b"meta/x", b"x")):
                send(cluster.prefix + STATE, value, key=key, partition=0).get(10)
            kill(evaluate)
            cluster.start("evaluate")
        cluster.append([pack])
    return packs
