"""The student's page and my classes, of a student with many records and a large class: milliseconds, median and worst.

    python tests/benchmarks/student_page.py [--records 5000] [--class 200] [--repeat 15] [--postgres URL] [--json]

Half of the records are attendance, half tests, over 20 weeks, a tenth of each not as it should be; the class has 25
lessons in this week, each with a record of each student, and a tenth of the students has a warning. Pages are asked
for in this process, without a network, as the class tutor. With --postgres the same records are read from there, too,
as a cluster does; the prefix `benchmark.` is emptied before and behind.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

from services.ingest.phone.phone import Phone
from services.log.postgres_records import PostgresRecords, address_of
from services.log.records import Record, Said, Told
from services.messages import CampusEvent, to_ms
from services.notify.testing import change
from tests.faults.running import write_table
from tests.unit.log.test_postgres_erasure import NoKafka
from tests.unit.web.phone.conftest import EIGHT, School, directory

PREFIX = "benchmark."
LESSONS = 25


def record(kind: str, key: str, group: str, at: datetime, data: dict[str, Any]) -> Record:
    """As ingest keeps it, said by one source, and counting."""
    event = CampusEvent(source="sis", id=f"{kind}/{key}", kind=kind, time=at, data=data)
    told = Told(event, counts=True)
    return Record(kind, key, group, data.get("student"), data.get("lesson"), to_ms(at), [Said(event, 0, True)], told)


def lesson(name: str, at: datetime) -> Record:
    data = {"lesson": name, "class": "c1", "course": "math", "teacher": "teacher", "status": "planned", "hours": 2}
    times = {"starts_at": at.isoformat(), "ends_at": (at + timedelta(minutes=90)).isoformat()}
    return record("lesson", name, f"lesson/{name}", at, data | times | {"sections": "1-2"})


def of_one(count: int, student: str) -> Iterator[Record]:
    """One student's."""
    step = timedelta(weeks=19) / (count // 2)
    for n in range(count // 2):
        at, name, odd = EIGHT - n * step - timedelta(hours=1), f"own-{n}", n % 10 == 0
        about = {"lesson": name, "course": "math", "class": "c1", "student": student}
        yield lesson(name, at)
        status = "absent" if odd else "present"
        yield record("attendance", f"{name}/{student}", f"lesson/{name}", at, {**about, "status": status, "hours": 2})
        score = {"test": name, "score": 40 if odd else 80, "max_score": 100, "attempt": 1, "status": "graded"}
        yield record("test", f"{name}/{student}/1", f"test/{name}/{student}", at, about | score)


def of_week(students: list[str]) -> Iterator[Record]:
    """A week of the class."""
    for n in range(LESSONS):
        at, name = EIGHT + timedelta(days=n // 5, minutes=100 * (n % 5)), f"week-{n}"
        yield lesson(name, at)
        for nth, student in enumerate(students):
            status = "absent" if (n + nth) % 10 == 0 else "present"
            data = {"lesson": name, "course": "math", "class": "c1", "student": student, "status": status}
            yield record("attendance", f"{name}/{student}", f"lesson/{name}", at, data)


def timed(ask: Callable[[], object], repeat: int) -> dict[str, float]:
    """Milliseconds."""
    ask()
    found = []
    for _ in range(repeat):
        start = time.perf_counter()
        ask()
        found.append(1000 * (time.perf_counter() - start))
    return {"median": round(statistics.median(found), 1), "worst": round(max(found), 1)}


def measure(records: int, size: int, repeat: int, postgres: str | None) -> dict[str, Any]:
    students = [f"s{n:03}" for n in range(size)]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        directory(home / "directory")
        write_table(home / "directory", "students.csv", "id,name,class", [(one, f"N {one}", "c1") for one in students])
        (home / "directory" / "exemptions.csv").unlink()
        school = School(home)
        every = [*of_one(records, students[0]), *of_week(students)]
        try:
            with school.embedded._said.transaction() as commit:
                commit.records.save(every, [])
            school.embedded.notify.take_in([change(subject=one) for one in students[::10]], 1)
            school.later(days=4)
            tutor, phone = school.at("tutor"), school.embedded.phone
            page = tutor.get(f"/students/{students[0]}")
            assert page.status_code == 200, page.status_code
            assert page.text.count("<time>") >= 20
            found["page"] = {**timed(lambda: tutor.get(f"/students/{students[0]}"), repeat), "bytes": len(page.content)}
            week = tutor.get("/classes")
            assert week.text.count("<tr>") == size + 2
            found["classes"] = {**timed(lambda: tutor.get("/classes"), repeat), "bytes": len(week.content)}
            between = EIGHT - timedelta(weeks=19), EIGHT + timedelta(days=7)
            found["history"] = timed(lambda: phone.history(students[0], between), repeat)
            if postgres is not None:
                found |= over_postgres(postgres, school, every, students[0], between, repeat)
        finally:
            school.embedded.stop()
    return found


def over_postgres(
    url: str, school: School, every: list[Record], student: str, between: tuple[datetime, datetime], repeat: int
) -> dict[str, Any]:
    """The same, read as a cluster reads it."""
    empty(url)
    store, ours = PostgresRecords(address_of(url), PREFIX, NoKafka()), school.embedded
    try:
        with store.transaction() as commit:
            commit.records.save(every, [])
        phone = Phone(store, ours.phone.keys, ours.files, ours.intake, ours.log_time)
        this_week = EIGHT, EIGHT + timedelta(days=7)
        return {
            "history, postgres": timed(lambda: phone.history(student, between), repeat),
            "class week, postgres": timed(lambda: phone.class_week("c1", this_week), repeat),
        }
    finally:
        store.close()
        empty(url)


def empty(url: str) -> None:
    with psycopg.connect(**address_of(url), autocommit=True) as db:
        if db.execute("select to_regclass('ingest_record')").fetchone() != (None,):
            db.execute("delete from ingest_record where log = %s", (PREFIX,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--class", dest="size", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--postgres")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.records, given.size, given.repeat, given.postgres)
    lines = [f"{datetime.now(UTC):%Y-%m-%d}: {given.records} records of one student, a class of {given.size}"]
    lines += [f"{name}: {', '.join(f'{key} {value}' for key, value in each.items())}" for name, each in found.items()]
    sys.stdout.write(json.dumps(found) if given.json else "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
