"""How soon 200 open pages hear of a warning, and have fetched themselves, in both modes; memory and threads beside.

    python tests/benchmarks/live.py [--pages 200] [--times 5] [--mode one|kafka|both] [--json]

Each page is a stream over a connection of its own, of a person of its own. A teacher marks two of twelve absent, which
makes a warning that all of these people may see. Counted is from the save, and from when the warning is in the store,
until the page's stream says that something has changed; and until the page has fetched itself. With Kafka that is a
broker, PostgreSQL, a process for each service, and two that serve pages, each with half of the streams.
"""

import asyncio
import statistics
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.notify.store.engine import Store
from services.notify.store.intake import CHUNKS, positions
from services.web.visitor import SESSION
from tests.acceptance.modes import OnKafka
from tests.acceptance.timetable import TERM
from tests.benchmarks.both_modes import asked, played, tell
from tests.benchmarks.tap_to_inbox import lessons, story
from tests.faults.running import free_port
from tests.signing_in import begin_session

WAITED = 60.0


class Page:
    """One open inbox: hears, and fetches itself."""

    def __init__(self, address, person, token):
        self.where, self.person, self.token = urlsplit(address), person, token
        self.heard, self.fetched = [], []

    async def ask(self, path):
        reader, writer = await asyncio.open_connection(self.where.hostname, self.where.port)
        host, cookie = self.where.netloc, f"{SESSION}={self.token}"
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nprewarn-by-itself: 1\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        return head, reader, writer

    async def listen(self):
        _, reader, writer = await self.ask("/live")
        try:
            while line := await reader.readline():
                if line.startswith(b"id:"):
                    self.heard.append(time.monotonic())
                    if len(self.heard) > 1:
                        await self.fetch()
        finally:
            writer.close()

    async def fetch(self):
        head, reader, writer = await self.ask(f"/inbox/{self.person}")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        writer.close()
        self.fetched.append(time.monotonic())


def more_tutors(playing, count):
    """So many people beside her have what the tutor of the class has."""
    for name, row in (("people", "w{0},老师{0},,zh\n"), ("roles", "class_tutor,w{0},class,k2,,\n")):
        with (playing.people / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.writelines(row.format(n) for n in range(count))


def figures(process):
    """(resident megabytes, threads) of a process."""
    said = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return round(int(said["VmRSS"].split()[0]) / 1024), int(said["Threads"])


def in_store(store, known):
    """When a take-in has been committed that was not known."""
    end = time.monotonic() + WAITED
    while time.monotonic() < end:
        with store.reading() as connection:
            if positions(connection).get(CHUNKS, 0) > known:
                return time.monotonic()
        time.sleep(0.005)
    raise SystemExit(f"nothing taken in within {WAITED} s")


async def play(playing, pages, times, store):
    listening = [asyncio.create_task(page.listen()) for page in pages]
    await until(lambda: all(len(page.heard) == 1 for page in pages))
    found = {"from save": [], "from store": [], "fetched": []}
    for n in range(times):
        await asyncio.sleep(1.5)
        with store.reading() as connection:
            known = positions(connection).get(CHUNKS, 0)
        before = [len(page.heard) for page in pages]
        arrived = []
        watching = threading.Thread(target=lambda: arrived.append(in_store(store, known)))  # noqa: B023 - joined below
        watching.start()
        await asyncio.to_thread(playing.call_roll, "dai", f"g{n}", {"t1": "absent", "t2": "absent"})
        saved = time.monotonic()
        await until(lambda: all(len(page.heard) > was for page, was in zip(pages, before, strict=True)))  # noqa: B023
        await until(lambda: all(len(page.fetched) >= was for page, was in zip(pages, before, strict=True)))  # noqa: B023
        watching.join()
        for page, was in zip(pages, before, strict=True):
            found["from save"].append(page.heard[was] - saved)
            found["from store"].append(page.heard[was] - arrived[0])
            found["fetched"].append(page.fetched[was - 1] - saved)
    for one in listening:
        one.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return {
        name: {"median": round(statistics.median(some), 2), "slowest": round(max(some), 2)}
        for name, some in found.items()
    }


async def until(holds):
    end = time.monotonic() + WAITED
    while not holds():
        if time.monotonic() > end:
            raise SystemExit(f"it did not come within {WAITED} s")
        await asyncio.sleep(0.01)


def measured(playing, count, times):
    more_tutors(playing, count)
    playing.prepare()
    playing.start()
    addresses, serving = [playing.pages], [playing.running[-1]]
    if isinstance(playing, OnKafka):
        port = free_port()
        settings = {"brokers": playing.cluster.broker.address, "topic_prefix": playing.cluster.prefix, "patience": 40}
        serving.append(
            playing.run(["run", "notify"], "notify2.log", port=port, database_url=playing.store_url, **settings)
        )
        addresses.append(f"http://127.0.0.1:{port}")
        playing.wait_for(addresses[-1])
    playing.send(lessons(times))
    playing.set_clock(TERM + timedelta(hours=8, minutes=12))
    store = Store(playing.store_url)
    playing.callback(store.close)
    pages = [
        Page(addresses[n % len(addresses)], f"w{n}", begin_session(store, f"w{n}", playing.now)) for n in range(count)
    ]
    before = [figures(one) for one in serving]
    found = asyncio.run(play(playing, pages, times, store))
    return found | {"megabytes, threads": {"before": before, "behind": [figures(one) for one in serving]}}


def line(found):
    return "".join(
        f"\n  {what}: {', '.join(f'{key} {value}' for key, value in said.items())}" for what, said in found.items()
    )


def main():
    given = asked(__doc__, pages=200, times=5)
    found = played(given.mode, story(given.times), "live.", lambda playing: measured(playing, given.pages, given.times))
    tell(found, line, as_json=given.json)


if __name__ == "__main__":
    main()
